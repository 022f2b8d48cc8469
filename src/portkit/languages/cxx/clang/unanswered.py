# SPDX-License-Identifier: Apache-2.0
"""Words that a look-up by offset misses: libclang answers with an instance of a template, or with
nothing.

The template that the instance is made from holds the words; it is walked down along the extents
that cover them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from portkit.languages.cxx.clang.binding import Binding, CursorStruct

_INVALID = range(70, 74)  # kinds of the null cursor and of what is no cursor (clang-c/Index.h)
_TEMPLATES = range(30, 33)  # function templates, class templates, partial specialisations
_OUTWARDS = 4  # a statement, a lambda's operator, its class, the function around it
_SPACES = (1, 22, 23)  # unexposed declarations, namespaces, linkage specifications


class PlacedWord(NamedTuple):
    """A word to find: its number among all that were asked, its byte offset, its spelling."""

    number: int
    offset: int
    text: bytes


class Walker:
    """Walks the templates of one file of a unit."""

    def __init__(self, calls: Binding, unit: int, file: int) -> None:
        self._calls, self._unit, self._file = calls, unit, file

    def top(self, cursor: CursorStruct, offset: int) -> CursorStruct | None:
        """Return where to look for a word at `offset` that the look-up missed with `cursor`: a
        template, or None.
        """
        if cursor.kind in _TEMPLATES:
            return cursor
        if cursor.kind in _INVALID:
            return next((c for start, end, c in self.outer if start <= offset < end), None)
        for _ in range(_OUTWARDS):
            if cursor.kind in _INVALID or cursor.kind in _SPACES:
                break
            template: CursorStruct = self._calls.template(cursor)
            if template.kind not in _INVALID:
                return template
            cursor = self._calls.parent(cursor)
        return None

    def expanded(self, use: tuple[int, int]) -> Iterator[CursorStruct]:
        """Yield all that the use of a macro, which starts and ends at two offsets, makes of the
        macro's own body. What it makes of its arguments stands where these are written.
        """
        calls, (first, last) = self._calls, use
        tops = [c for start, end, c in self.outer if start <= first <= end]
        while tops:
            cursor = tops.pop()
            if calls.place(cursor) == first:
                yield cursor
            for child in calls.children(cursor):
                # an end may lie before its start: the one in an argument, the other in the body
                low, high = sorted(calls.extent(child))
                if low <= last and first <= high:
                    tops.append(child)

    @functools.cached_property
    def outer(self) -> list[tuple[int, int, CursorStruct]]:
        """The declarations of the file that are no namespaces: start, end, cursor."""
        calls, found = self._calls, []
        stack = [calls.unit_cursor(self._unit)]
        while stack:
            for child in calls.children(stack.pop()):
                if calls.file_of(child) != self._file:
                    continue
                if child.kind in _SPACES:
                    stack.append(child)
                else:
                    found.append((*calls.extent(child), child))
        return found

    def walk(
        self,
        cursor: CursorStruct,
        words: list[PlacedWord],
        found: Callable[[PlacedWord, CursorStruct], None],
    ) -> None:
        """Call `found` for each cursor below `cursor` that stands at the offset of a word, outer
        ones first.
        """
        for child in self._calls.children(cursor):
            start, end = self._calls.extent(child)
            inside = [w for w in words if start <= w.offset < end]
            if inside:
                at = self._calls.place(child)
                for word in inside:
                    if word.offset == at:
                        found(word, child)
                self.walk(child, inside, found)
