# SPDX-License-Identifier: Apache-2.0
"""A saved scan stands in for reading the code, as long as the files are as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports_by_hand import shipped_schema

CODE = "#include <cuda_runtime.h>\nvoid f(void* p) { cudaFree(p); }\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.cu").write_text(CODE, encoding="utf-8")
    (folder / "b.cu").write_text(CODE.replace("Free", "FreeHost"), encoding="utf-8")
    return folder


@pytest.fixture
def saved(tree: Path, portkit: Any, tmp_path: Path) -> Path:
    portkit("scan", tree, "-o", tmp_path / "scan.json", "-j", "1")
    return tmp_path / "scan.json"


def test_the_document_fits_its_schema(saved: Path) -> None:
    jsonschema.validate(json.loads(saved.read_text(encoding="utf-8")), shipped_schema("scan"))


def test_later_commands_say_the_same(tree: Path, saved: Path, portkit: Any, tmp_path: Path) -> None:
    for command in ("report", "check"):
        arguments = (command, tree, "--to", "musa", "--format", "json", "--fail-on", "none")
        assert (
            portkit(*arguments, "--from-scan", saved).stdout
            == portkit(*arguments, "-j", "1").stdout
        )
    portkit("migrate", tree, "--to", "musa", "--from-scan", saved, "--out-dir", tmp_path / "out")
    assert "musaFreeHost" in (tmp_path / "out" / "b.cu").read_text(encoding="utf-8")


def test_without_paths_those_of_the_scan_hold(
    tree: Path, saved: Path, portkit: Any, tmp_path: Path
) -> None:
    part = tmp_path / "part.json"
    portkit("scan", tree / "src", "--root", tree, "-o", part, "-j", "1")
    document = json.loads(
        portkit(
            "report",
            "--to",
            "musa",
            "--format",
            "json",
            "--from-scan",
            part,
            "--root",
            tree,
            cwd=tree,
        ).stdout
    )
    assert [f["path"] for f in document["plans"][0]["files"]] == ["src/a.cu"]
    document = json.loads(
        portkit(
            "report",
            "src",
            "--root",
            ".",
            "--to",
            "musa",
            "--format",
            "json",
            "--from-scan",
            saved,
            cwd=tree,
        ).stdout
    )
    assert [f["path"] for f in document["plans"][0]["files"]] == ["src/a.cu"]


def test_files_that_are_other_than_scanned_are_named(tree: Path, saved: Path, portkit: Any) -> None:
    (tree / "b.cu").write_text(CODE, encoding="utf-8")
    (tree / "c.cu").write_text(CODE, encoding="utf-8")
    (tree / "src" / "a.cu").unlink()
    for command in ("report", "migrate", "check"):
        error = portkit(command, tree, "--to", "musa", "--from-scan", saved, code=2).stderr
        assert (
            "b.cu (changed), c.cu (added), src/a.cu (removed)" in error and error.count("\n") == 1
        )


def test_another_vocabulary_is_refused_and_another_version_is_said(
    tree: Path, saved: Path, portkit: Any
) -> None:
    document = json.loads(saved.read_text(encoding="utf-8"))
    document["tool"]["version"] = "0.0.1"
    saved.write_text(json.dumps(document), encoding="utf-8")
    assert (
        "made by portkit 0.0.1"
        in portkit("report", tree, "--to", "musa", "--from-scan", saved).stderr
    )
    document["tool"]["vocabulary"] = "9.0+0"
    saved.write_text(json.dumps(document), encoding="utf-8")
    assert (
        "another CUDA vocabulary (9.0+0"
        in portkit("report", tree, "--to", "musa", "--from-scan", saved, code=2).stderr
    )


def test_what_is_no_scan_or_of_another_place(
    tree: Path, saved: Path, portkit: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert (
        "none of its files is here"
        in portkit("report", other, "--to", "musa", "--from-scan", saved, code=2).stderr
    )
    assert (
        "not a portkit/scan/1"
        in portkit("report", tree, "--to", "musa", "--from-scan", tree / "b.cu", code=2).stderr
    )
    assert (
        "cannot read"
        in portkit("report", tree, "--to", "musa", "--from-scan", tmp_path / "none", code=2).stderr
    )
    portkit("scan", tree, "--from-scan", saved, code=2)
