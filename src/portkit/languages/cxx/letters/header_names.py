# SPDX-License-Identifier: Apache-2.0
"""Names of headers that look like code: `#include <a/*b>`, where no comment starts, and no literal
in `<a"b>`.

In a line of an include, and behind `__has_include(` of a condition, compilers read `<...>` as one
token. In a branch that is skipped they do not, and whether a backslash in `"..."` there escapes the
quote, they do not agree on: such a file has two readings.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence

from portkit.languages.cxx.letters.lines import CONTINUED

_KEYWORDS = ("include", "import", "embed")
_BETWEEN = rf"(?:[ \t\f\v(]+|/\*(?:(?!\*/)[\s\S]){{0,4000}}\*/|{CONTINUED})"
_NAMED = re.compile(rf'(?:_next)?{_BETWEEN}*+(?:<((?:{CONTINUED}|[^>\n])*+)>|"([^"\n]*+)")')
_ODD = re.compile(r"/[/*]|[\"']")
_ENDS_ESCAPED = re.compile(r"(?<!\\)\\(?:\\\\)*\Z")
# The line of a directive up to the name, without its comments and continued lines.
_BEGINS = re.compile(
    r"(?:\xef\xbb\xbf)?[ \t\f\v]*(?:#|%:)[ \t\f\v]*"
    r"(?:(?:include|include_next|import|embed)"
    r"|(?:if|elif)\b.*\b__has_(?:include|include_next|embed)[ \t\f\v]*\(?)[ \t\f\v]*\Z"
)
_PIECES = 200  # of one line: comments and lines that it goes on over


class OddNames:
    """The names in a text that hold what elsewhere starts a comment or ends a literal.

    `skipped`: read them as compilers do in a branch that is skipped.
    """

    def __init__(self, text: str, skipped: bool) -> None:
        self._text, self._skipped = text, skipped
        names = sorted(n for word in _KEYWORDS for n in _odd(text, word))
        self._names = deque(names)
        self.first = names[0][0] if names else len(text)

    def end(self, start: int, done: int, comments: tuple[Sequence[int], Sequence[int]]) -> int:
        """Return where a name ends that holds `start`, 0 when none does; all is read up to `done`,
        with these comments.

        `first` is then the start of the next name.
        """
        found = 0
        while self._names and self._names[0][0] <= start:
            low, high, is_quoted = self._names.popleft()
            if (
                done <= low
                and start < high
                and is_quoted is self._skipped
                and self._is_directive(low, comments)
            ):
                found = high
        self.first = self._names[0][0] if self._names else len(self._text)
        return found

    @property
    def is_left(self) -> bool:
        """Is there a name that was not reached yet?"""
        return bool(self._names)

    def _is_directive(self, end: int, comments: tuple[Sequence[int], Sequence[int]]) -> bool:
        text, (starts, ends), pieces = self._text, comments, list[str]()
        for _ in range(_PIECES):
            start, last = text.rfind("\n", 0, end) + 1, bisect_left(starts, end) - 1
            if last >= 0 and ends[last] > start:
                pieces += (text[ends[last] : end], " ")
                end = starts[last]
                continue
            pieces.append(text[start:end])
            before = text[max(0, start - 3) : start].replace("\r", "")
            if not before.endswith("\\\n"):
                break
            end = text.rfind("\\", 0, start)
        return _BEGINS.match("".join(reversed(pieces))) is not None


def _odd(text: str, word: str) -> list[tuple[int, int, bool]]:
    """Return start and end of each odd name behind a word, and whether it stands in quotes."""
    found, at = list[tuple[int, int, bool]](), text.find(word)
    while at >= 0:
        at += len(word)
        match = _NAMED.match(text, at)
        if match is not None:
            angled, quoted = match.groups()
            if angled is not None and _ODD.search(angled) is not None:
                found.append((match.start(1) - 1, match.end(), False))
            elif quoted is not None and _ENDS_ESCAPED.search(quoted) is not None:
                found.append((match.start(2) - 1, match.end(), True))
        at = text.find(word, at)
    return found
