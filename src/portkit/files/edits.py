# SPDX-License-Identifier: Apache-2.0
"""Replacing byte ranges: applying edits, mapping offsets to the new bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from portkit.model.errors import PortkitError
from portkit.model.spans import Edit, overlap


class EditMismatch(PortkitError):
    """An edit does not fit the bytes: something else stands there, or it overlaps another edit."""


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return `data` with each edit's span replaced; all other bytes stay as they are.

    Edits may come in any order; their offsets all mean `data`. An insertion (empty span) stands
    before what is put in place of the byte at its offset. Raises EditMismatch when a span lies
    outside of `data`, does not hold `expect`, or overlaps another one.
    """
    ordered = sorted(edits)
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    done = 0
    last: Edit | None = None
    for edit in ordered:
        start, end = edit.span.start, edit.span.end
        if last is not None and overlap(last, edit):
            raise EditMismatch(f"two edits overlap at byte {start}")
        if not 0 <= start <= end <= len(data):
            raise EditMismatch(
                f"an edit of bytes {start} to {end} lies outside of the {len(data)} bytes"
            )
        if view[start:end] != edit.expect:
            raise EditMismatch(
                f"byte {start} holds {bytes(view[start:end])[:40]!r}, not {edit.expect[:40]!r}"
            )
        pieces += [view[done:start], edit.new]
        done, last = end, edit
    pieces.append(view[done:])
    return b"".join(pieces)


class Shift:
    """Maps old byte offsets to new ones for edits that do not overlap.

    Where something is inserted, the offset maps to the start of what is inserted. An offset inside
    of a replaced span goes as far into the new bytes as it was in the old, at most to their end.
    """

    def __init__(self, edits: Iterable[Edit]) -> None:
        ordered = sorted(edits)
        self._starts = [edit.span.start for edit in ordered]
        self._edits = ordered
        self._before = [0]  # by how much the edits before number i lengthen the bytes
        for edit in ordered:
            self._before.append(self._before[-1] + len(edit.new) - len(edit.span))

    def __call__(self, offset: int) -> int:
        """Return the new offset of the byte at the old `offset`."""
        number = bisect_right(self._starts, offset - 1)
        if number:
            edit = self._edits[number - 1]
            if edit.span.start < offset < edit.span.end:
                inside = min(offset - edit.span.start, len(edit.new))
                return edit.span.start + self._before[number - 1] + inside
        return offset + self._before[number]
