# SPDX-License-Identifier: Apache-2.0
"""`scan --why`: what the letters, Clang and the ladder said of a word, and what targets make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.languages.cxx.clang.libclang import load_clang

pytestmark = pytest.mark.skipif(load_clang() is None, reason="no libclang here")
SOURCE = """\
#include <cuda_runtime.h>
struct S { int cudaFree; };
void f(S *s, void *p) { cudaFree(p); s->cudaFree = 1; }
#ifdef NEVER
void g() { cudaMalloc(0, 1); }
#endif
#define F(p) cudaFree(p)
// cudaFree
"""
Run = Callable[..., Any]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(SOURCE)
    (folder / "b.cu").write_text('#include "a.cu"\n')
    (folder / "CMakeLists.txt").write_text("find_package(CUDA)\n")
    return folder


def said(portkit: Run, tree: Path, place: str, *more: str) -> list[str]:
    done = portkit("scan", tree, "--root", tree, "--why", f"{tree}/{place}", *more)
    return [str(line) for line in done.stdout.splitlines()]


def test_two_words_of_a_line(tree: Path, portkit: Run) -> None:
    lines = said(portkit, tree, "a.cu:3")
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads == ["a.cu:3:25 cudaFree", "a.cu:3:41 cudaFree"]
    first, second = lines[: lines.index(heads[1])], lines[lines.index(heads[1]) :]
    assert "  reference: function of runtime, context call, proved" in first
    assert any("member" in line and line.startswith("  letters") for line in second)
    assert "  reference: function of runtime, context member, the project's own" in second
    assert any(line.startswith("  ladder: _code: return self._reference(") for line in first)
    assert any("self._user(" in line for line in second)


@pytest.mark.parametrize(
    ("place", "clang", "context"),
    [("a.cu:5:12", "skipped", "inactive"), ("a.cu:7", "", "macro"), ("a.cu:1", "", "include")],
)
def test_other_contexts(place: str, clang: str, context: str, tree: Path, portkit: Run) -> None:
    lines = said(portkit, tree, place)
    assert [line for line in lines if f"context {context}," in line]
    if clang:
        assert [line for line in lines if line.endswith(f": {clang}") and "clang in" in line]


def test_what_targets_make_of_it(tree: Path, portkit: Run) -> None:
    lines = said(portkit, tree, "a.cu:3:25", "--to", "musa", "--to", "biren@gen1")
    assert any(line.startswith("  musa@mp_31: edit to musaFree: mapped; row") for line in lines)
    assert any(line.startswith("  biren@gen1: edit to ") for line in lines)
    assert not any(":41" in line for line in lines)


def test_places_without_a_word_and_other_languages(tree: Path, portkit: Run) -> None:
    assert said(portkit, tree, "a.cu:8") == ["a.cu:8: no word here may be CUDA's"]
    assert said(portkit, tree, "CMakeLists.txt:1") == [
        "CMakeLists.txt:1:14 CUDA",
        "  letters: cmake",
        "  reference: package of build, context build, likely",
    ]


@pytest.mark.parametrize("place", ["a.cu", "a.cu:0", "a.cu:99", "none.cu:1", "a.cu:x:1", ":3"])
def test_a_bad_place_is_one_line(place: str, tree: Path, portkit: Run) -> None:
    done = portkit("scan", tree, "--root", tree, "--why", f"{tree}/{place}", code=2)
    assert done.stderr.count("\n") == 1 and done.stdout == ""
