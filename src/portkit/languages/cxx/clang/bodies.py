# SPDX-License-Identifier: Apache-2.0
"""Bodies with very many words to ask about: one walk over all of their tokens in place of a look-up
each.

A look-up by offset visits each statement of the body in turn, so that a body's look-ups cost the
square of its size. What libclang notes at the tokens is the look-up's answer only for plain
references and macros, at their own place; elsewhere (types, overload sets, instances of templates)
the two differ at times, and the look-up has the word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

MANY = 1000  # words, from which on the walk is the cheaper way
_BODY_ENDS = "\n}"
# references to declarations and members, uses of macros (clang-c/Index.h)
_ALIKE = frozenset({101, 102, 502})


def large_bodies(text: str, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a file's `text` with very many of the `offsets`, which ascend.

    A body ends with a brace at the start of a line. Where code is laid out otherwise a range is too
    long: it costs time, and changes no answer.
    """
    if len(offsets) < MANY:
        return
    start = first = 0
    while start < len(text):
        end = text.find(_BODY_ENDS, start) + len(_BODY_ENDS)
        if end < len(_BODY_ENDS):
            end = len(text)
        last = bisect_left(offsets, end, first)
        if last - first >= MANY:
            yield start, end
        start, first = end, last


def is_alike(kind: int) -> bool:
    """Return whether what is noted at a token is also what a look-up finds, for a cursor's kind."""
    return kind in _ALIKE
