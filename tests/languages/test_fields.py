# SPDX-License-Identifier: Apache-2.0
"""Fields belong to a class: Clang says to which, and rows of fields are asked for with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HEAD = "#include <cuda_runtime.h>\n"


@pytest.fixture
def fields(tmp_path: Path, portkit: Any) -> Any:
    """Return what reports a text and gives (qualifier, name, decision, reason, replacement) of each
    field.
    """

    def run(text: str, to: str = "enflame", name: str = "a.cpp") -> list[tuple[str, ...]]:
        (tmp_path / name).write_text(HEAD + text + "\n")
        done = portkit("report", tmp_path / name, "--to", to, "--format", "json", "-j", "1")
        (file,) = json.loads(done.stdout)["plans"][0]["files"]
        return [
            (
                r.get("qualifier", ""),
                r["name"],
                r["decision"],
                r["reason"],
                r.get("replacement", ""),
            )
            for r in file["references"]
            if r["context"] == "member" or r["kind"] == "field"
        ]

    return run


POINTER = ("cudaPointerAttributes", "hostPointer", "edit", "mapped", "host_pointer")
TYPE = ("cudaPointerAttributes", "type", "edit", "mapped", "memoryType")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("void *f(cudaPointerAttributes a) { return a.hostPointer; }", POINTER),
        ("void *f(cudaPointerAttributes *a) { return a->hostPointer; }", POINTER),
        ("void *f(cudaPointerAttributes a[2]) { return a[1].hostPointer; }", POINTER),
        (
            "struct W { cudaPointerAttributes a; };\nvoid *f(W w) { return w.a.hostPointer; }",
            POINTER,
        ),
        ("struct D : cudaPointerAttributes {};\nvoid *f(D d) { return d.hostPointer; }", POINTER),
        ("cudaPointerAttributes a; auto &b = a;\nvoid *f() { return b.hostPointer; }", POINTER),
        ("int f(const cudaPointerAttributes &a) { return a.type; }", TYPE),
        ("int f(cudaPointerAttributes *a) { return a->type; }", TYPE),
        (
            "int f(const cudaDeviceProp &p) { return p.warpSize; }",
            ("cudaDeviceProp", "warpSize", "manual", "no-equivalent", ""),
        ),
        (
            "int f(const cudaDeviceProp &p) { return p.major; }",
            ("cudaDeviceProp", "major", "keep", "same-spelling", ""),
        ),
        (
            "auto f(const cudaFuncAttributes &a) { return a.numRegs; }",
            ("cudaFuncAttributes", "numRegs", "manual", "row-manual", ""),
        ),
        (
            "int f(const cudaFuncAttributes &a) { return a.clusterDimMustBeSet; }",
            ("cudaFuncAttributes", "clusterDimMustBeSet", "manual", "no-equivalent", ""),
        ),
    ],
)
def test_a_field_is_looked_up_in_its_class(fields: Any, text: str, wanted: tuple[str, ...]) -> None:
    assert fields(text) == [wanted]


def test_two_structs_with_one_word_are_told_apart(fields: Any) -> None:
    text = (
        "int f(const cudaDeviceProp &p, const cudaFuncAttributes &a) "
        "{ return p.maxThreadsPerBlock + a.maxThreadsPerBlock; }"
    )
    found = fields(text)
    assert [f[:4] for f in found] == [
        ("cudaDeviceProp", "maxThreadsPerBlock", "keep", "same-spelling"),
        ("cudaFuncAttributes", "maxThreadsPerBlock", "manual", "row-manual"),
    ]


def test_the_project_s_own_members_stay(fields: Any) -> None:
    text = (
        "struct Own { void *hostPointer; int type; int warpSize; };\n"
        "int f(Own o, cudaPointerAttributes a) { return o.type + o.warpSize + (o.hostPointer != 0); }"
    )
    assert {(f[2], f[3]) for f in fields(text)} <= {("keep", "user-declared")}


@pytest.mark.parametrize("to", ["biren@gen1", "biren@gen2", "musa", "maca"])
def test_the_row_of_a_built_in_says_nothing_of_a_field(fields: Any, to: str) -> None:
    text = (
        "template <class P> struct Cfg { P p; int lanes() const { return p.warpSize; } };\n"
        "auto lanes = [](auto const &d) { return d.warpSize; };\n"
        "int f(const cudaDeviceProp &p) { return p.warpSize; }"
    )
    assert [f[1:4] for f in fields(text, to)] == [("warpSize", "keep", "assumed-same")] * 3


def test_a_built_in_keeps_its_row(tmp_path: Path, portkit: Any) -> None:
    (tmp_path / "k.cu").write_text("__device__ int f() { return warpSize; }\n")
    done = portkit("report", tmp_path / "k.cu", "--to", "biren@gen1", "--format", "json")
    (file,) = json.loads(done.stdout)["plans"][0]["files"]
    assert {r["name"]: r.get("replacement") for r in file["references"]}["warpSize"] == "warp_size"


@pytest.mark.parametrize("more", ["", ", cudaPointerAttributes"])
def test_a_plain_word_of_a_dependent_type_is_nobody_s(fields: Any, more: str) -> None:
    text = f"template <class A> void *f(A a{more}) {{ return a.hostPointer; }}"
    assert fields(text) == []


def test_query_answers_with_the_row_of_a_field(portkit: Any) -> None:
    said = portkit("query", "cudaPointerAttributes::hostPointer", "--to", "enflame").stdout
    assert "topsPointerAttribute_t::host_pointer (mapped; exists: header" in said
