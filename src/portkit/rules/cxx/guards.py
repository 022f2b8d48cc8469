# SPDX-License-Identifier: Apache-2.0
"""PK2xx: architecture and version macros whose plain rename is silently wrong, since their values
differ.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.reading import Condition
from portkit.model.words import Action, Context, Effort, Reason, Severity
from portkit.rules.any.features import uses
from portkit.rules.cxx.conditions import comparisons_in_code, condition_lines
from portkit.rules.cxx.guard_values import (
    COMPARE,
    fate,
    integer,
    target_value,
    whole_condition,
)
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name

_TESTED = frozenset({Context.DEFINED, Context.DIRECTIVE, Context.CONDITION})


def _compared(view: FileView, macros: frozenset[str]) -> Iterator[tuple[Condition, int]]:
    """The comparisons of `macros` whose reference is left to a person, with the reference's index:
    those of directives, then those in code and in bodies of macros.
    """
    left = view.by_reason.get(Reason.GUARD_VALUE)
    if not left:
        return
    for condition in view.scan.facts.conditions:
        if condition.operator in COMPARE and condition.macro in macros:
            index = view.reference_in(condition.span, condition.macro)
            if index is not None and view.decisions[index].reason is Reason.GUARD_VALUE:
                yield condition, index
    in_code = view.once(comparisons_in_code)
    for index in left:
        if index in in_code and in_code[index].macro in macros:
            yield in_code[index], index


def _guard_findings(
    id: str, view: FileView, target: RuleTarget, macros: frozenset[str]
) -> Iterator[Finding]:
    for condition, index in _compared(view, macros):
        name, value = target_value(condition.macro, target)
        outcome = fate(condition, target)
        if target.facts.as_is and outcome != "unknown":
            outcome = f"kept-{outcome}"
        args = {
            "macro": condition.macro, "operator": condition.operator, "value": condition.value, "target": target.id,
            "case": outcome, "target_macro": name or "?", 
            "target_value": "?" if value is None else str(value),
        }  # fmt: skip
        presence = integer(condition.value) == 0  # `> 0` asks whether, not which
        made = finding(
            id, condition.span, args, (index, *_held_by(index, view)), severity=Severity.WARNING if presence else None,
            blocking=False if presence or not view.live(index) else None,
        )  # fmt: skip
        fix = whole_condition(condition, index, view, target)
        yield msgspec.structs.replace(made, fix=fix, fix_safe=True) if fix else made


@rule(
    "PK201",
    "arch-threshold-guard",
    severity=Severity.ERROR,
    effort=Effort.HOURS,
    needs=("references",),
    blocking=True,
)
def arch_guard(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """An architecture macro is compared; the target counts its architectures in another way."""
    return _guard_findings("PK201", view, target, view.vocabulary.arch_macros)


@rule(
    "PK202",
    "version-threshold-guard",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
)
def version_guard(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A version macro is compared; the target's versions are numbered on their own."""
    return _guard_findings("PK202", view, target, view.vocabulary.version_macros)


@rule(
    "PK203",
    "guard-macro-as-value",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
)
def guard_value(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """An architecture or version macro is used as a value in any other way: in code, in a macro,
    bare in an #if.
    """
    macros = view.vocabulary.arch_macros | view.vocabulary.version_macros
    compared = {index for _, index in _compared(view, macros)}
    for index in view.because(Reason.GUARD_VALUE):
        if index in compared:
            continue
        ref = view.references[index]
        name, value = target_value(ref.name, target)
        args = {"macro": full_name(ref), "target": target.id}
        if value is not None:
            args |= {"case": "known", "target_macro": name, "target_value": str(value)}
        held = (index, *_held_by(index, view))
        yield finding("PK203", ref.span, args, held, blocking=None if view.live(index) else False)


@rule(
    "PK204",
    "compiler-macro-guard",
    severity=Severity.INFO,
    effort=Effort.MINUTES,
    needs=("references",),
    scope="name",
)
def compiler_guard(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A test of a macro that CUDA's compiler defines, once a name and file: renamed, kept, or
    without a counterpart.
    """
    used = view.decided(uses).get("compiler-guards")
    tested = (
        [i for i in used.references if view.references[i].context in _TESTED]
        if used is not None
        else []
    )
    for name, indexes in view.names(tested).items():
        decision = view.decisions[indexes[0]]
        args = {
            "macro": name,
            "target": target.id,
            "case": decision.action.value,
            "replacement": decision.replacement,
            "count": str(len(indexes)),
        }
        gone = decision.action is Action.MANUAL
        yield finding(
            "PK204", view.references[indexes[0]].span, args, tuple(indexes),
            severity=Severity.WARNING if gone else None,
            effort=Effort.HOURS if gone else None,
        )  # fmt: skip


@rule(
    "PK205",
    "test-held-back",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
)
def held_back(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A test is left as it is, since a name of its condition or of what it guards is left: unless
    the finding on that comparison speaks of it already.
    """
    said = {i for index in view.because(Reason.GUARD_VALUE) for i in _held_by(index, view)}
    for index in view.because(Reason.HELD):
        if index in said:
            continue
        ref, decision = view.references[index], view.decisions[index]
        case, _, cause = decision.detail.partition(" ")
        args = {
            "name": full_name(ref), "target": target.id, "case": case, "cause": cause,
            "replacement": decision.replacement,
        }  # fmt: skip
        yield finding(
            "PK205", ref.span, args, (index,), blocking=None if view.live(index) else False
        )


def _held_by(index: int, view: FileView) -> tuple[int, ...]:
    """The names that are left since a comparison or value in their condition is."""
    beside = view.once(condition_lines).get(index, ())
    return tuple(
        i for i in beside
        if view.decisions[i].reason is Reason.HELD and view.decisions[i].detail.startswith("line ")
    )  # fmt: skip
