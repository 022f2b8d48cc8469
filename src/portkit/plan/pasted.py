# SPDX-License-Identifier: Apache-2.0
"""Names that a macro makes of a name beside it: `V2(cuMemAlloc)`, where V2 adds `_v2`.

What stands in the call is renamed as usual only where the target calls the name that is made
likewise; else a person decides on both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.words import Action, Context, Reason, Status
from portkit.plan.decide import spelt_alike
from portkit.rules.view import FileSource
from portkit.targets.floors import Floors

_CALL = re.compile(rb"\s*\(")
_PARENTHESIS = re.compile(rb"[()]")
_LONGEST = 400  # bytes of a call


def join_pasted(
    source: FileSource, decisions: tuple[Decision, ...], floors: Floors
) -> tuple[Decision, ...]:
    """Return the decisions with each name that is made kept where the edit of its part makes the
    target's name, and else with the part left as well. One that the target spells alike stays, and
    so do its parts.
    """
    changed = dict[int, Decision]()
    for index, parts in _made(source, decisions, Reason.PASTE_OPERAND):
        whole, row = source.references[index], decisions[index].row
        alike = row is not None and row.status is Status.SAME
        if row is not None and alike and spelt_alike(row, floors).action is Action.KEEP:
            changed[index] = spelt_alike(row, floors)
        for number in parts:
            part, decision = source.references[number], decisions[number]
            if decision.reason is Reason.UNKNOWN and whole.name.startswith(part.name):
                changed[number] = Decision(Action.MANUAL, Reason.PASTE_OPERAND, row=decision.row)
            if not _is_part(part, decision, whole):
                continue
            if _fits(whole, decisions[index], part, decision, floors):
                changed[index] = msgspec.structs.replace(
                    decisions[index], action=Action.KEEP, reason=Reason.PASTED
                )
            else:
                changed[number] = Decision(Action.MANUAL, Reason.PASTE_OPERAND, row=decision.row)
    return _with(decisions, changed)


def part_again(source: FileSource, decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Return the decisions with each name that was made of an edit left to a person where that edit
    has gone since.
    """
    changed = {
        index: msgspec.structs.replace(
            decisions[index], action=Action.MANUAL, reason=Reason.PASTE_OPERAND
        )
        for index, parts in _made(source, decisions, Reason.PASTED)
        if not any(
            _is_part(source.references[n], decisions[n], source.references[index]) for n in parts
        )
    }
    return _with(decisions, changed)


def _with(decisions: tuple[Decision, ...], changed: Mapping[int, Decision]) -> tuple[Decision, ...]:
    if not changed:
        return decisions
    return tuple(changed.get(index, decision) for index, decision in enumerate(decisions))


def _made(
    source: FileSource, decisions: Sequence[Decision], reason: Reason
) -> Iterator[tuple[int, range]]:
    """Yield the names that macros make and that were decided for `reason`, each with the references
    in the macro's call.
    """
    refs = source.references
    for index, decision in enumerate(decisions):
        ref = refs[index]
        if decision.reason is not reason or ref.context is not Context.PASTE:
            continue
        if source.data[ref.span.start : ref.span.end] == ref.name.encode():
            continue  # the word that is pasted, and not what comes of it
        end, last = _call_end(source.data, ref.span.end), index + 1
        while last < len(refs) and refs[last].span.end <= end:
            last += 1
        yield index, range(index + 1, last)


def _is_part(part: Reference, decision: Decision, whole: Reference) -> bool:
    return decision.action is Action.EDIT and part.name != whole.name and part.name in whole.name


def _fits(
    whole: Reference, made: Decision, part: Reference, decision: Decision, floors: Floors
) -> bool:
    row = made.row
    if row is None or not row.target or not floors.accepts(row):
        return False
    return whole.name.replace(part.name, decision.replacement, 1) == row.target


def _call_end(data: bytes, start: int) -> int:
    """Return where the call ends whose macro's name ends at `start`; there, if it is none."""
    opened = _CALL.match(data, start)
    depth = 0
    for match in _PARENTHESIS.finditer(data, start, start + _LONGEST) if opened is not None else ():
        depth += 1 if match.group() == b"(" else -1
        if not depth:
            return match.end()
    return start
