# SPDX-License-Identifier: Apache-2.0
"""A word that several of CUDA's scopes have is the one that Clang bound, or else the one in sight."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def entities(tmp_path: Path, portkit: Any) -> Any:
    """Return what reports a tree of texts and gives the full names of its references but headers."""

    def run(*extra: str, **texts: str) -> list[str]:
        for name, text in texts.items():
            (tmp_path / name.replace("_", ".")).write_text(text + "\n")
        line = "report", tmp_path, "--to", "musa", "--format", "json", "-j", "1", *extra
        files = json.loads(portkit(*line).stdout)["plans"][0]["files"]
        return [
            "::".join(filter(None, (r.get("qualifier"), r["name"])))
            for file in files
            for r in file["references"]
            if r["kind"] not in ("header", "builtin") and r["reason"] != "user-declared"
        ]

    return run


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "using namespace thrust;\nvoid f(int *p) { fill(p, p, 1); }",
            ["thrust", "thrust::fill"],
        ),
        (
            "using namespace ::thrust;\nvoid f(int *p) { count(p, p, 1); }",
            ["thrust", "thrust::count"],
        ),
        (
            "using\nnamespace thrust ;\nvoid f(host_vector<int> &v) { reduce(v.begin(), v.end()); }",
            ["thrust", "thrust::host_vector", "thrust::reduce"],
        ),
        (
            "using namespace cuda::std;\ntuple<int> f() { return make_tuple(1); }",
            ["cuda", "cuda::std", "cuda::std::tuple", "cuda::std::make_tuple"],
        ),
        (
            "void f() { using namespace cooperative_groups; plus<int> p; }",
            ["cooperative_groups", "cooperative_groups::plus"],
        ),
        (
            "namespace own { using thrust::complex;\ncomplex<float> f(complex<float> z); }",
            ["thrust", *["thrust::complex"] * 3],
        ),
        (
            "namespace t = thrust;\nvoid f(int *p) { t::copy(p, p, p); }",
            ["thrust", "thrust::copy"],
        ),
        (
            "using thrust::plus;\nplus<int> f();",
            ["thrust", "thrust::plus", "thrust::plus"],
        ),
    ],
)  # fmt: skip
def test_the_entity_that_clang_found(entities: Any, text: str, wanted: list[str]) -> None:
    head = "#include <thrust/copy.h>\n#include <cuda/std/tuple>\n#include <cooperative_groups.h>\n"
    assert [n for n in entities(a_cu=head + text) if n != "thrust" or "thrust" in wanted] == wanted


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("::cuda::std::plus<>", ["cuda", "cuda::std", "cuda::std::plus"]),
        ("const ::cuda::std::plus<>", ["cuda", "cuda::std", "cuda::std::plus"]),
        (":: cuda /* in */ ::std:: plus<>", ["cuda", "cuda::std", "cuda::std::plus"]),
        ("::cuda::maximum<>", ["cuda", "cuda::maximum"]),
        ("::thrust::plus<int>", ["thrust", "thrust::plus"]),
        ("decltype(::cooperative_groups::plus<int>{})",
         ["cooperative_groups", "cooperative_groups::plus"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rung", ["clang", "syntax"])
def test_a_leading_scope_changes_nothing(
    entities: Any, written: str, wanted: list[str], rung: str
) -> None:
    text = f"#include <cuda/functional>\ntemplate <class> struct U {{}};\nusing A = U<{written}>;"
    assert entities("--rung", rung, a_cu=text) == wanted


def test_what_a_file_of_plain_words_uses(entities: Any) -> None:
    """Only the directive says that Clang is to be asked."""
    text = "#include <thrust/sort.h>\nusing namespace thrust;\nvoid f(int *p) { sort(p, p); }"
    assert entities(a_cu=text) == ["thrust", "thrust::sort"]
    own = "namespace own { void sort(int *, int *); }\nusing namespace own;\n"
    assert entities(a_cu=own + "void f(int *p) { sort(p, p); }") == []


def test_a_name_of_two_used_namespaces_is_the_one_whose_header_is_there(entities: Any) -> None:
    text = "using namespace cub;\nusing namespace thrust;\nvoid f() { Equality e; plus<int> p; }"
    found = entities(a_cu="#include <thrust/functional.h>\n#include <cub/cub.cuh>\n" + text)
    assert found == ["cub", "thrust", "cub::Equality", "thrust::plus"]


def test_the_project_behind_a_namespace_of_its_own(entities: Any) -> None:
    """A namespace in front of a name that is no CUDA namespace is not passed over."""
    text = "namespace own { namespace thrust { int copy(int); } }\nint a = own::thrust::copy(1);"
    assert entities(a_cu="#include <cuda_runtime.h>\n" + text) == []


@pytest.mark.parametrize(
    ("used", "wanted"),
    [
        ("cub::BlockLoad<int, 1> l;", ["cub::BlockLoad"]),  # of what CUDA has, and the tree lacks
        ("::cub::DeviceReduce::Sum(0);", ["cub::DeviceReduce"]),
        ("cub::BlockScan<int> s;", []),  # the project's own
        ("cub::Mine m;", []),
    ],
)
def test_what_a_part_of_a_library_lacks_does_not_vanish(
    tmp_path: Path, entities: Any, used: str, wanted: list[str]
) -> None:
    (tmp_path / "cub").mkdir()
    text = "namespace cub { template <class> struct BlockScan {}; struct Mine {}; }\n"
    (tmp_path / "cub" / "scan.cuh").write_text(text)
    assert entities(a_cu=f'#include "cub/scan.cuh"\nvoid f() {{ {used} }}') == wanted
