# SPDX-License-Identifier: Apache-2.0
"""What stands in for names that no file in sight declares, and what Clang proves beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.languages.cxx.clang.libclang import load_clang
from portkit.languages.cxx.clang.stand_ins import Unknown, stand_ins
from portkit.languages.cxx.letters.lexer import lex
from portkit.model.reading import FileScan
from portkit.model.words import Proof
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

needs_clang = pytest.mark.skipif(load_clang() is None, reason="libclang cannot be loaded here")


def declared(text: str, *names: str) -> list[str]:
    return stand_ins([lex(text.encode())], {Unknown(n) for n in names}).splitlines()


def scan(folder: Path, text: str) -> FileScan:
    (folder / "a.cu").write_text(text)
    return scan_paths([folder], ScanOptions(root=folder, jobs=1)).scan.files[0]


def proved(found: FileScan, name: str) -> list[bool]:
    return [r.proof is Proof.PROVED for r in found.references if r.name == name]


def test_a_name_in_capitals_is_a_number_of_its_own() -> None:
    first, second = declared("int f(int a) { return a * WIDTH + HEIGHT; }", "WIDTH", "HEIGHT")
    assert first.startswith("constexpr int HEIGHT = ")
    assert second.startswith("constexpr int WIDTH = ")
    assert first.rpartition("=")[2] != second.rpartition("=")[2]


@pytest.mark.parametrize("use", ["LOG.write(1)", "LOG->write(1)", "LOG[2]", "LOG . write(1)"])
def test_what_has_parts_is_no_number(use: str) -> None:
    assert declared(f"void f() {{ int a = {use}; }}", "LOG") == ["extern pk_any LOG;"]


def test_other_spellings_stay_what_they_were() -> None:
    assert declared("int f(int a) { return a * width; }", "width") == ["extern pk_any width;"]
    assert declared("void f() { RUN(1); }", "RUN") == ["pk_any RUN(...);"]


@needs_clang
def test_an_unknown_constant_bounds_an_array_and_a_case(tmp_path: Path) -> None:
    text = "void f(int k) { float *p[COUNT]; switch (k) { case ONE: cudaFree(p[0]); case TWO: cudaFree(p[1]); } }\n"
    assert proved(scan(tmp_path, text), "cudaFree") == [True, True]


@needs_clang
def test_overloads_on_two_status_types_are_both_read(tmp_path: Path) -> None:
    text = (
        "#include <cuda.h>\n#include <cublas_v2.h>\n"
        "const char *name(cudaError_t e) { switch (e) { case cudaSuccess: return 0; case "
        "cudaErrorInvalidValue: return 0; } return 0; }\n"
        "const char *name(CUresult e) { return e == CUDA_SUCCESS ? 0 : 0; }\n"
        "const char *name(cublasStatus_t e) { return e != CUBLAS_STATUS_SUCCESS ? name(cudaGetLastError()) : 0; }\n"
    )
    found = scan(tmp_path, text)
    assert len(found.references) == 10  # two of them headers
    assert all(r.proof is Proof.PROVED for r in found.references)


@needs_clang
def test_a_status_is_compared_where_its_type_is_never_named(tmp_path: Path) -> None:
    found = scan(
        tmp_path,
        "template <class T> void g(T t) {}\nvoid f(void *p) { if (cudaFree(p) != cudaSuccess) g(cudaFree(p)); }\n",
    )
    assert proved(found, "cudaFree") == [True, True]
    assert proved(found, "cudaSuccess") == [True]
