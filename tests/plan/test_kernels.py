# SPDX-License-Identifier: Apache-2.0
"""Targets whose kernels are another language: nothing inside a body is renamed, each kernel is one
finding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plans_by_hand import make_plan
from portkit.model.plans import FilePlan
from portkit.model.reading import FileFacts, FileScan, Kernel, Launch, Reference, Scan
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Kind, Parse, Proof, Reason, Rung
from portkit.plan.decide import Policy
from portkit.plan.kernels import kernel_name, launch_sites
from portkit.plan.outline import outline_of
from portkit.rules.texts import message
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary

HOST = b"void host() { cudaFree(p); }\n"
KERNEL = b"{ cudaFree(q); threadIdx; mine; }\n"
TEXT = HOST + b"__global__ void scale() " + KERNEL


def reference(name: str, start: int, **more: Any) -> Reference:
    fields: dict[str, Any] = {
        "kind": Kind.FUNCTION,
        "context": Context.CALL,
        "rung": Rung.CLANG,
        "proof": Proof.PROVED,
        "library": "runtime",
    }
    return Reference(Span(start, start + len(name)), name, **(fields | more))


def scan() -> Scan:
    body = TEXT.index(KERNEL)
    references = (
        reference("cudaFree", TEXT.index(b"cudaFree")),
        reference(
            "__global__",
            TEXT.index(b"__global__"),
            kind=Kind.BUILTIN,
            library="device",
            context=Context.NAME,
        ),
        reference("cudaFree", TEXT.index(b"cudaFree", body)),
        reference(
            "threadIdx",
            TEXT.index(b"threadIdx"),
            kind=Kind.BUILTIN,
            library="device",
            context=Context.NAME,
        ),
        reference("mine", TEXT.index(b"mine"), user=True, proof=None),
    )
    facts = FileFacts(kernels=(Kernel(Span(body, len(TEXT) - 1), "scale", "global"),))
    other = FileFacts(
        launches=(Launch(Span(0, 1), "ns::scale<float>"), Launch(Span(2, 3), "scale"))
    )
    one = FileScan("a.cu", "0" * 64, len(TEXT), 2, "utf-8", Parse.CLANG, references, facts)
    return Scan(
        "/", "argument", (one, FileScan("b.cu", "0" * 64, 9, 1, "utf-8", Parse.CLANG, facts=other))
    )


def plan(target: str) -> FilePlan:
    made = make_plan(
        scan(),
        load_target(target),
        load_vocabulary(),
        Policy(),
        lambda path: TEXT if path == "a.cu" else b"",
    )
    return made.files[0]


def test_nothing_in_a_kernel_is_renamed() -> None:
    decisions = plan("enflame").decisions
    assert [d.action for d in decisions] == [
        Action.EDIT,
        Action.KEEP,
        Action.MANUAL,
        Action.MANUAL,
        Action.KEEP,
    ]
    assert [d.reason for d in decisions[2:4]] == [Reason.KERNEL_BODY, Reason.KERNEL_BODY]
    assert (
        decisions[2].replacement == ""
        and decisions[2].row is not None
        and decisions[2].row.target == "topsFree"
    )
    assert decisions[4].reason is Reason.USER_DECLARED


def test_each_kernel_is_one_finding_with_its_body_launches_and_uses() -> None:
    found = [f for f in plan("enflame").findings if f.rule == "PK801"]
    assert [(f.span, f.references, f.blocking) for f in found] == [
        (Span(TEXT.index(KERNEL), len(TEXT) - 1), (2, 3), True)
    ]
    assert "launches: 2, in b.cu" in message(found[0]) and "cudaFree, threadIdx" in message(
        found[0]
    )
    assert "b.cu" in message(found[0], "zh")


def test_other_targets_rename_inside_kernels() -> None:
    made = plan("musa")
    assert made.decisions[2].action is Action.EDIT and not [
        f for f in made.findings if f.rule == "PK801"
    ]


def test_a_launch_is_known_by_the_kernels_own_name() -> None:
    assert kernel_name("ns::scale<float, (1 > 0)>") == "scale" and kernel_name("scale") == "scale"
    assert launch_sites(outline_of(scan().files).launches) == {"scale": ("b.cu", "b.cu")}


@pytest.fixture
def heads(tmp_path: Path, portkit: Any) -> Any:
    """Return what reports files for Enflame and gives the decision on each name of `a.cu`."""

    def run(text: str, header: str = "") -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
        (tmp_path / "common.cuh").write_text(header)
        (tmp_path / "a.cu").write_text(
            f'#include <cuda_runtime.h>\n#include "common.cuh"\n{text}\n'
        )
        done = portkit("report", tmp_path, "--to", "enflame", "--format", "json", "-j", "1")
        files = {f["path"]: f for f in json.loads(done.stdout)["plans"][0]["files"]}
        named = [(r["name"], r["reason"]) for r in files["a.cu"]["references"]]
        return named[1:], [f for f in files["a.cu"]["findings"] if f["rule"] == "PK801"]

    return run


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("__device__ cudaError_t f(int n) { return n; }", ""),
        ("template <cudaError_t E> __global__ void __launch_bounds__(64) f(int n) {}", ""),
        ("cudaError_t __device__ f(int n) { return n; }", ""),
        ("__device__ cudaError_t f(int n);", ""),
        ("#define DEV __device__ __forceinline__\nDEV int f(cudaError_t e) { return 1; }", ""),
        ("DEV int f(cudaError_t e) { return 1; }", "#define DEV inline __device__"),
        ("DEV int f(cudaError_t e);", "#define DEV inline __device__"),
        ("D2 int f(cudaError_t e) { return 1; }", "#define D1 __device__\n#define D2 static D1\n"),
        ("#define D2 D1\nD2 int f(cudaError_t e) { return 1; }", "#define D1 __device__\n"),
        (
            "HD cudaError_t f() { return {}; }",
            "#ifdef __CUDACC__\n#define HD __host__ __device__\n#else\n#define HD\n#endif\n",
        ),
        ("struct S { __device__ S(cudaError_t e) : n(1) {} int n; };", ""),
    ],
)
def test_the_head_of_a_device_function_belongs_to_it(heads: Any, text: str, header: str) -> None:
    named, found = heads(text, header)
    assert ("cudaError_t", "kernel-body") in named
    assert [len(f["references"]) for f in found] == [1]


@pytest.mark.parametrize(
    "text",
    [
        "cudaError_t f(int n);\n__device__ int g() { return 1; }",
        "__device__ int limit = 3;\ncudaError_t f();",
        "struct S { cudaError_t last; __device__ int g() { return 1; } };",
        "#define RUN(x) __device__ int x() { return 1; }\ncudaError_t f();\nRUN(g)",
        "#define CALL cudaError_t\nCALL f();",
        "int g()\n#define E cudaError_t\n;\n__device__ int f() { return 1; }",
    ],
)
def test_what_stands_around_a_head_is_the_host_s(heads: Any, text: str) -> None:
    named, _ = heads(text)
    assert ("cudaError_t", "mapped") in named


def test_a_condition_between_the_words_of_a_head_is_renamed(heads: Any) -> None:
    text = 'extern "C"\n#ifdef __CUDACC__\n__host__ __device__\n#endif\nint f(cudaError_t e);'
    named, _ = heads(text)
    assert ("__CUDACC__", "mapped") in named and ("cudaError_t", "kernel-body") in named
