# SPDX-License-Identifier: Apache-2.0
"""Targets whose kernels are another language: nothing inside a body is renamed, each kernel is one
finding.
"""

from __future__ import annotations

from typing import Any

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
