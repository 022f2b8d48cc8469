# SPDX-License-Identifier: Apache-2.0
"""Whose a name is, where the letters say CUDA's: macro bodies, redeclarations, overloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.reading import FileScan
from portkit.model.words import Proof
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

CUDA = "#include <cuda_runtime.h>\n"


def scan(folder: Path, files: dict[str, str]) -> dict[str, FileScan]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1))
    return {f.path: f for f in tree.scan.files}


def owners(file: FileScan, name: str) -> list[str]:
    """Return whose each place of a name is, in the order of the file."""
    return ["own" if r.user else "cuda" for r in file.references if r.name == name]


@pytest.mark.parametrize(
    "own",
    [
        "struct Own { int cudaFree; }; Own own;\n#define GET(f) + own.f\nint f() { return 0 LIST(GET); }",
        "enum class Own { cudaFree };\n#define GET(f) + (int)Own::f\nint f() { return 0 LIST(GET); }",
        "namespace own { inline int cudaFree() { return 1; } }\n#define GET(f) + own::f()\n"
        "int f() { return 0 LIST(GET); }",
        "struct Own { int cudaFree(); int f(); };\n#define GET(f) + f()\nint Own::f() { return 0 LIST(GET); }",
        "#define MAKE(f) int f;\nstruct Own { LIST(MAKE) };\nint f(Own o) { return o.cudaFree; }",
        "struct Own { int cudaFree; };",  # a list that is never used
    ],
)
def test_a_list_over_the_projects_own_names(own: str, tmp_path: Path) -> None:
    file = scan(tmp_path, {"a.cpp": f"#define LIST(X) X(cudaFree)\n{own}\n"})["a.cpp"]
    assert set(owners(file, "cudaFree")) == {"own"}


def test_a_list_of_cudas_names_beside_a_member_of_the_same_name(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        {
            "a.cpp": CUDA + "struct Pool { void cudaFree(int); };\n#define FREE(p) cudaFree(p)\n"
            "void f(void *p) { FREE(p); }\n"
        },
    )["a.cpp"]
    assert owners(file, "cudaFree") == ["own", "cuda"]
    assert file.references[-1].proof is Proof.PROVED


def test_a_list_in_a_header_of_many_units_is_decided_by_those_that_were_read(
    tmp_path: Path,
) -> None:
    own = "struct Own { int cudaFree; };\n#define GET(f) + o.f\n"
    unit = f'#include "list.h"\n{own}int f%d(Own o) {{ return 0 LIST(GET); }}\n'
    files = {f"a{n}.cpp": unit % n for n in range(4)}
    read = scan(tmp_path, {"list.h": "#define LIST(X) X(cudaFree)\n", **files})
    assert owners(read["list.h"], "cudaFree") == ["own"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("struct CUevent_st;\nCUevent_st *e;\n", ["CUevent_st", "CUevent_st"]),
        ("struct H { struct CUgraph_st *g; };\n", ["CUgraph_st"]),
        (
            "enum cudaError : int;\ntypedef enum cudaError cudaError_t;\n",
            ["cudaError", "cudaError_t"],
        ),
        ("typedef struct ncclComm *ncclComm_t;\nncclComm_t c;\n", ["ncclComm", "ncclComm_t"]),
        ("typedef struct CUmod_st *CUmodule, *Other;\n", ["CUmod_st", "CUmodule"]),
        (
            'extern "C" enum cudaError cudaFree(void *);\nint i = cudaFree(0);\n',
            ["cudaError", "cudaFree"],
        ),
        (CUDA + "typedef int CUdevice;\nCUdevice d;\n", ["CUdevice"]),
    ],
)
def test_what_is_declared_and_nowhere_defined_is_cudas(
    text: str, names: list[str], tmp_path: Path
) -> None:
    file = scan(tmp_path, {"a.cpp": text})["a.cpp"]
    for name in names:
        assert set(owners(file, name)) == {"cuda"}, name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("struct CUevent_st { int n; };\nCUevent_st *e;\n", "CUevent_st"),
        ("struct CUevent_st;\nstruct CUevent_st { int n; };\n", "CUevent_st"),
        ("namespace own { struct cudaArray; cudaArray *a; }\n", "cudaArray"),
        ("typedef void *cudaStream_t;\ncudaStream_t s;\n", "cudaStream_t"),
        ("int cudaFree(int);\nint i = cudaFree(0);\n", "cudaFree"),
        (CUDA + "void cudaFree(float, int);\nvoid f() { cudaFree(1.f, 2); }\n", "cudaFree"),
    ],
)
def test_what_the_project_defines_or_means_otherwise_is_its_own(
    text: str, name: str, tmp_path: Path
) -> None:
    file = scan(tmp_path, {"a.cpp": text})["a.cpp"]
    assert set(owners(file, name)) == {"own"}


def test_a_definition_in_another_file_decides_for_all(tmp_path: Path) -> None:
    read = scan(
        tmp_path,
        {
            "fwd.h": "struct cudaArray;\n",
            "use.cpp": '#include "fwd.h"\ncudaArray *a;\n',
            "own.cpp": '#include "fwd.h"\nstruct cudaArray { int n; };\n',
        },
    )
    for file in read.values():
        assert set(owners(file, "cudaArray")) == {"own"}, file.path


def test_an_overload_for_some_architectures_hides_nothing_elsewhere(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        {
            "a.cu": CUDA + "#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 600\n#else\n"
            "__device__ double atomicAdd(double *p, double v) { return v; }\n#endif\n"
            "__global__ void k(double *p, int *i) { atomicAdd(p, 1.0); atomicAdd(i, 1); }\n"
            "#ifdef MORE\n__global__ void m(double *p) { atomicAdd(p, 1.0); }\n#endif\n"
        },
    )["a.cu"]
    assert owners(file, "atomicAdd") == ["own", "cuda", "cuda", "cuda"]


@pytest.mark.parametrize(
    ("header", "include"),
    [
        ("pkg/cccl/libcudacxx/cuda/std/detail/move.h", "<cuda/std/detail/move.h>"),
        ("deps/cub/cub/util_type.cuh", "<cub/util_type.cuh>"),
        ("src/thrust/detail/own.h", "<thrust/detail/own.h>"),
        ("include/cuda_runtime.h", "<cuda_runtime.h>"),
        ("deep/er/cuda_runtime.h", '"er/cuda_runtime.h"'),
    ],
)
def test_an_own_header_by_the_tail_of_its_path(header: str, include: str, tmp_path: Path) -> None:
    read = scan(tmp_path, {header: "#pragma once\n", "src/a.cu": f"#include {include}\n"})
    assert all(r.project for r in read["src/a.cu"].references)


def test_a_file_that_only_has_the_name_of_cudas_header_is_not_meant(tmp_path: Path) -> None:
    read = scan(tmp_path, {"compat/cuda.h": "\n", "src/a.cu": "#include <cuda.h>\n"})
    assert [r.project for r in read["src/a.cu"].references] == [False]


@pytest.mark.parametrize(
    "text",
    [
        "struct Real { using cudaStream_t = ::CUstream_st *; };\n",
        "namespace own { typedef struct CUstream_st *cudaStream_t; }\n",
        "template <class T> struct Real { typedef struct CUstream_st *cudaStream_t; };\n",
    ],
)
def test_an_alias_in_a_class_or_a_namespace_is_the_projects(text: str, tmp_path: Path) -> None:
    file = scan(tmp_path, {"a.cpp": CUDA + text})["a.cpp"]
    assert owners(file, "cudaStream_t") == ["own"]


def test_what_only_another_build_includes_means_nothing_here(tmp_path: Path) -> None:
    switch = '#ifdef USE_OTHER\n#include "other.h"\n#else\n#include <cuda_bf16.h>\n#endif\n'
    read = scan(
        tmp_path,
        {
            "other.h": "struct other_bf16 { short x; };\ntypedef other_bf16 nv_bfloat16;\n",
            "common.h": switch,
            "use.cu": '#include "common.h"\nnv_bfloat16 *values;\n',
        },
    )
    assert set(owners(read["use.cu"], "nv_bfloat16")) == {"cuda"}


def test_a_prototype_that_a_linker_takes_for_cudas(tmp_path: Path) -> None:
    files = {
        "plain.c": "extern int cudaSetDevice(int);\nint f(void) { return cudaSetDevice(0); }\n",
        "linked.cpp": 'extern "C" {\nint cudaGetDevice(int *);\n}\n'
        "int f(int *p) { return cudaGetDevice(p); }\n",
        "other.c": "int cudaFree(void *, int, int);\nint g(void *p) { return cudaFree(p, 1, 1); }\n",
        "kept.cpp": "int cudaHostAlloc(void *);\nint g(void *p) { return cudaHostAlloc(p); }\n",
        "device.c": "double erfcinv(double);\ndouble g(double x) { return erfcinv(x); }\n",
        "made.c": "int cuInit(unsigned);\nint h(void) { return cuInit(0); }\n",
        "stub.c": "int cuInit(unsigned flags) { return flags ? 1 : 0; }\n",
    }
    found = scan(tmp_path, files)
    assert owners(found["plain.c"], "cudaSetDevice") == ["cuda", "cuda"]
    assert owners(found["linked.cpp"], "cudaGetDevice") == ["cuda", "cuda"]
    # of other parameters, with a name for a linker that is C++'s, or defined in the tree
    assert owners(found["other.c"], "cudaFree") == ["own", "own"]
    assert owners(found["kept.cpp"], "cudaHostAlloc") == ["own", "own"]
    assert "cuda" not in owners(found["device.c"], "erfcinv")
    assert owners(found["made.c"], "cuInit") == ["own", "own"]


def test_a_macro_of_cudas_defined_where_cuda_has_not(tmp_path: Path) -> None:
    text = (
        f"{CUDA}#ifndef CUDART_CB\n#define CUDART_CB\n#endif\n"
        "#if !defined(CUDART_VERSION)\n# define CUDART_VERSION 0\n#endif\n"
        "void CUDART_CB f(void *);\n"
    )
    plain = "#ifndef CUDART_CB\n#define CUDART_CB\n#endif\nvoid CUDART_CB f(void *);\n"
    other = f"{CUDA}#ifdef USE_THIS\n#define CUDART_CB __stdcall\n#endif\n"
    found = scan(tmp_path, {"a.cu": text, "b.cpp": plain, "c.cu": other})
    assert owners(found["a.cu"], "CUDART_CB") == ["cuda", "cuda", "cuda"]
    assert owners(found["a.cu"], "CUDART_VERSION") == ["cuda", "cuda"]
    assert len(set(owners(found["b.cpp"], "CUDART_CB"))) == 1  # all of it moves, or none
    assert owners(found["c.cu"], "CUDART_CB") == ["own"]
