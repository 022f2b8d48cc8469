# SPDX-License-Identifier: Apache-2.0
"""Names that a macro makes of a name beside it: `V2(cuMemAlloc)`, where V2 adds `_v2`.

What stands in the call is renamed as usual only where the target calls the name that is made
likewise; else a person decides on both.
"""

from __future__ import annotations

import re

import msgspec

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.words import Action, Context, Reason
from portkit.rules.view import FileSource
from portkit.targets.floors import Floors

_CALL = re.compile(rb"\s*\(")
_PARENTHESIS = re.compile(rb"[()]")
_LONGEST = 400  # bytes of a call


def join_pasted(
    source: FileSource, decisions: tuple[Decision, ...], floors: Floors
) -> tuple[Decision, ...]:
    """Return the decisions with each name that is made kept where the edit of its part makes the
    target's name, and else with the part left as well.
    """
    refs, changed = source.references, dict[int, Decision]()
    for index, ref in enumerate(refs):
        if ref.context is not Context.PASTE or decisions[index].reason is not Reason.PASTE_OPERAND:
            continue
        if source.data[ref.span.start : ref.span.end] == ref.name.encode():
            continue  # the word that is pasted, and not what comes of it
        end = _call_end(source.data, ref.span.end)
        parts = [
            number
            for number in range(index + 1, len(refs))
            if refs[number].span.end <= end and _is_part(refs[number], decisions[number], ref)
        ]
        for number in parts:
            if _fits(ref, decisions[index], refs[number], decisions[number], floors):
                changed[index] = msgspec.structs.replace(
                    decisions[index], action=Action.KEEP, reason=Reason.PASTED
                )
            else:
                changed[number] = Decision(
                    Action.MANUAL, Reason.PASTE_OPERAND, row=decisions[number].row
                )
    if not changed:
        return decisions
    return tuple(changed.get(index, decision) for index, decision in enumerate(decisions))


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
