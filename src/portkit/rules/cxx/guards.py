# SPDX-License-Identifier: Apache-2.0
"""PK2xx: architecture and version macros whose plain rename is silently wrong, since their values
differ.
"""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable, Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.reading import Condition
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Effort, Reason, Severity
from portkit.rules.any.features import uses
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge, "==": op.eq, "!=": op.ne,
}  # fmt: skip
_INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*")
_TESTED = frozenset({Context.DEFINED, Context.DIRECTIVE, Context.CONDITION})


def integer(text: str) -> int | None:
    """Return the value of a C integer literal, or None for anything else."""
    match = _INTEGER.fullmatch(text.replace("'", ""))
    if match is None:
        return None
    digits = match.group(1)
    octal = len(digits) > 1 and digits.isdigit() and digits.startswith("0")
    try:
        return int(digits, 8 if octal else 0)
    except ValueError:
        return None


def target_value(macro: str, target: RuleTarget) -> tuple[str, int | None]:
    """Return (the macro's name on the target, its value there); "" and None where the target does
    not say.
    """
    guard = target.guards.get(macro)
    if guard is None:
        return "", None
    return guard.target, guard.value_in(target.facts)


def fate(condition: Condition, target: RuleTarget) -> str:
    """Return what the test becomes after a plain rename: "true", "false" or "unknown"."""
    _, there = target_value(condition.macro, target)
    wanted = integer(condition.value)
    if there is None or wanted is None:
        return "unknown"
    return "true" if _COMPARE[condition.operator](there, wanted) else "false"


def _compared(view: FileView, macros: frozenset[str]) -> Iterator[tuple[Condition, int]]:
    """The comparisons of `macros` whose reference is left to a person, with the reference's index."""
    for condition in view.scan.facts.conditions:
        if condition.operator in _COMPARE and condition.macro in macros:
            index = view.reference_in(condition.span, condition.macro)
            if index is not None and view.decisions[index].reason is Reason.GUARD_VALUE:
                yield condition, index


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
            id, condition.span, args, (index,), severity=Severity.WARNING if presence else None,
            blocking=False if presence or not view.live(index) else None,
        )  # fmt: skip
        fix = _rewritten(condition, index, view, target)
        yield msgspec.structs.replace(made, fix=fix, fix_safe=True) if fix else made


def _rewritten(
    condition: Condition, index: int, view: FileView, target: RuleTarget
) -> tuple[Edit, ...]:
    """Return the edits that write a test by the target's macro and threshold, where its table
    documents both.

    `thresholds` of a guard are the vendor's own: what it writes for a number of CUDA's in `>=` and
    `<`. A test against 0 asks only whether device code is compiled, and needs the macro's name
    alone.
    """
    guard, wanted = target.guards.get(condition.macro), integer(condition.value)
    if guard is None or not guard.target or wanted is None or target.facts.as_is:
        return ()
    if not guard.values and guard.value is None:
        return ()
    ref = view.references[index]
    macro = Edit(ref.span, view.data[ref.span.start : ref.span.end], guard.target.encode("ascii"))
    if wanted == 0 and condition.operator in (">", "!=", "==", "<="):
        return (macro,)
    there = guard.thresholds.get(str(wanted))
    places = [
        m.start()
        for m in re.finditer(
            rf"(?<!\w){re.escape(condition.value)}(?!\w)".encode(),
            view.data[condition.span.start : condition.span.end],
        )
    ]
    if there is None or condition.operator not in (">=", "<") or len(places) != 1:
        return ()
    start = condition.span.start + places[0]
    value = Span(start, start + len(condition.value))
    return macro, Edit(value, condition.value.encode("ascii"), str(there).encode("ascii"))


@rule(
    "PK201",
    "arch-threshold-guard",
    severity=Severity.ERROR,
    effort=Effort.HOURS,
    needs=("conditions", "references"),
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
    needs=("conditions", "references"),
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
)
def guard_value(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """An architecture or version macro is used as a value in any other way: in code, in a macro,
    bare in an #if.
    """
    macros = view.vocabulary.arch_macros | view.vocabulary.version_macros
    compared = {index for _, index in _compared(view, macros)}
    left = {i for i in view.because(Reason.GUARD_VALUE) if i not in compared}
    renamed = {
        i for i in view.because(Reason.MAPPED)
        if view.references[i].name in macros and view.references[i].context not in _TESTED
    }  # fmt: skip
    for index in sorted(left | renamed):
        ref = view.references[index]
        args = {"macro": full_name(ref), "target": target.id}
        if index in renamed:
            args |= {"case": "renamed", "replacement": view.decisions[index].replacement}
        yield finding("PK203", ref.span, args, (index,))


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
