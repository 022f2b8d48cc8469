# SPDX-License-Identifier: Apache-2.0
"""Which lines of a file changed, in about linear time however big the file is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from difflib import SequenceMatcher

_SMALL = 40_000  # lines times lines that may be compared one with another


def split_lines(data: bytes) -> list[bytes]:
    """Split at LF only, line ends kept; the last line may lack one."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def opcodes(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    """Return the changed blocks (old start, old end, new start, new end), sorted and apart from
    each other.

    Lines that occur once on both sides are the anchors; what lies between two of them is compared
    in full when it is small, line by line when both sides are equally long, and replaced as a whole
    otherwise.
    """
    changed: list[tuple[int, int, int, int]] = []
    stack = [(0, len(old), 0, len(new))]
    while stack:
        low, high, new_low, new_high = stack.pop()
        while low < high and new_low < new_high and old[low] == new[new_low]:
            low, new_low = low + 1, new_low + 1
        while low < high and new_low < new_high and old[high - 1] == new[new_high - 1]:
            high, new_high = high - 1, new_high - 1
        if low == high or new_low == new_high:
            if low != high or new_low != new_high:
                changed.append((low, high, new_low, new_high))
        elif (high - low) * (new_high - new_low) <= _SMALL:
            matcher = SequenceMatcher(None, old[low:high], new[new_low:new_high], autojunk=False)
            changed += [
                (low + a, low + b, new_low + c, new_low + d)
                for tag, a, b, c, d in matcher.get_opcodes()
                if tag != "equal"
            ]
        else:
            stack += _between(old, new, (low, high, new_low, new_high), changed)
    return _joined(sorted(changed))


def _between(
    old: Sequence[bytes],
    new: Sequence[bytes],
    block: tuple[int, int, int, int],
    changed: list[tuple[int, int, int, int]],
) -> list[tuple[int, int, int, int]]:
    """Return the blocks between a big block's anchors; without any, put its changes into `changed`."""
    low, high, new_low, new_high = block
    anchors = _anchors(old, new, block)
    if anchors:
        blocks = []
        for at, new_at in anchors:
            blocks.append((low, at, new_low, new_at))
            low, new_low = at + 1, new_at + 1
        return [*blocks, (low, high, new_low, new_high)]
    if high - low == new_high - new_low:
        pairs = zip(range(low, high), range(new_low, new_high), strict=True)
        changed += [
            (at, at + 1, new_at, new_at + 1) for at, new_at in pairs if old[at] != new[new_at]
        ]
    else:
        changed.append(block)
    return []


def _anchors(
    old: Sequence[bytes], new: Sequence[bytes], block: tuple[int, int, int, int]
) -> list[tuple[int, int]]:
    """Return the longest rising run of lines that occur exactly once in each side of the block."""
    low, high, new_low, new_high = block
    here = _once(old, low, high)
    there = _once(new, new_low, new_high)
    pairs = [(at, there[line]) for line, at in here.items() if line in there]
    pairs.sort()
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for number, (_, new_at) in enumerate(pairs):
        place = bisect_left(tails, new_at)
        back.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [new_at]
        ends[place : place + 1] = [number]
    run: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(pairs[at])
        at = back[at]
    return run[::-1]


def _once(lines: Sequence[bytes], low: int, high: int) -> dict[bytes, int]:
    seen: dict[bytes, int] = {}
    for at in range(low, high):
        seen[lines[at]] = -1 if lines[at] in seen else at
    return {line: at for line, at in seen.items() if at >= 0}


def _joined(changed: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Join blocks that touch."""
    joined: list[tuple[int, int, int, int]] = []
    for block in changed:
        if joined and joined[-1][1] == block[0] and joined[-1][3] == block[2]:
            joined[-1] = (joined[-1][0], block[1], joined[-1][2], block[3])
        else:
            joined.append(block)
    return joined
