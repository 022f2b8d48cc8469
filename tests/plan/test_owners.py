# SPDX-License-Identifier: Apache-2.0
"""One decision for one name in a tree: what the project defines for its linker, and what it
declares by hand, is renamed everywhere or nowhere.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from product import Product

STREAM = "struct CUstream_st;\ntypedef struct CUstream_st *cudaStream_t;\n"
USE = '#include "own.h"\n#include <cuda_runtime.h>\nint f(cudaStream_t s) { return cudaStreamQuery(s); }\n'


def report(portkit: Product, root: Path, files: dict[str, str], to: str) -> dict[str, Any]:
    """Return the plan of a tree of these files."""
    tree, output = root / "tree", root / "report.json"
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    options = ("--root", tree, "--no-cache", "-j", "1", "--format", "json", "-o", output)
    portkit("report", tree, "--to", to, *options)
    plan: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))["plans"][0]
    return plan


def decisions(plan: dict[str, Any], name: str) -> list[str]:
    return [
        f"{r['decision']}:{r['reason']}"
        for file in plan["files"]
        for r in file["references"]
        if r["name"] == name
    ]


def findings(plan: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [
        (f["args"]["name"], f["args"]["case"], f["blocking"])
        for file in plan["files"]
        for f in file["findings"]
        if f["rule"] == "PK909"
    ]


def test_a_type_that_is_declared_by_hand_moves_whole(tmp_path: Path, portkit: Product) -> None:
    plan = report(portkit, tmp_path, {"own.h": STREAM, "a.cu": USE}, "musa")
    assert decisions(plan, "CUstream_st") == ["edit:mapped"] * 2
    assert decisions(plan, "cudaStream_t") == ["edit:mapped"] * 2
    assert findings(plan) == []


@pytest.mark.parametrize("to", ["enflame"])
def test_where_its_tag_has_no_name_on_the_target_nothing_moves(
    to: str, tmp_path: Path, portkit: Product
) -> None:
    plan = report(portkit, tmp_path, {"own.h": STREAM, "a.cu": USE}, to)
    assert decisions(plan, "CUstream_st") == ["manual:two-owners"] * 2
    assert decisions(plan, "cudaStream_t") == ["manual:two-owners"] * 2
    assert decisions(plan, "cudaStreamQuery") == ["edit:mapped"]
    assert findings(plan) == [
        ("cudaStream_t", "part", True),
        ("CUstream_st", "alone", True),
        ("cudaStream_t", "part", True),
    ]
    assert plan["summary"]["blocking"] == 3


HOOK = "#include <cuda_runtime.h>\n{}cudaError_t cudaFree(void *p) {{ return cudaSuccess; }}\n"
CALL = "#include <cuda_runtime.h>\nint main() { void *p = 0; return cudaFree(p); }\n"


@pytest.mark.parametrize("linkage", ['extern "C" ', ""])
def test_what_a_hook_defines_is_not_renamed_where_it_is_called(
    linkage: str, tmp_path: Path, portkit: Product
) -> None:
    files = {"hook.cpp": HOOK.format(linkage), "main.cu": CALL}
    plan = report(portkit, tmp_path, files, "musa")
    assert decisions(plan, "cudaFree") == ["keep:user-declared", "manual:two-owners"]
    assert findings(plan) == [("cudaFree", "defined", True)]
    assert "hook.cpp" in plan["files"][1]["findings"][0]["message"]


@pytest.mark.parametrize(
    "own",
    [
        "static cudaError_t cudaFree(void *p, int n) { return cudaSuccess; }",
        "namespace mine { cudaError_t cudaFree(void *p) { return cudaSuccess; } }",
        "struct Pool { cudaError_t cudaFree(void *p) { return cudaSuccess; } };",
        "template <class T> cudaError_t cudaFree(T *p, int n) { return cudaSuccess; }",
        "inline cudaError_t cudaFree(void *p, float n) { return cudaSuccess; }",
        "cudaError_t cudaFree(void *p, int n, int m) { return cudaSuccess; }",
        "int f() { int cudaFree = 3; return cudaFree; }",
    ],
)
def test_a_name_for_one_file_or_scope_has_no_second_owner(
    own: str, tmp_path: Path, portkit: Product
) -> None:
    files = {"own.cu": f"#include <cuda_runtime.h>\n{own}\n", "main.cu": CALL}
    plan = report(portkit, tmp_path, files, "musa")
    assert "edit:mapped" in decisions(plan, "cudaFree")
    assert "manual:two-owners" not in decisions(plan, "cudaFree")
    assert findings(plan) == []


def test_another_program_of_the_tree_is_told_once_and_does_not_block(
    tmp_path: Path, portkit: Product
) -> None:
    hook = HOOK.format('extern "C" ')
    plan = report(portkit, tmp_path, {"hook/hook.cpp": hook, "app/main.cu": CALL}, "musa")
    assert decisions(plan, "cudaFree") == ["edit:mapped", "keep:user-declared"]
    (told,) = [f for f in plan["findings"] if f["rule"] == "PK909"]
    assert (told["args"]["case"], told["blocking"]) == ("apart", False)
    assert findings(plan) == []


def test_a_header_of_the_project_joins_what_lies_apart(tmp_path: Path, portkit: Product) -> None:
    hook, call = HOOK.format('extern "C" '), CALL
    files = {
        "own.h": "int level();\n",
        "hook/hook.cpp": f'#include "own.h"\n{hook}',
        "app/main.cu": f'#include "own.h"\n{call}',
    }
    plan = report(portkit, tmp_path, files, "musa")
    assert decisions(plan, "cudaFree") == ["manual:two-owners", "keep:user-declared"]


def test_a_copy_of_cudas_declarations_stays_one_world(tmp_path: Path, portkit: Product) -> None:
    files = {
        "dyn/dyn.h": "typedef enum { CUDA_SUCCESS = 0 } CUresult;\ntypedef struct CUctx_st *CUcontext;\n"
        "CUresult cuCtxSynchronize(void);\n",
        "dyn/dyn.c": '#include "dyn.h"\n#ifdef TALK\nCUresult talk(void) { return CUDA_SUCCESS; }\n#endif\n'
        "CUresult last(CUcontext c) { return cuCtxSynchronize(); }\n",
        "app/main.cu": "#include <cuda.h>\nCUresult g(CUcontext c) { return CUDA_SUCCESS; }\n",
    }
    plan = report(portkit, tmp_path, files, "musa")
    for name in ("CUDA_SUCCESS", "CUresult", "CUcontext", "CUctx_st", "cuCtxSynchronize"):
        told = decisions(plan, name)
        assert set(told) <= {"edit:mapped", "keep:user-declared"}, name
        assert told.count("edit:mapped") == (name in ("CUDA_SUCCESS", "CUresult", "CUcontext"))
    assert findings(plan) == []


def test_a_list_that_is_both_is_left_to_a_person(tmp_path: Path, portkit: Product) -> None:
    table = (
        "#include <cuda.h>\n#define CALLS(X) X(cuInit) X(cuCtxSynchronize)\n"
        "#define MEMBER(f) decltype(&f) f;\nstruct Table { CALLS(MEMBER) };\n"
        "int go(Table t) { return t.cuInit(0) + t.cuCtxSynchronize(); }\n"
    )
    plan = report(portkit, tmp_path, {"table.cpp": table}, "musa")
    assert decisions(plan, "cuInit") == ["manual:two-owners", "keep:user-declared"]
    assert ("cuInit", "uses", True) in findings(plan)


def test_a_macro_that_the_tree_defines_and_another_file_tests(
    tmp_path: Path, portkit: Product
) -> None:
    files = {
        "types.h": "#define __cuda_cuda_h__ 1\n#define CUDA_ROOM 4\n",
        "tell.h": "#ifdef __cuda_cuda_h__\nint tell();\n#endif\n",
        "a.cpp": '#include "types.h"\n#include "tell.h"\nint f() { return tell(); }\n',
        # a test beside CUDA's header, in a program of its own
        "b/b.cpp": "#include <cuda.h>\n#ifdef __cuda_cuda_h__\nint g();\n#endif\n",
    }
    plan = report(portkit, tmp_path, files, "enflame")
    told = decisions(plan, "__cuda_cuda_h__")
    assert told == ["edit:mapped", "manual:two-owners", "keep:user-declared"]
    assert findings(plan) == [("__cuda_cuda_h__", "defined", True)]
