# SPDX-License-Identifier: Apache-2.0
"""Places in a file's bytes, and what is to stand there."""

from __future__ import annotations

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
