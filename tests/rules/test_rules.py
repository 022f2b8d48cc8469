# SPDX-License-Identifier: Apache-2.0
"""Each rule on a view made by hand: what it reports, how grave, and what it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from portkit.model.plans import Decision, Finding
from portkit.model.reading import (
    AsmStatement,
    Condition,
    FileFacts,
    FileScan,
    Issue,
    Kernel,
    Reference,
    Scan,
    Skipped,
)
from portkit.model.rows import Row
from portkit.model.spans import Span
from portkit.model.words import (
    Action,
    Context,
    Exists,
    Kind,
    Pairs,
    Parse,
    Proof,
    Reason,
    Rung,
    Severity,
    Status,
)
from portkit.rules.any.features import load_features
from portkit.rules.cxx.guard_values import fate, integer
from portkit.rules.registry import run_file_rules, run_tree_rules
from portkit.rules.texts import message
from portkit.rules.view import FileSource, FileView
from portkit.targets.features import FeatureState
from portkit.targets.schema import Facts, Guard
from portkit.vocab.vocabulary import load_vocabulary

ARCH, VERSION = "__CUDA_ARCH__", "CUDART_VERSION"
TARGET: Any = SimpleNamespace(
    id="toy",
    chinese={}.get,
    profile="one",
    facts=Facts(arch_value=310),
    guards={
        ARCH: Guard("__TOY_ARCH__", fact="arch_value"),
        VERSION: Guard("TOY_VERSION", value=40300),
    },
    vendor_macros=frozenset({"__TOY__"}),
    other_vendor_macros=frozenset({"__OTHER__"}),
    features={name: FeatureState("same") for name in load_features()},
    row=lambda *_: None,  # no name is known to be there
)
Pair = tuple[Reference, Decision]


def ref(name: str, start: int = 0, **more: Any) -> Reference:
    fields: dict[str, Any] = {
        "kind": Kind.FUNCTION, "context": Context.CALL, "rung": Rung.CLANG, "proof": Proof.PROVED, "library": "runtime",
    }  # fmt: skip
    return Reference(Span(start, start + len(name)), name, **(fields | more))


def row(name: str, exists: Exists = Exists.HEADER, note: str = "") -> Row:
    return Row(
        name, "t" + name, Kind.FUNCTION, Status.MAPPED, exists, Pairs.ALIKE, "runtime", note=note
    )


def run(
    pairs: Sequence[Pair],
    data: bytes = b"",
    *,
    native: bool = False,
    parse: Parse = Parse.CLANG,
    **facts: Any,
) -> list[Finding]:
    issues = facts.pop("issues", ())
    scan = FileScan(
        "a.cu",
        "0" * 64,
        len(data),
        1,
        "utf-8",
        parse,
        tuple(r for r, _ in pairs),
        FileFacts(**facts),
        tuple(issues),
    )
    source = FileSource(scan, data or b" " * 1000, load_vocabulary())
    view = FileView(source, tuple(d for _, d in pairs), native)
    return run_file_rules(view, TARGET)


def manual(reason: Reason, made: Row | None = None) -> Decision:
    return Decision(Action.MANUAL, reason, made.target if made else "", made)


def edited(name: str, exists: Exists = Exists.HEADER) -> Decision:
    return Decision(Action.EDIT, Reason.MAPPED, "t" + name, row(name, exists))


@pytest.mark.parametrize(
    ("reason", "rule", "severity", "blocking"),
    [
        (Reason.NO_EQUIVALENT, "PK101", Severity.ERROR, True),
        (Reason.UNKNOWN, "PK102", Severity.WARNING, True),
        (Reason.UNPROVEN, "PK103", Severity.WARNING, True),
        (Reason.DIFFERS, "PK805", Severity.WARNING, True),
        (Reason.ROW_MANUAL, "PK105", Severity.WARNING, True),
        (Reason.SPELLING_ONLY, "PK107", Severity.WARNING, False),
        (Reason.GUARD_VALUE, "PK203", Severity.WARNING, True),
        (Reason.CONFLICT, "PK903", Severity.ERROR, True),
        (Reason.PASTE_OPERAND, "PK904", Severity.WARNING, True),
        (Reason.IN_STRING, "PK905", Severity.WARNING, True),
    ],
)
def test_each_manual_reason_has_a_finding(
    reason: Reason, rule: str, severity: Severity, blocking: bool
) -> None:
    found = run([(ref("cudaThing"), manual(reason, row("cudaThing")))])
    assert [(f.rule, f.severity, f.blocking, f.references) for f in found] == [
        (rule, severity, blocking, (0,))
    ]
    for language in ("en", "zh"):
        text = message(found[0], language)
        assert "cudaThing" in text and "?" not in text and not re.search(r"[{}]", text)


def test_dead_code_does_not_block() -> None:
    for more in ({"context": Context.INACTIVE}, {"proof": Proof.SPELLING}):
        (found,) = run([(ref("cudaThing", **more), manual(Reason.UNKNOWN))])
        assert not found.blocking


def test_shape_and_note_choose_the_text() -> None:
    (shape,) = run([(ref("cudaThing", kind=Kind.UNKNOWN), manual(Reason.UNKNOWN))])
    assert "looks like" in message(shape)
    (noted,) = run(
        [(ref("cudaThing"), manual(Reason.DIFFERS, row("cudaThing", note="order of arguments")))]
    )
    assert message(noted).endswith("order of arguments")


def test_weak_existence_is_one_finding_a_name() -> None:
    pairs = [(ref("cudaA", i * 10), edited("cudaA", Exists.TABLE)) for i in range(3)]
    pairs += [
        (ref("cudaB", 40), edited("cudaB", Exists.DOC)),
        (ref("cudaC", 50), edited("cudaC", Exists.RULE)),
    ]
    found = run(pairs)
    assert [(f.rule, f.args["name"], f.references) for f in found] == [
        ("PK104", "cudaA", (0, 1, 2)),
        ("PK104", "cudaC", (4,)),
    ]
    assert all(f.severity is Severity.INFO and not f.blocking for f in found)


def test_deprecated_names_come_from_the_vocabulary() -> None:
    vocabulary = load_vocabulary()
    entity = next(
        e for name in sorted(vocabulary.names) for e in vocabulary.get(name)
        if e.removed and e.kind is Kind.FUNCTION and vocabulary.get(name)[0] is e
    )  # fmt: skip
    r = ref(entity.name, kind=entity.kind, library=entity.library)
    (found,) = run([(r, edited(entity.name))])
    assert (found.rule, found.args["case"], found.args["version"]) == (
        "PK106",
        "removed",
        entity.removed,
    )
    assert run([(r, Decision(Action.KEEP, Reason.USER_DECLARED))]) == []


def guard(
    text: str,
    macro: str,
    operator: str,
    value: str,
    reason: Reason = Reason.GUARD_VALUE,
    **facts: Any,
) -> list[Finding]:
    data = f"#if {text}\n".encode()
    start = data.index(macro.encode())
    r = ref(macro, start, kind=Kind.MACRO, context=Context.CONDITION, library="compiler")
    action = Action.MANUAL if reason is Reason.GUARD_VALUE else Action.KEEP
    condition = Condition(Span(4, len(data) - 1), macro, operator, value, "if")
    return run([(r, Decision(action, reason))], data, conditions=(condition,), **facts)


@pytest.mark.parametrize(
    ("macro", "operator", "value", "rule", "case"),
    [
        (ARCH, ">=", "800", "PK201", "false"),
        (ARCH, "<", "0x320", "PK201", "true"),
        (ARCH, ">=", "MIN_ARCH", "PK201", "unknown"),
        ("__CUDA_ARCH_LIST__", ">=", "800", "PK201", "unknown"),
        (VERSION, ">=", "11000", "PK202", "true"),
        (VERSION, "==", "12000", "PK202", "false"),
        ("CUDNN_VERSION", ">=", "8000", "PK202", "unknown"),
    ],
)
def test_guards_say_what_a_rename_would_do(
    macro: str, operator: str, value: str, rule: str, case: str
) -> None:
    (found,) = guard(f"{macro} {operator} {value}", macro, operator, value)
    assert (found.rule, found.args["case"]) == (rule, case)
    assert found.blocking and found.references == (0,)
    assert f"{macro} {operator} {value}" in message(
        found
    ) and f"{macro} {operator} {value}" in message(found, "zh")


def test_guard_against_zero_is_no_error() -> None:
    (found,) = guard(f"{ARCH} > 0", ARCH, ">", "0")
    assert (found.rule, found.severity, found.blocking) == ("PK201", Severity.WARNING, False)


def test_ported_or_deselected_guards_are_left_alone() -> None:
    for reason in (Reason.VENDOR_CODE, Reason.NOT_SELECTED, Reason.USER_DECLARED):
        assert [f.rule for f in guard(f"{ARCH} >= 800", ARCH, ">=", "800", reason)] in (
            [],
            ["PK907"],
        )


def test_guard_macro_alone_or_in_code_is_a_value() -> None:
    (found,) = guard(ARCH, ARCH, "", "")
    assert found.rule == "PK203"
    (valued,) = run(
        [(ref(VERSION, kind=Kind.MACRO, context=Context.NAME), manual(Reason.GUARD_VALUE))],
        VERSION.encode(),
    )
    assert (valued.rule, valued.args["case"], valued.blocking) == ("PK203", "known", True)
    assert run([(ref(VERSION, kind=Kind.MACRO, context=Context.DEFINED), edited(VERSION))]) == []


def test_integers() -> None:
    assert [integer(t) for t in ("800", "0x10", "010", "11'000UL", "8L", "X", "09", "")] == [
        800,
        16,
        8,
        11000,
        8,
        None,
        None,
        None,
    ]
    assert fate(Condition(Span(0, 1), ARCH, "!=", "310", "if"), TARGET) == "false"


def asm(text: str, **facts: Any) -> list[Finding]:
    return run([], asm=(AsmStatement(Span(10, 50), text),), **facts)


def test_inline_ptx_lists_its_instructions() -> None:
    (found,) = asm(
        "{ .reg .pred p;\n@p ld.global.nc.v4.f32 {%0,%1}, [%2];\nL1: mov.u32 %3, %%laneid; mov.u32 %4, %3; }"
    )
    assert found.args["mnemonics"] == "ld.global.nc.v4.f32, mov.u32"
    assert (found.rule, found.severity, found.blocking) == ("PK401", Severity.ERROR, True)


@pytest.mark.parametrize("text", ["rdtsc", "pause", "mov eax, ebx", "", "cpuid"])
def test_host_assembly_is_not_cuda(text: str) -> None:
    assert asm(text) == []


def test_assembly_in_device_code_is_reported_whatever_it_is() -> None:
    kernels = (Kernel(Span(0, 100), "k", "global"),)
    assert [f.severity for f in asm("trap;", kernels=kernels)] == [Severity.ERROR]
    (other,) = asm("v_dot %0, %1;", kernels=kernels)
    assert other.args["case"] == "other" and "PTX" not in message(other)
    (barrier,) = asm("", kernels=kernels)
    assert barrier.severity is Severity.INFO and not barrier.blocking


def test_ported_assembly_is_left_alone() -> None:
    assert asm("mov.u32 %0, %1;", native=True) == []
    assert asm("mov.u32 %0, %1;", guards=(("__TOY__", Span(0, 60)),)) == []
    assert len(asm("mov.u32 %0, %1;", guards=(("__TOY__|X", Span(0, 60)),))) == 1
    assert len(asm("mov.u32 %0, %1;", guards=(("__TOY__", Span(20, 60)),))) == 1


def test_issues_become_findings() -> None:
    issues = [
        Issue("PK901", Span(0, 0), {"rung": "lex"}),
        Issue("PK909", Span(3, 8), {"name": "cudaX"}),
    ]
    found = run([], issues=issues, parse=Parse.LEX)
    assert [f.rule for f in found] == ["PK901", "PK909"]
    assert "`lex`" in message(found[0]) and "`lex`" in message(found[0], "zh")


def test_low_proof_counts_active_edits() -> None:
    pairs = [
        (ref("cudaA", 0), edited("cudaA")),
        (ref("cudaB", 10, proof=Proof.LIKELY), edited("cudaB")),
        (ref("cudaC", 20, proof=Proof.LIKELY, context=Context.MACRO), edited("cudaC")),
    ]
    (found,) = run(pairs)
    assert (found.rule, found.args) == ("PK902", {"count": "1", "total": "2"})
    assert run(pairs, parse=Parse.SYNTAX) == []


def test_vendor_code_and_project_headers_are_said_once() -> None:
    vendor = [(ref("cudaA", i * 10), Decision(Action.KEEP, Reason.VENDOR_CODE)) for i in range(3)]
    assert [(f.rule, f.args["case"], f.args["count"]) for f in run(vendor)] == [
        ("PK907", "branch", "3")
    ]
    assert run(vendor, native=True)[0].args["case"] == "file"
    header = ref(
        "cuda_runtime.h",
        kind=Kind.HEADER,
        context=Context.INCLUDE,
        user=True,
        project=True,
        proof=None,
    )
    assert [f.rule for f in run([(header, Decision(Action.KEEP, Reason.PROJECT_HEADER))])] == [
        "PK908"
    ]


def test_skipped_paths_are_findings_of_the_tree() -> None:
    reasons = (
        "vendored",
        "generated",
        "symlink-outside",
        "submodule",
        "excluded",
        "unreadable",
        "binary",
        "other",
    )
    scan = Scan("/x", "git", (), tuple(Skipped(f"p{i}", r, 2) for i, r in enumerate(reasons)))
    found = run_tree_rules(scan, TARGET)
    assert [(p, f.rule) for p, f in found] == [(f"p{i}", "PK906") for i in range(len(reasons))]
    assert found[5][1].severity is Severity.WARNING
    assert "other" in message(found[-1][1]) and all("2" in message(f, "zh") for _, f in found)
    assert len({f.fingerprint for _, f in found}) == len(reasons)


def test_findings_are_sorted_and_have_distinct_fingerprints() -> None:
    data = b"cudaA(); cudaA();\ncudaA();\n"
    starts = [0, 9, 18]
    found = run([(ref("cudaA", s), manual(Reason.UNKNOWN)) for s in starts], data)
    assert [f.span.start for f in found] == starts
    assert len({f.fingerprint for f in found}) == 3
