# SPDX-License-Identifier: Apache-2.0
"""Places in a file's bytes, and what is to stand there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

import msgspec


class Span(msgspec.Struct, frozen=True, gc=False, order=True, array_like=True):
    """Half-open byte range [start, end) of one file's bytes as read from disk."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Return whether `other` lies wholly inside this range."""
        return self.start <= other.start and other.end <= self.end


class Covered:
    """The bytes that spans take, whatever their order; asked often, it costs a search each time."""

    def __init__(self, spans: Iterable[Span]) -> None:
        """`spans`: may overlap; empty ones take nothing."""
        self._starts, self._ends = list[int](), list[int]()
        for span in sorted(s for s in spans if len(s)):
            if self._ends and span.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], span.end)
            else:
                self._starts.append(span.start)
                self._ends.append(span.end)

    def touches(self, start: int, end: int) -> bool:
        """Return whether a byte of [start, end) is taken."""
        before = bisect_left(self._starts, end) - 1
        return before >= 0 and self._ends[before] > start


class Edit(msgspec.Struct, frozen=True, gc=False, order=True):
    """Replace `span` by `new`. `expect` is what must stand there now: a mismatch is an error, never
    a guess.
    """

    span: Span
    expect: bytes
    new: bytes
    group: str = ""  # edits of one group are applied together or not at all


def overlap(one: Edit, other: Edit) -> bool:
    """Return whether two edits want the same bytes, or the same place to insert at."""
    left, right = one.span, other.span
    return left == right or (left.start < right.end and right.start < left.end)
