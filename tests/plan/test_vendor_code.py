# SPDX-License-Identifier: Apache-2.0
"""Code that a vendor's port wrote is recognised, left alone and reported: by suffix, by guard, by a
compat header.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "vendor"
TARGETS = {"musa": "musa", "maca": "maca", "biren": "biren@gen1", "enflame": "enflame"}
SUFFIXES = {
    "musa": {".mu", ".muh"},
    "maca": {".maca"},
    "biren": {".su", ".suh"},
    "enflame": {".tops"},
}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def report(portkit: Any, tree: Path, spec: str) -> dict[str, Any]:
    document = json.loads(
        portkit("report", tree, "--to", spec, "--format", "json", "-j", "1").stdout
    )
    return {file["path"]: file for file in document["plans"][0]["files"]}


@pytest.mark.parametrize("vendor", sorted(TARGETS))
def test_a_port_is_left_alone_and_reported(
    vendor: str, tmp_path: Path, portkit: Any, copy_tree: Any
) -> None:
    tree = copy_tree(FIXTURES / vendor, tmp_path / "tree")
    portkit("migrate", tree, "--to", TARGETS[vendor], "--out-dir", tmp_path / "out", "-j", "1")
    assert contents(tmp_path / "out") == contents(FIXTURES / vendor)
    files = report(portkit, tree, TARGETS[vendor])
    assert {Path(path).suffix for path in files if path.startswith("port")} == SUFFIXES[vendor]
    for path, file in files.items():
        assert {r["decision"] for r in file["references"]} <= {"keep"}, path
        reasons = {r["reason"] for r in file["references"]}
        if path.startswith(("port", "guarded")):
            assert reasons == {"vendor-code"}, path
        if path.startswith(("port", "compat", "guarded")):
            assert "PK907" in {f["rule"] for f in file["findings"]}, path


@pytest.mark.parametrize("vendor", sorted(TARGETS))
def test_another_vendors_port_is_left_alone_too(
    vendor: str, tmp_path: Path, portkit: Any, copy_tree: Any
) -> None:
    tree = tmp_path / "tree"
    for other in TARGETS:
        copy_tree(FIXTURES / other, tree / other)
    portkit("migrate", tree, "--to", TARGETS[vendor], "--out-dir", tmp_path / "out", "-j", "1")
    assert contents(tmp_path / "out") == contents(tree)
