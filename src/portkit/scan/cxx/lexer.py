# SPDX-License-Identifier: Apache-2.0
"""One pass over a file's bytes: comments, literals and words, with byte offsets.

The bytes are read as Latin-1, so that an index into the text is an offset into the file. Multi-byte
characters of a GB encoding may hold a backslash or a quote as their second byte; they are masked first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_NONCODE = re.compile(
    r"""//(?:\\\r?\n|[^\n])*
      | /\*(?:[^*]|\*(?!/))*(?:\*/|\Z)
      | (?:(?<![A-Za-z0-9_])(?:u8|[uUL])?)R"(?P<delim>[^()\\\s"]{0,16})\((?:.|\n)*?\)(?P=delim)"
      | "(?:\\(?:\r\n|.|\n)|[^"\\\n])*"
      | '(?:\\(?:\r\n|.|\n)|[^'\\\n])*'
    """,
    re.X,
)
_NUMBER_BEFORE = re.compile(r"(?<![A-Za-z_])\d[\w.']*\Z", re.A)
_WORD = re.compile(r"(?<![\w\x80-\xff])[A-Za-z_]\w*(?![\x80-\xff])", re.A)
_MULTIBYTE = re.compile(rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_MASKABLE = ("gb18030", "gbk", "gb2312")


def mask(data: bytes, encoding: str) -> bytes:
    """Return `data` with every GB multi-byte character replaced by as many 0x80 bytes; same length."""
    if encoding.lower() not in _MASKABLE:
        return data
    return _MULTIBYTE.sub(lambda m: b"\x80" * len(m.group()), data)


@dataclass(slots=True)
class Ranges:
    """Sorted, disjoint byte ranges with a fast "which one holds this offset"."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        """Append a range; ranges come in ascending order."""
        self.starts.append(start)
        self.ends.append(end)

    def index(self, offset: int) -> int:
        """Return the index of the range that holds `offset`, or -1."""
        i = bisect_right(self.starts, offset) - 1
        return i if i >= 0 and offset < self.ends[i] else -1

    def holds(self, offset: int) -> bool:
        """Return whether some range holds `offset`."""
        return self.index(offset) >= 0


@dataclass(slots=True)
class Lexed:
    """A file's text (one character a byte) with its comments and literals."""

    text: str
    comments: Ranges
    literals: Ranges

    def is_code(self, offset: int) -> bool:
        """Return whether `offset` lies outside comments and literals."""
        return not self.comments.holds(offset) and not self.literals.holds(offset)

    def words(self) -> set[str]:
        """Return every distinct identifier-like word of the file, comments and literals included."""
        return set(_WORD.findall(self.text))

    def find(self, wanted: set[str]) -> list[tuple[int, str]]:
        """Return (offset, word) of each whole-word occurrence of a wanted name, in file order."""
        if not wanted:
            return []
        return [(m.start(), m.group()) for m in _WORD.finditer(self.text) if m.group() in wanted]


def lex(data: bytes) -> Lexed:
    """Find the comments and literals of `data` (masked bytes of a file)."""
    text = data.decode("latin-1")
    comments, literals = Ranges(), Ranges()
    position, search = 0, _NONCODE.search
    while (match := search(text, position)) is not None:
        start, end = match.span()
        first = text[start]
        if first == "/":
            comments.add(start, end)
        elif first == "'" and start and text[start - 1].isalnum() and _is_digit_separator(text, start):
            end = start + 1
        else:
            literals.add(start, end)
        position = end
    return Lexed(text, comments, literals)


def _is_digit_separator(text: str, quote: int) -> bool:
    return _NUMBER_BEFORE.search(text, max(0, quote - 64), quote) is not None


def code_words(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Return (offset, word) of the words in text[start:end]; the range must hold no comment or literal."""
    return [(m.start(), m.group()) for m in _WORD.finditer(text, start, end)]
