# SPDX-License-Identifier: Apache-2.0
"""Which function bodies hold a place of a file. Bodies may lie in one another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from portkit.model.spans import Span


class Bodies:
    """Byte ranges in any order, asked for by the number that each has in `spans`."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._order = sorted(range(len(spans)), key=lambda i: spans[i].start)
        self._starts = [spans[i].start for i in self._order]
        self._ends = [spans[i].end for i in self._order]
        # how far the ranges up to here go: where to stop looking
        self._reach = list(accumulate(self._ends, max))

    def holding(self, span: Span) -> list[int]:
        """Return the numbers of the ranges that hold all of `span`."""
        found, start, end = [], span.start, span.end
        at = bisect_right(self._starts, start) - 1
        while at >= 0 and self._reach[at] >= end:
            if self._ends[at] >= end:
                found.append(self._order[at])
            at -= 1
        return found
