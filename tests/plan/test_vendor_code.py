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


def counted(portkit: Any, tmp_path: Path, files: dict[str, str], to: str = "musa") -> Any:
    """Report on files; returns the first plan."""
    tree = tmp_path / "counted"
    tree.mkdir()
    for name, text in files.items():
        (tree / name).write_text(text)
    done = portkit("report", tree, "--to", to, "--format", "json", "-j", "1")
    return json.loads(done.stdout)["plans"][0]


def reasons(plan: Any, name: str) -> list[str]:
    """Return the reasons of the references to a name, in the order of the files."""
    return [r["reason"] for f in plan["files"] for r in f["references"] if r["name"] == name]


FREE = "void {0}(void *p) {{ cudaFree(p); }}\n"


@pytest.mark.parametrize(
    ("guard", "reason"),
    [
        ("#ifdef USE_ROCM", "other-vendor"),
        ("#if defined(__HIP__) || defined(__HIP_PLATFORM_AMD__)", "other-vendor"),
        ("#ifdef USE_MACA", "other-vendor"),
        ("#ifdef USE_MUSA", "vendor-code"),
        ("#if defined(USE_MUSA) || defined(USE_ROCM)", "vendor-code"),
        ("#if defined(USE_ROCM) && defined(FAST)", "other-vendor"),
        ("#if defined(USE_ROCM) || defined(FAST)", "mapped"),
        ("#ifndef USE_ROCM", "mapped"),
    ],
)
def test_whose_a_branch_is(portkit: Any, tmp_path: Path, guard: str, reason: str) -> None:
    code = f"#include <cuda_runtime.h>\n{guard}\n{FREE.format('f')}#endif\n"
    plan = counted(portkit, tmp_path, {"a.cu": code})
    assert reasons(plan, "cudaFree") == [reason]


def test_a_branch_of_another_vendor_is_neither_ready_nor_work(portkit: Any, tmp_path: Path) -> None:
    theirs = "#ifdef USE_ROCM\n" + "".join(FREE.format(f"f{n}") for n in range(9)) + "#endif\n"
    code = f"#include <cuda_runtime.h>\n{theirs}int g() {{ return cudaNoSuchThing(); }}\n"
    summary = counted(portkit, tmp_path, {"a.cu": code})["summary"]
    # of the include, which is ready, and the name that is not
    assert (summary["readiness"], summary["references"]) == (50.0, 11)
    own = code.replace("USE_ROCM", "USE_MUSA")
    (tmp_path / "counted" / "a.cu").unlink()
    (tmp_path / "counted").rmdir()
    assert counted(portkit, tmp_path, {"a.cu": own})["summary"]["readiness"] == 90.9


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("a.cu", "#include <hip/hip_runtime.h>\n", "other-vendor"),
        ("a.h", "#pragma once\n#include <rocblas/rocblas.h>\n", "other-vendor"),
        ("a.hip", "#include <stdio.h>\n", "other-vendor"),
        ("a.cu", "#include <cuda_runtime.h>\n#include <hip/hip_runtime.h>\n", "mapped"),
        (
            "a.cu",
            "#ifdef USE_ROCM\n#include <hip/hip_runtime.h>\n#endif\n#include <cuda_runtime.h>\n",
            "mapped",
        ),
        ("a.cu", "#if 0\n#include <hip/hip_runtime.h>\n#endif\n", "mapped"),
        ("a.cu", '#include "ship/hip_runtime.h"\n', "mapped"),
    ],
)
def test_whose_a_file_is(portkit: Any, tmp_path: Path, name: str, head: str, reason: str) -> None:
    plan = counted(portkit, tmp_path, {name: head + FREE.format("f") + FREE.format("g")})
    assert reasons(plan, "cudaFree") == [reason] * 2
    said = [
        f["args"]["case"]
        for file in plan["files"]
        for f in file["findings"]
        if f["rule"] == "PK907"
    ]
    assert said == (["other-file"] if reason == "other-vendor" else [])


@pytest.mark.parametrize(
    ("macro", "reason"),
    [
        ("#define cudaMode musaMemcpyHostToDevice", "mapped"),  # the project's own name
        ("#define checked_cudaFree(p) musaFree(p)", "mapped"),
        ("#define cudaFreed musaFree\n#define cudaFreeing musaFree", "mapped"),
        ("#define cudaMalloc musaMallocManaged", "mapped"),  # not what it becomes
        ("#define cudaMalloc musaMalloc", "vendor-code"),  # a compat header
    ],
)
def test_one_macro_makes_no_file_a_port(
    portkit: Any, tmp_path: Path, macro: str, reason: str
) -> None:
    code = f"#include <cuda_runtime.h>\n{macro}\n{FREE.format('f')}"
    plan = counted(portkit, tmp_path, {"a.h": code})
    assert reasons(plan, "cudaFree") == [reason]


def test_a_migrated_file_is_read_afterwards(portkit: Any, tmp_path: Path) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    (tree / "a.cu").write_text(
        "#include <cuda_runtime.h>\n#define cudaWay cudaMemcpyHostToDevice\n"
        "#define cudaGone(p) cudaFree(p)\n"
    )
    portkit("migrate", tree, "--to", "musa", "--out-dir", out, "-j", "1")
    assert "#define cudaWay musaMemcpyHostToDevice" in (out / "a.cu").read_text()
    with (out / "a.cu").open("a") as file:
        file.write(FREE.format("later"))
    done = portkit("report", out, "--to", "musa", "--format", "json", "-j", "1")
    assert reasons(json.loads(done.stdout)["plans"][0], "cudaFree") == ["mapped"]
