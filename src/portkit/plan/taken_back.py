# SPDX-License-Identifier: Apache-2.0
"""Edits and fixes that are not made after all, and what they leave to a person."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portkit.model.plans import Decision, Finding
from portkit.model.reading import FileScan
from portkit.model.refusals import Refusals
from portkit.model.spans import Edit
from portkit.model.words import Action, Reason
from portkit.rules.cxx.bodies import Bodies


def without_refused(edits: Sequence[Edit], refused: Refusals) -> tuple[list[Edit], list[Edit]]:
    """Split edits into those that are made, some with another word than was planned, and those that
    are refused, each with its whole group.
    """
    if not refused.edits:
        return list(edits), []
    dropped = {span for span, charge in refused.edits.items() if not charge.instead}
    groups = {e.group for e in edits if e.group and e.span in dropped}
    gone = [e for e in edits if e.span in dropped or e.group in groups]
    made = []
    for edit in edits:
        if edit not in gone:
            charge = refused.edits.get(edit.span)
            new = charge.instead.encode() if charge is not None else edit.new
            made.append(Edit(edit.span, edit.expect, new, edit.group))
    return made, gone


def written_otherwise(
    file: FileScan, decisions: tuple[Decision, ...], refused: Refusals
) -> tuple[Decision, ...]:
    """Return the decisions with the words that are written instead of those planned."""
    others = {span: c.instead for span, c in refused.edits.items() if c.instead}
    if not others:
        return decisions
    return tuple(
        msgspec.structs.replace(d, replacement=others[r.span])
        if d.action is Action.EDIT and r.span in others
        else d
        for r, d in zip(file.references, decisions, strict=True)
    )


def without_fixes(found: list[Finding], refused: Refusals) -> list[Finding]:
    """Take back the fixes that a compiler refused."""
    if not refused.edits:
        return found
    return [
        msgspec.structs.replace(f, fix=(), fix_safe=False)
        if any(e.span in refused.edits for e in f.fix)
        else f
        for f in found
    ]


def left_to_person(
    file: FileScan, decisions: tuple[Decision, ...], dropped: Sequence[Edit], reason: Reason
) -> tuple[Decision, ...]:
    """Leave to a person what edits that were dropped would have changed."""
    if not dropped:
        return decisions
    lost = Bodies([e.span for e in dropped])
    return tuple(
        Decision(Action.MANUAL, reason, d.replacement, d.row)
        if d.action is Action.EDIT and lost.holding(r.span)
        else d
        for r, d in zip(file.references, decisions, strict=True)
    )
