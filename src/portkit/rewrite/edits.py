# SPDX-License-Identifier: Apache-2.0
"""Applying edits to bytes. An edit says what it expects to find; a mismatch is an error, never a guess."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from portkit.model import Edit, PortkitError


class EditMismatch(PortkitError):
    """The bytes under an edit are not what it expects, or two edits overlap."""


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return `data` with every edit applied. Raises EditMismatch; the input is never partly edited."""
    parts, position = [], 0
    for edit in sorted(edits):
        start, end = edit.span.start, edit.span.end
        if start < position or end > len(data):
            raise EditMismatch(f"the edit at byte {start} overlaps another or lies outside the file")
        if data[start:end] != edit.expect:
            raise EditMismatch(f"byte {start}: found {data[start:end]!r}, expected {edit.expect!r}")
        parts += [data[position:start], edit.new]
        position = end
    return b"".join([*parts, data[position:]])


def separate_conflicts(edits: Sequence[Edit]) -> tuple[list[Edit], list[Edit]]:
    """Split into (kept, dropped): equal edits merge; of edits that overlap none is kept, nor any of their groups."""
    ordered = sorted(set(edits))
    bad: set[int] = set()
    reach, holder = -1, -1
    for i, edit in enumerate(ordered):
        if holder >= 0 and edit.span.start < reach:
            bad |= {i, holder}
        if edit.span.end > reach:
            reach, holder = edit.span.end, i
    groups = {ordered[i].group for i in bad if ordered[i].group}
    kept = [e for i, e in enumerate(ordered) if i not in bad and e.group not in groups]
    return kept, [e for e in ordered if e not in set(kept)]


class Shift:
    """Maps offsets of the old bytes to offsets of the edited bytes."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._starts: list[int] = []
        self._deltas: list[int] = [0]
        for edit in sorted(edits):
            self._starts.append(edit.span.start)
            self._deltas.append(self._deltas[-1] + len(edit.new) - len(edit.expect))

    def __call__(self, offset: int) -> int:
        """Return where the byte at `offset`, or the edit that starts there, begins now."""
        i = bisect_right(self._starts, offset - 1)
        return offset + self._deltas[i]
