# SPDX-License-Identifier: Apache-2.0
"""The tool that rebuilds the tables, run on small headers of our own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary
from vocabulary_faults import vocabulary_faults

TOOL = Path(__file__).resolve().parents[2] / "tools" / "build_vocabulary.py"
NEW = """
typedef struct CUctx_st *CUcontext;
typedef unsigned long long CUdeviceptr;
typedef enum cudaError_enum { CUDA_SUCCESS = 0, CUDA_ERROR_NEW = 1 } CUresult;
typedef struct CUDA_COPY_st { int srcX; union { struct { int width; } plane; } res; int reserved; } CUDA_COPY;
#define cuMemAlloc cuMemAlloc_v2
#define CU_ABI 3
#define CU_MAX(a, b) ((a) > (b) ? (a) : (b))
CUresult cuMemAlloc_v2(CUdeviceptr *p, unsigned long n);
CUresult cuNew(int flags = 0, ...);
template <class T> CUresult cuTyped(T *p, int n = 1);
int _internal(void);
"""
OLD = """
typedef enum cudaError_enum { CUDA_SUCCESS = 0 } CUresult;
CUresult cuMemAlloc(unsigned *p, unsigned n);
CUresult cuGone(void);
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("build")
    headers, inventory, out = root / "headers", root / "inventory", root / "out"
    for release, text in (("13", NEW), ("11", OLD)):
        folder = headers / f"runtime-{release}"
        folder.mkdir(parents=True)
        (folder / "cuda.h").write_text(text, encoding="utf-8")
        (folder / "VERSION").write_text(f"{release}.0\n", encoding="utf-8")
        for top in ("thrust", "cub", "cuda", "nv"):
            (headers / f"cccl-{release}" / top).mkdir(parents=True)
        (headers / f"cccl-{release}" / "thrust" / "sort.h").write_text(
            "namespace thrust { inline namespace V_1 { template <class I> void sort(I, I); "
            "namespace detail { int x(); } } }",
            encoding="utf-8",
        )
    (headers / "cccl-12" / "thrust").mkdir(parents=True)
    for release in ("11", "12", "13"):
        (headers / f"cccl-{release}" / "VERSION").write_text(f"{release}.0\n", encoding="utf-8")
    inventory.mkdir()
    columns = "map,file,line,cuda,hip,roc,conv,api,sec,flags"
    row = "CUDA_DRIVER_TYPE_NAME_MAP,f,1,CU_LISTED,h,,CONV_NUMERIC_LITERAL,API_DRIVER,1,"
    (inventory / "hipify_rows.csv").write_text(f"{columns}\n{row}\n", encoding="utf-8")
    versions = {"CUDA_DRIVER_FUNCTION_VER_MAP": {"cuNew": ["CUDA_126", "CUDA_0", "CUDA_0"]}}
    (inventory / "hipify_versions.json").write_text(json.dumps(versions), encoding="utf-8")
    (out / "extra").mkdir(parents=True)
    (out / "extra" / "device.csv").write_text(
        "name,kind,qualifier,header,since,deprecated,removed,arity,flags,type\n__global__,builtin,,,,,,,,\n",
        encoding="utf-8",
    )
    (out / "vocabulary.toml").write_bytes(
        (mappings_folder() / "cuda" / "vocabulary.toml").read_bytes()
    )
    run(headers, inventory, out)
    return root


def run(headers: Path, inventory: Path, out: Path) -> None:
    command = [sys.executable, str(TOOL), str(headers), str(inventory), str(out)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert done.returncode == 0, done.stderr


def rows(root: Path, table: str = "driver") -> dict[tuple[str, str], dict[str, str]]:
    with (root / "out" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return {(r["name"], r["qualifier"]): r for r in csv.DictReader(file)}


def test_what_a_header_says(built: Path) -> None:
    found = rows(built)
    alias = found["cuMemAlloc", ""]  # renamed by a macro now, declared itself once
    assert (alias["kind"], alias["type"], alias["arity"], alias["removed"]) == (
        "function",
        "CUresult",
        "2",
        "",
    )
    assert (found["cuNew", ""]["arity"], found["cuNew", ""]["since"]) == ("0+", "12.6")
    assert (found["cuTyped", ""]["arity"], found["cuTyped", ""]["flags"]) == ("1-2", "template")
    assert found["cuTyped", ""]["since"] == "13.0"
    assert found["cuGone", ""]["removed"] == "13.0"
    assert found["CUcontext", ""]["type"] == "pointer"
    assert found["CUdeviceptr", ""]["type"] == "integer"
    assert found["CUresult", ""]["type"] == "enum"
    assert found["CUDA_SUCCESS", ""]["type"] == "cudaError_enum"
    assert (found["CU_MAX", ""]["kind"], found["CU_MAX", ""]["arity"]) == ("macro", "2")
    assert found["CU_ABI", ""]["kind"] == "macro"
    assert found["CU_LISTED", ""]["kind"] == "enumerator"
    assert found["cuda.h", ""]["kind"] == "header"


def test_fields_are_those_of_the_public_name(built: Path) -> None:
    found = rows(built)
    assert {name for name, qualifier in found if qualifier == "CUDA_COPY"} == {
        "srcX",
        "width",
        "plane",
        "res",
    }
    assert not any(qualifier == "CUDA_COPY_st" for _, qualifier in found)
    assert found["srcX", "CUDA_COPY"]["flags"] == "plain"


def test_internal_names_stay_out(built: Path) -> None:
    assert ("_internal", "") not in rows(built)
    assert {(name, space) for name, space in rows(built, "thrust") if space} == {("sort", "thrust")}


def test_the_result_loads_and_a_second_run_gives_the_same_bytes(built: Path) -> None:
    out = built / "out"
    assert Vocabulary(out).names and vocabulary_faults(out) == []
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    run(built / "headers", built / "inventory", out)
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()} == before
