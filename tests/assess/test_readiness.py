# SPDX-License-Identifier: Apache-2.0
"""The totals of an assessment add up, and readiness follows the formula of docs/readiness.md."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from plans_by_hand import edit, estimate, file_plan, found, keep, manual, ref, row, toy_plan
from portkit.assess.effort import effort_table
from portkit.assess.readiness import assess
from portkit.model.plans import Decision, Plan, Suppression
from portkit.model.words import (
    Action,
    Context,
    Exists,
    Kind,
    Pairs,
    Proof,
    Reason,
    Severity,
    Silenced,
)
from portkit.targets.floors import Floors


def test_toy_plan() -> None:
    s = assess(toy_plan()[0]).summary
    assert (s.references, s.edit, s.manual, s.keep, s.user_declared) == (7, 3, 2, 2, 1)
    assert s.readiness == 60.0  # 3 edits of 5 references
    assert s.readiness_all == 66.6  # with the built-in: 4 of 6, rounded down
    assert s.unproven == ["cudaC"]
    assert s.unlocks == {"exists=rule": 1}
    assert s.by_proof == {"proved": 5, "likely": 1, "none": 1}
    assert s.findings_by_severity == {"error": 1, "warning": 1, "info": 1}
    assert s.blocking == 2
    assert s.files_by_parse == {"clang": 1, "syntax": 1}
    assert (s.active.references, s.active.proved) == (6, 5)


def test_blocked_edit_is_not_ready() -> None:
    a = ref("cudaA")
    plan = Plan("toy", "one", (file_plan("a.cu", [(a, edit(a))], [found("PK903", a, 0)]),))
    assert assess(plan).summary.readiness == 0.0
    hushed = msgspec.structs.replace(
        plan.files[0].findings[0], suppressed=Suppression(Silenced.COMMENT, "yes")
    )
    quiet = Plan("toy", "one", (msgspec.structs.replace(plan.files[0], findings=(hushed,)),))
    assert assess(quiet).summary.readiness == 100.0
    assert assess(quiet).summary.suppressed == 1


def test_nothing_to_judge() -> None:
    assert assess(Plan("toy", "one", ())).summary.readiness is None
    own = ref("cudaA", proof=None, user=True)
    plan = Plan("toy", "one", (file_plan("a.cu", [(own, keep(Reason.USER_DECLARED))]),))
    assert assess(plan).summary.readiness is None


def test_left_out_and_suppressed_do_not_count_as_working() -> None:
    a = ref("cudaA")
    for reason in (Reason.NOT_SELECTED, Reason.SUPPRESSED):
        plan = Plan("toy", "one", (file_plan("a.cu", [(a, keep(reason))]),))
        assert assess(plan).summary.readiness == 0.0
    assert (
        assess(
            Plan("toy", "one", (file_plan("a.cu", [(a, keep(Reason.IN_COMMENT))]),))
        ).summary.readiness
        is None
    )


def test_unlocks_are_cumulative_by_axis() -> None:
    a, b, c = ref("cudaA"), ref("cudaB"), ref("cudaC", proof=Proof.SPELLING)
    plan = Plan(
        "toy",
        "one",
        (
            file_plan(
                "a.cu",
                [
                    (a, manual(a, Reason.UNPROVEN, row("cudaA", Exists.TABLE))),
                    (b, manual(b, Reason.UNPROVEN, row("cudaB", Exists.RULE, Pairs.ALIKE))),
                    (c, manual(c, Reason.SPELLING_ONLY, row("cudaC"))),
                ],
            ),
        ),
    )
    got = assess(plan, Floors(exists=Exists.DOC)).summary.unlocks
    assert got == {"exists=table": 1, "exists=rule": 2, "proof=spelling": 1}


def test_effort_counts_repeats_less() -> None:
    a = ref("cudaA")
    one = estimate([found("PK101", a, 0)], 0)
    two = estimate([found("PK101", a, 0), found("PK101", a, 1)], 0)
    table = effort_table()
    assert one.low == round(table.hours[found("PK101", a, 0).effort][0], 1)
    assert one.high < two.high < 2 * one.high
    assert estimate([found("PK104", a, 0, severity=Severity.INFO)], 0).high == 0


def test_blockers_are_grouped_and_sorted() -> None:
    got = assess(toy_plan()[0]).blockers
    assert [(b.rule, b.name, b.count, b.files) for b in got] == [
        ("PK101", "cudaB", 1, 1),
        ("PK103", "cudaB", 1, 1),
    ]


reasons = {
    Action.EDIT: [Reason.MAPPED],
    Action.MANUAL: [Reason.UNKNOWN, Reason.NO_EQUIVALENT, Reason.UNPROVEN, Reason.IN_STRING],
    Action.KEEP: [
        Reason.SAME_SPELLING,
        Reason.USER_DECLARED,
        Reason.NOT_SELECTED,
        Reason.IN_COMMENT,
        Reason.VENDOR_CODE,
    ],
}


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    files = []
    for number in range(draw(st.integers(0, 3))):
        pairs = []
        for _ in range(draw(st.integers(0, 6))):
            action = draw(st.sampled_from(list(Action)))
            reason = draw(st.sampled_from(reasons[action]))
            r = ref(
                "cudaA",
                proof=None
                if reason is Reason.USER_DECLARED
                else draw(st.sampled_from(list(Proof))),
                user=reason is Reason.USER_DECLARED,
                library=draw(st.sampled_from(["", "runtime", "device"])),
                kind=draw(st.sampled_from([Kind.FUNCTION, Kind.BUILTIN])),
                context=draw(st.sampled_from(list(Context))),
            )
            made = row(
                "cudaA", draw(st.sampled_from(list(Exists))), draw(st.sampled_from(list(Pairs)))
            )
            pairs.append(
                (r, Decision(action, reason, made.target, draw(st.sampled_from([None, made]))))
            )
        files.append(file_plan(f"{number}.cu", pairs))
    return Plan("toy", "one", tuple(files))


@settings(max_examples=60, deadline=None)
@given(plans())
def test_columns_add_up(plan: Plan) -> None:
    got = assess(plan)
    s = got.summary
    assert s.references == s.edit + s.manual + s.keep == sum(len(f.decisions) for f in plan.files)
    for column in ("references", "edit", "manual", "keep", "user_declared"):
        assert sum(getattr(t, column) for t in s.by_library.values()) == getattr(s, column)
        assert sum(getattr(f.totals, column) for f in got.files) == getattr(s, column)
    for table in (s.by_proof, s.by_exists, s.by_pairs, s.by_rung, s.by_context, s.by_reason):
        assert sum(table.values()) == s.references
    assert s.readiness is None or 0 <= s.readiness <= 100
    parts = s.parts
    aside = sum(s.by_reason.get(r, 0) for r in ("user-declared", "comment"))
    assert parts.counted + parts.stays == s.references - aside
    if parts.share is not None:
        share = parts.share
        assert round(share.by_itself + share.person + share.unknown, 1) == 100.0
