# SPDX-License-Identifier: Apache-2.0
"""Which bracket of a file's code closes which, however far apart they stand."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left

from portkit.languages.cxx.letters.directives import Directives
from portkit.languages.cxx.letters.lexer import Lexed, blanked

_SIGN = re.compile(r"[(){};]")
_CLOSING = {"(": ")", "{": "}"}


# `) : base(0), member{1} {`: what a constructor gives its members, each of them, and the body
_MEMBERS = re.compile(r"\s*(?:noexcept\s*(?:\([^()]*\)\s*)?)?:(?!:)")
_GIVEN = re.compile(r"[({;]")
_NEXT = re.compile(r"\s*(?:\.\.\.\s*)?\{")


class Brackets:
    """The parentheses and braces of a file, each paired with its own kind alone: branches of
    conditions may leave some open.

    They are looked for when the first one is asked for. Those of directives close nothing and stay
    open.
    """

    def __init__(self, lexed: Lexed, directives: Directives) -> None:
        self._lexed, self._directives = lexed, directives

    @functools.cached_property
    def bare(self) -> str:
        """The file's code with blanks for literals, see Lexed.bare."""
        return self._lexed.bare

    @functools.cached_property
    def plain(self) -> str:
        """The same with blanks for directives too."""
        return blanked(self.bare, self._directives.ranges)

    @functools.cached_property
    def _found(self) -> tuple[dict[int, int], list[int]]:
        """The closing bracket of each opening one, and where bodies open or statements end."""
        closing, stops, round_, curly = dict[int, int](), list[int](), list[int](), list[int]()
        plain = self.plain
        for at in [match.start() for match in _SIGN.finditer(plain)]:
            sign = plain[at]
            if sign == "(":
                round_.append(at)
            elif sign == ")":
                if round_:
                    closing[round_.pop()] = at
            elif sign == "}":
                if curly:
                    closing[curly.pop()] = at
            else:
                stops.append(at)
                if sign == "{":
                    curly.append(at)
        return closing, stops

    def blocks(self) -> list[tuple[int, int]]:
        """Return where each brace opens that is closed, and where, in file order."""
        plain = self.plain
        return sorted((at, end) for at, end in self._found[0].items() if plain[at] == "{")

    def closing(self, opening: int) -> int:
        """Return the offset of the bracket that closes the one at `opening`, or -1."""
        return self._found[0].get(opening, -1)

    def body(self, close: int) -> int:
        """Return where the body of a function opens, or its declaration ends, whose parameters are
        closed at `close`; behind what a constructor gives its members. -1 for nowhere.
        """
        listed = _MEMBERS.match(self.plain, close + 1)
        position = listed.end() if listed is not None else -1
        while position >= 0 and (given := _GIVEN.search(self.plain, position)) is not None:
            end = self.closing(given.start())
            if given.group() == ";" or end < 0:
                break
            if (after := _NEXT.match(self.plain, end + 1)) is not None:
                return after.end() - 1
            position = end + 1
        return self.stop(close)

    def closing_within(self, opening: int, end: int) -> int:
        """Return the offset of the bracket before `end` that closes the one at `opening`, or -1;
        directives are read too.
        """
        left, right, depth = self.bare[opening], _CLOSING[self.bare[opening]], 0
        for match in _SIGN.finditer(self.bare, opening, end):
            depth += (match.group() == left) - (match.group() == right)
            if not depth:
                return match.start()
        return -1

    def statement_end(self, offset: int) -> int:
        """Return the end of the statement that starts at an offset, a block or up to its semicolon;
        the file's end where nothing ends it.
        """
        stop = self.stop(offset)
        last = self.closing(stop) if stop >= 0 and self.plain[stop] == "{" else stop
        return last + 1 if last >= 0 else len(self.plain)

    def stop(self, offset: int) -> int:
        """Return the offset of the first `{` or `;` from `offset` on, or -1."""
        stops = self._found[1]
        i = bisect_left(stops, offset)
        return stops[i] if i < len(stops) else -1
