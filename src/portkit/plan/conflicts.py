# SPDX-License-Identifier: Apache-2.0
"""Edits that overlap: which of a file's edits can be applied together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from portkit.model.spans import Edit, overlap


def separate_conflicts(edits: Iterable[Edit]) -> tuple[list[Edit], list[Edit]]:
    """Split the edits of one file into (kept, dropped), both sorted.

    Equal edits (same span, expectation and new bytes) count as one, and tie their groups together:
    one must not be applied without what the other group adds. Where two different edits overlap, or
    insert at the same place, both go, each with its whole group. `kept` holds each edit once;
    `dropped` holds all that went, groups and all.
    """
    ordered = sorted(edits)
    if all(
        len(one.span) and one.span.end <= other.span.start
        for one, other in itertools.pairwise(ordered)
    ):
        return ordered, []  # as it is nearly always
    units: dict[str, str] = {}

    def leader(unit: str) -> str:
        while units.setdefault(unit, unit) != unit:
            units[unit] = units[units[unit]]
            unit = units[unit]
        return unit

    by_body: dict[Edit, list[Edit]] = {}
    for edit in sorted(set(ordered)):
        by_body.setdefault(Edit(edit.span, edit.expect, edit.new), []).append(edit)
    unit_of: dict[Edit, str] = {}
    for number, (body, same) in enumerate(by_body.items()):
        names = [f"group {edit.group}" if edit.group else f"single {number}" for edit in same]
        for name in names[1:]:
            units[leader(name)] = leader(names[0])
        unit_of[body] = names[0]
    bad = {leader(unit_of[body]) for body in _overlapping(list(by_body))}
    kept: list[Edit] = []
    dropped: list[Edit] = []
    for body, same in by_body.items():
        if leader(unit_of[body]) in bad:
            dropped += same
        else:
            kept.append(same[0])
    return kept, dropped


def _overlapping(ordered: Sequence[Edit]) -> set[Edit]:
    """Return the members of all overlapping pairs of different, sorted edits."""
    bad: set[Edit] = set()
    active: list[Edit] = []
    for edit in ordered:
        active = [one for one in active if one.span.end > edit.span.start or one.span == edit.span]
        for one in active:
            if overlap(one, edit):
                bad |= {one, edit}
        active.append(edit)
    return bad
