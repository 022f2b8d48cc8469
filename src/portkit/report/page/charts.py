# SPDX-License-Identifier: Apache-2.0
"""The geometry of the bars: every bar is 100 units wide."""

from __future__ import annotations

from collections.abc import Iterable

COLOURS = {
    "edit": "#2563b8",
    "keep": "#2a8f7e",
    "manual": "#c9741a",
    "own": "#8b96a5",
    "unknown": "#8b96a5",
    "weak": "#c9741a",
    "strong": "#2a8f7e",
}
_LEAST = 0.6  # a part that exists is always seen


def spans(parts: Iterable[tuple[str, int]], most: int) -> list[tuple[str, float, float]]:
    """Return (kind, start, width) of each part that is not 0; `most` is what a full bar stands for
    (0: the sum).
    """
    listed = [(kind, count) for kind, count in parts if count]
    whole = max(most, sum(count for _, count in listed), 1)
    start, found = 0.0, []
    for kind, count in listed:
        width = min(max(100 * count / whole, _LEAST), 100 - start)
        found.append((kind, round(start, 2), round(width, 2)))
        start += width
    return found
