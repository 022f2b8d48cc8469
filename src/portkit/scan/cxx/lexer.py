# SPDX-License-Identifier: Apache-2.0
"""One pass over a file's bytes: comments, literals and words, with byte offsets.

The bytes are read as Latin-1, so that an index into the text is an offset into the file. Multi-byte
characters of a GB encoding may hold a backslash or a quote as their second byte; they are masked first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

# Every alternative starts with a plain character, so that the engine skips to the next one of them at once.
_NONCODE = re.compile(
    r"""//[^\n]*(?:(?:(?<=\\)|(?<=\\\r))\n[^\n]*)*
      | /\*
      | "(?:[^"\\\n]*(?:\\(?:\r\n|.|\n)[^"\\\n]*)*")?
      | '[^'\\\n]*(?:\\(?:\r\n|.|\n)[^'\\\n]*)*'
    """,
    re.X,
)
_RAW_PREFIX = re.compile(r"(?<![A-Za-z0-9_])(?:u8|[uUL])?R\Z")
_RAW = re.compile(r'"([^()\\\s"]{0,16})\(')
_NUMBER_BEFORE = re.compile(r"(?<![A-Za-z_])\d[\w.']*\Z", re.A)
_WORD = re.compile(r"(?<![\w\x80-\xff])[A-Za-z_]\w*(?![\x80-\xff])", re.A)
_MULTIBYTE = re.compile(rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_MASKABLE = ("gb18030", "gbk", "gb2312")
_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
# What is no part of a word becomes a space; a byte beyond ASCII makes its word one that no table has.
_SPACED = bytes(b if b in _WORD_BYTES else 0xFF if b >= 0x80 else 0x20 for b in range(256))

_PARTS = frozenset(
    map(chr, (*_WORD_BYTES, *range(0x80, 0x100)))
)  # characters of words: one beyond ASCII makes its word one that no table has


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


class Words:
    """The words of a file in order: `listed` is each of them as often as it stands there."""

    def __init__(self, spaced: str) -> None:
        """Take the words with spaces between and around them: an offset is one more than in the file."""
        self._spaced, self.listed = spaced, spaced.split()

    def find(self, wanted: Container[str]) -> list[tuple[int, str]]:
        """Return (offset, word) of each whole-word occurrence of a wanted name, in file order."""
        index, position, found = self._spaced.index, 0, list[tuple[int, str]]()
        for word in [w for w in self.listed if w in wanted]:
            # the next wanted word in order is the next occurrence of that word: one walk over the text in all
            position = index(f" {word} ", position)
            found.append((position, word))
            position += len(word) + 1
        return found


@dataclass(slots=True)
class Lexed:
    """A file's text (one character a byte) with its comments and literals."""

    text: str
    comments: Ranges
    literals: Ranges
    _words: frozenset[str] | None = None

    def is_code(self, offset: int) -> bool:
        """Return whether `offset` lies outside comments and literals."""
        for ranges in (self.comments, self.literals):
            i = bisect_right(ranges.starts, offset)
            if i and offset < ranges.ends[i - 1]:
                return False
        return True

    def places(self, words: Iterable[str]) -> list[tuple[int, str]]:
        """Return what `find` does, faster for a few words and without a list of all words of the file."""
        text, found = self.text, list[tuple[int, str]]()
        for word in words:
            at, size = text.find(word), len(word)
            while at >= 0:
                if text[at - 1 : at] not in _PARTS and text[at + size : at + size + 1] not in _PARTS:
                    found.append((at, word))
                at = text.find(word, at + size)
        return sorted(found)

    def in_order(self) -> Words:
        """Return the words of the file, comments, literals and numbers included."""
        return Words(f" {self.text.encode('latin-1').translate(_SPACED).decode('latin-1')} ")

    def words(self) -> frozenset[str]:
        """Return every distinct word of the file, comments, literals and numbers included; kept once asked for."""
        if self._words is None:
            self._words = frozenset(self.in_order().listed)
        return self._words

    def find(self, wanted: Container[str]) -> list[tuple[int, str]]:
        """Return (offset, word) of each whole-word occurrence of a wanted name, in file order."""
        return self.in_order().find(wanted) if wanted else []


def lex(data: bytes) -> Lexed:
    """Find the comments and literals of `data` (masked bytes of a file)."""
    text = data.decode("latin-1")
    comments, literals = Ranges(), Ranges()
    position, search = 0, _NONCODE.search
    while (match := search(text, position)) is not None:
        start, end = match.span()
        first = text[start]
        if first == "/":
            if text[start + 1] == "*":
                end = text.find("*/", start + 2) + 2
                end = end if end > 1 else len(text)
            comments.add(start, end)
        elif first == '"':
            if text[start - 1 : start] == "R":
                start, end = _raw(text, start, end)
            if end > start + 1:
                literals.add(start, end)
        elif start and text[start - 1].isalnum() and _is_digit_separator(text, start):
            end = start + 1
        else:
            literals.add(start, end)
        position = end
    return Lexed(text, comments, literals)


def _raw(text: str, quote: int, end: int) -> tuple[int, int]:
    """Return the range of the raw string whose quote stands at `quote`; a plain literal up to `end` when it is none."""
    prefix, opening = _RAW_PREFIX.search(text, max(0, quote - 3), quote), _RAW.match(text, quote)
    if prefix is None or opening is None:
        return quote, end
    closing = f'){opening.group(1)}"'
    last = text.find(closing, opening.end())
    return (prefix.start(), last + len(closing)) if last >= 0 else (quote, end)


def _is_digit_separator(text: str, quote: int) -> bool:
    return _NUMBER_BEFORE.search(text, max(0, quote - 64), quote) is not None


def code_words(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Return (offset, word) of the words in text[start:end]; the range must hold no comment or literal."""
    return [(m.start(), m.group()) for m in _WORD.finditer(text, start, end)]
