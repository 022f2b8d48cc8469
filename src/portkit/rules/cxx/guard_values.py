# SPDX-License-Identifier: Apache-2.0
"""What an architecture or version macro is worth on a target: what a comparison would become, and
how the target itself would write it.
"""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable

from portkit.model.reading import Condition
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Reason
from portkit.rules.cxx.conditions import comparisons_in_code, condition_lines
from portkit.rules.view import FileView, RuleTarget

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge, "==": op.eq, "!=": op.ne,
}  # fmt: skip
_INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*")


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
    return "true" if COMPARE[condition.operator](there, wanted) else "false"


def whole_condition(
    condition: Condition, index: int, view: FileView, target: RuleTarget
) -> tuple[Edit, ...]:
    """Return the edits that write a test as the target does, where its table documents how.

    All names of the condition change with it or none does: what only waited for this test is
    renamed, and every other test beside it must have such edits of its own.
    """
    made = _rewritten(condition, index, view, target)
    if not made:
        return ()
    for other in view.once(condition_lines).get(index, ()):
        ref, decision = view.references[other], view.decisions[other]
        if other == index or decision.action is not Action.MANUAL:
            continue
        if decision.reason is Reason.HELD and decision.replacement:
            written = view.data[ref.span.start : ref.span.end]
            made += (Edit(ref.span, written, decision.replacement.encode("ascii")),)
            continue
        beside = _comparison_of(other, view)
        more = _rewritten(beside, other, view, target) if beside is not None else ()
        if not more:
            return ()
        made += more
    return tuple(sorted(made))


def _comparison_of(index: int, view: FileView) -> Condition | None:
    """Return the comparison that a reference left to a person stands in."""
    if view.decisions[index].reason is not Reason.GUARD_VALUE:
        return None
    ref = view.references[index]
    inside = (
        c
        for c in view.scan.facts.conditions
        if c.macro == ref.name and c.operator in COMPARE and c.span.contains(ref.span)
    )
    return next(inside, None) or view.once(comparisons_in_code).get(index)


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
