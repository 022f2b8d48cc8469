# SPDX-License-Identifier: Apache-2.0
"""PK805 to PK809: the target has the name, and it means something else: arguments, values, types,
fields, defaults.

Taken from the rows whose pairing is `no`, and from features of that kind
(mappings/cuda/features.toml).
"""

from __future__ import annotations

from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.words import Action, Effort, Kind, Reason, Severity
from portkit.rules.any.features import feature_findings, feature_rule, speaks_of, uses
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name, noted

_ID = {Kind.ENUMERATOR: "PK806", Kind.MACRO: "PK806", Kind.TYPE: "PK807", Kind.FIELD: "PK808"}
_NEEDS = ("references",)


def rule_for(kind: Kind) -> str:
    """Return the rule that speaks of a name of that kind whose counterpart differs."""
    return _ID.get(kind, "PK805")


def _rows(id: str, view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A finding for each reference whose counterpart is known to differ; what a recipe mends is
    PK109's.
    """
    for index in view.because(Reason.DIFFERS):
        ref, decision = view.references[index], view.decisions[index]
        row = decision.row
        if rule_for(ref.kind) != id or row is None:
            continue
        note = row.note or (target.recipes[row.recipe].note if row.recipe else "")
        args = {
            "name": full_name(ref),
            "target": target.id,
            "replacement": row.target,
        } | noted(note, target)
        args |= {"exists": row.exists.name.lower(), "pairs": row.pairs.name.lower()} | (
            {"case": "noted"} if note else {}
        )
        yield finding(id, ref.span, args, (index,), blocking=None if view.live(index) else False)


@rule(
    "PK805",
    "other-arguments",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=_NEEDS,
    blocking=True,
    languages=(),
)
def other_arguments(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A function whose counterpart takes its arguments in another order, other ones, or does
    something else.
    """
    yield from _rows("PK805", view, target)
    yield from feature_findings(
        "PK805",
        ("device-events", "pointer-queries", "stream-ids", "wait-value-order"),
        view,
        target,
    )
    used = view.decided(uses).get("argument-order")
    if used is not None and any(
        view.decisions[i].action is not Action.EDIT for i in used.references
    ):
        # else each call was rewritten
        yield from feature_findings("PK805", ("argument-order",), view, target)


@rule(
    "PK806",
    "other-values",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_NEEDS,
    blocking=True,
    languages=(),
)
def other_values(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A status code, an enumerator or a macro that has another value or another set of siblings
    there.
    """
    yield from _rows("PK806", view, target)
    yield from feature_findings("PK806", ("status-codes", "blas-status-codes"), view, target)


@rule(
    "PK807",
    "other-types",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=_NEEDS,
    blocking=True,
    languages=(),
)
def other_types(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A handle or structure that is another kind of type there."""
    yield from _rows("PK807", view, target)
    yield from feature_findings("PK807", ("device-pointers",), view, target)


@rule(
    "PK808",
    "other-fields",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_NEEDS,
    blocking=True,
    languages=(),
)
def other_fields(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A field that lacks, or holds another quantity there."""
    yield from _rows("PK808", view, target)
    yield from feature_findings("PK808", ("compute-capability", "device-properties"), view, target)


feature_rule(
    "PK809",
    "other-defaults",
    "blas-precision",
    "blas-conjugate",
    "blas-workspace",
    "texture-alignment",
    "launch-flags",
)

speaks_of(
    "PK805", "argument-order", "device-events", "pointer-queries", "stream-ids", "wait-value-order"
)
speaks_of("PK806", "status-codes", "blas-status-codes")
speaks_of("PK807", "device-pointers")
speaks_of("PK808", "compute-capability", "device-properties")
