# SPDX-License-Identifier: Apache-2.0
"""Code that a vendor's port wrote is recognised, left alone and reported: by suffix, by guard, by a
compat header.

Each target's port is made from what its target.toml says of the vendor's code and what its tables
call the names, so that every target of mappings/ takes part.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portkit.model.words import Kind
from portkit.targets.target import Target, available_targets, load_file, load_target
from specs import shortest_of

LEFT = "// what a port may leave in it is not for a rewrite\n"
KINDS = {"cudaMalloc": Kind.FUNCTION, "cudaFree": Kind.FUNCTION, "cudaStream_t": Kind.TYPE}


def spelled(target: Target, name: str, kind: Kind) -> str:
    """Return what a target calls a name of the runtime; "" where its tables do not say."""
    row = target.row(name, kind, "runtime")
    return row.target if row is not None else ""


def port(name: str) -> dict[str, str]:
    """Return the files of a port for a target, by path: the vendor's sources, a compat header with
    its user, and a branch for the vendor.
    """
    target, file = load_target(shortest_of(name)), load_file(name)
    names = {old: spelled(target, old, kind) for old, kind in KINDS.items()}
    header = spelled(target, "cuda_runtime.h", Kind.HEADER)
    include = f"#include <{header}>\n" if header else ""
    free = f"int release(void* p) {{ return {names['cudaFree'] or 'release_it'}(p); }}\n"
    left = f"{LEFT}int left(void* p) {{ return cudaFree(p); }}\n"
    made = {f"port{suffix}": include + free + left for suffix in file.suffixes}
    if file.vendor_macros:
        shared = "int shared(void* p) { return cudaFree(p); }\n"
        made["guarded.cpp"] = f"#ifdef {file.vendor_macros[0]}\n{include}{free}{shared}#endif\n"
    if defines := "".join(f"#define {old} {new}\n" for old, new in names.items() if new):
        made["compat.h"] = f"#pragma once\n{include}{defines}"
        made["uses.cpp"] = '#include "compat.h"\nint take(void** p) { return cudaMalloc(p, 8); }\n'
    return made


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def contents(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes().decode() for p in files}


def report(portkit: Any, tree: Path, spec: str) -> dict[str, Any]:
    done = portkit("report", tree, "--to", spec, "--format", "json", "-j", "1")
    return {file["path"]: file for file in json.loads(done.stdout)["plans"][0]["files"]}


def test_a_port_has_all_sorts_of_files_and_its_own_names() -> None:
    files = port("musa")
    assert [*files] == ["port.mu", "port.muh", "guarded.cpp", "compat.h", "uses.cpp"]
    assert "#include <musa_runtime.h>" in files["port.mu"] and "musaFree(p)" in files["port.mu"]
    assert files["guarded.cpp"].startswith("#ifdef __MUSA__\n")
    assert "#define cudaStream_t musaStream_t\n" in files["compat.h"]


@pytest.mark.parametrize("vendor", available_targets())
def test_a_target_says_how_its_code_is_told(vendor: str) -> None:
    file = load_file(vendor)
    assert file.own_prefixes or file.own_patterns, "no compat header of this target is recognised"
    assert file.vendor_macros or file.suffixes, "no port to this target is recognised"


@pytest.mark.parametrize("vendor", available_targets())
def test_a_port_is_left_alone_and_reported(vendor: str, tmp_path: Path, portkit: Any) -> None:
    tree, spec = tmp_path / "tree", shortest_of(vendor)
    write(tree, port(vendor))
    portkit("migrate", tree, "--to", spec, "--out-dir", tmp_path / "out", "-j", "1")
    assert contents(tmp_path / "out") == port(vendor)
    files = report(portkit, tree, spec)
    assert files.keys() == port(vendor).keys()
    for path, file in files.items():
        assert {r["decision"] for r in file["references"]} <= {"keep"}, path
        reasons = {r["reason"] for r in file["references"]}
        if path.startswith(("port", "guarded")):
            assert reasons == {"vendor-code"}, path
        if path.startswith(("port", "compat", "guarded")):
            assert "PK907" in {f["rule"] for f in file["findings"]}, path


@pytest.mark.parametrize("vendor", available_targets())
def test_another_vendors_port_is_left_alone_too(vendor: str, tmp_path: Path, portkit: Any) -> None:
    tree = tmp_path / "tree"
    for other in available_targets():
        write(tree / other, port(other))
    spec = shortest_of(vendor)
    portkit("migrate", tree, "--to", spec, "--out-dir", tmp_path / "out", "-j", "1")
    assert contents(tmp_path / "out") == contents(tree)
