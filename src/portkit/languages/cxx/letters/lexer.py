# SPDX-License-Identifier: Apache-2.0
"""One pass over a file's bytes: comments, literals and words, with byte offsets.

The bytes are read as Latin-1, so that an index into the text is an offset into the file. Multi-byte
characters of a GB encoding may hold a backslash or a quote as their second byte; they are masked
first. What is a comment and what a literal follows Clang: a quote without its partner ends with its
line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable

import msgspec

from portkit.languages.cxx.letters.header_names import OddNames
from portkit.languages.cxx.letters.lines import BLANKS, as_compiled

# Every alternative starts with a plain character, so that the engine skips to the next one of them
# at once, and matches whatever follows it, so that nothing is read twice.
_NONCODE = re.compile(
    r"""//[^\n]*(?:(?:(?<=\\)|(?<=\\\r))\n[^\n]*)*
      | /\*
      | "[^"\\\n]*(?:\\(?:\r\n|.|\n)[^"\\\n]*)*"?
      | '[^'\\\n]*(?:\\(?:\r\n|.|\n)[^'\\\n]*)*'?
    """,
    re.X,
)
_RAW_PREFIX = re.compile(r"(?<![\w$\x80-\xff])(?:u8|[uUL])?R\Z", re.A)
_RAW = re.compile(r'"([^()\\ \t\n\r\f\v]{0,16})\(')
# behind any names and dots
_NUMBER = re.compile(r"(?:[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+|\.(?!\d))*+\.?\d", re.A)
_MARK = "\xef\xbb\xbf"  # of the byte order, in UTF-8
_WORD = re.compile(r"(?<![\w\x80-\xff])[A-Za-z_]\w*(?![\x80-\xff])", re.A)
_MULTIBYTE = re.compile(
    rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]"
)
_MASKABLE = ("gb18030", "gbk", "gb2312")
_DIGRAPHS = {"%:%:": "##  ", "%:": "# ", "<%": "{ ", "%>": "} ", "<:": "[ ", ":>": "] "}
_DIGRAPH = re.compile(r"%:%:|%:|<%|%>|<:(?!:(?![:>]))|:>")
_PERCENT = re.compile(r"%(?:[:>]|(?<=<%))")
_BLANK_RUN = re.compile(r"[ \t\n\r\f\v]*")
_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$")
# What is no part of a word becomes a space; a byte beyond ASCII makes its word one that no table
# has.
_SPACED = bytes(b if b in _WORD_BYTES else 0xFF if b >= 0x80 else 0x20 for b in range(256))

_PARTS = frozenset(
    map(chr, (*_WORD_BYTES, *range(0x80, 0x100)))
)  # characters of words: one beyond ASCII makes its word one that no table has


def mask(data: bytes, encoding: str) -> bytes:
    """Return `data` with every GB multi-byte character replaced by as many 0x80 bytes; same length."""
    if encoding.lower() not in _MASKABLE:
        return data
    return _MULTIBYTE.sub(lambda m: b"\x80" * len(m.group()), data)


class Ranges(msgspec.Struct):
    """Sorted, disjoint byte ranges with a fast "which one holds this offset"."""

    starts: list[int] = msgspec.field(default_factory=list)
    ends: list[int] = msgspec.field(default_factory=list)

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
    """The words of a text in order: `listed` is each of them as often as it stands there."""

    def __init__(self, text: str) -> None:
        """Take the words of a text (one character a byte)."""
        spaced = text.encode("latin-1").translate(_SPACED).decode("latin-1")
        self._spaced = f" {spaced} "  # an offset is one more than in the file
        self.listed = self._spaced.split()

    def find(self, wanted: Container[str]) -> list[tuple[int, str]]:
        """Return (offset, word) of each whole-word occurrence of a wanted name, in file order."""
        index, position, found = self._spaced.index, 0, list[tuple[int, str]]()
        for word in [w for w in self.listed if w in wanted]:
            # the next wanted word in order is the next occurrence of that word: one walk over the
            # text in all
            position = index(f" {word} ", position)
            found.append((position, word))
            position += len(word) + 1
        return found


class Lexed(msgspec.Struct):
    """A file's text (one character a byte, see letters.as_compiled) with its comments and literals.

    `cut`: the start of each word that a continued line cuts in two, and the end of what it takes in
    the file. `raws`: the literals that hold line ends of their own.
    """

    text: str
    comments: Ranges
    literals: Ranges
    cut: dict[int, int] = msgspec.field(default_factory=dict)
    raws: list[tuple[int, int]] = msgspec.field(default_factory=list)
    is_changed: bool = False  # the file's bytes are not the text's
    has_odd_headers: bool = False  # there is another reading, see header_names
    _words: frozenset[str] | None = None
    _code: str | None = None
    _bare: str | None = None

    @property
    def code(self) -> str:
        """The text with blanks for comments and continued lines, and with one sign for each
        digraph; of the same length.

        Each line end that is left ends a line of code. Literals are as they are, but for their line
        ends and the escapes of line ends and tabs, whose letters belong to no word.
        """
        if self._code is None:
            self._code = _as_code(self)
        return self._code

    @property
    def bare(self) -> str:
        """The code with blanks for literals too, quotes included."""
        if self._bare is None:
            self._bare = blanked(self.code, self.literals)
        return self._bare

    def is_as_written(self, masked: bytes, start: int, end: int) -> bool:
        """Return whether the file (its `masked` bytes) holds what the text has from `start` to
        `end`, line ends aside.

        Only there do offsets of the text lie between the same letters in the file, whatever they
        are offsets of.
        """
        low, high = max(0, start - 1), end + 1
        written = masked[low:high].decode("latin-1") if self.is_changed else self.text[low:high]
        return written.replace("\r", "\n") == self.text[low:high].replace("\r", "\n")

    def end(self, offset: int, word: str) -> int:
        """Return where what the file has of a word of code at `offset` ends."""
        return self.cut.get(offset, offset + len(word)) if self.cut else offset + len(word)

    def is_code(self, offset: int) -> bool:
        """Return whether `offset` lies outside comments and literals."""
        for ranges in (self.comments, self.literals):
            i = bisect_right(ranges.starts, offset)
            if i and offset < ranges.ends[i - 1]:
                return False
        return True

    def places(self, words: Iterable[str]) -> list[tuple[int, str]]:
        """Return (offset, word) of each whole-word occurrence of a few words outside of comments,
        in file order.
        """
        code, found = self.code, list[tuple[int, str]]()
        for word in words:
            at, size = code.find(word), len(word)
            while at >= 0:
                if (
                    code[at - 1 : at] not in _PARTS
                    and code[at + size : at + size + 1] not in _PARTS
                ):
                    found.append((at, word))
                at = code.find(word, at + size)
        return sorted(found)

    def words(self) -> frozenset[str]:
        """Return every distinct word of the file, comments, literals and numbers included; kept
        once asked for.
        """
        if self._words is None:
            self._words = frozenset(Words(self.text).listed)
        return self._words

    def find(self, wanted: Container[str]) -> list[tuple[int, str]]:
        """Return (offset, word) of each whole-word occurrence of a wanted name, in file order."""
        return Words(self.text).find(wanted) if wanted else []


def lex(data: bytes, skipped: bool = False) -> Lexed:
    """Find the comments and literals of `data` (masked bytes of a file). `skipped`: see
    header_names.
    """
    read = data.decode("latin-1")
    text, cut = as_compiled(read)
    comments, literals, raws = Ranges(), Ranges(), list[tuple[int, int]]()
    headers = OddNames(text, skipped)
    is_odd = headers.is_left
    position, separator, search = 0, -1, _NONCODE.search
    while (match := search(text, position)) is not None:
        start, end = match.span()
        first = text[start]
        if start >= headers.first:
            header = headers.end(start, position, (comments.starts, comments.ends))
            if header:
                position = header
                continue
        if first == "/":
            if text[start + 1] == "*":
                end = text.find("*/", start + 2) + 2
                end = end if end > 1 else len(text)
            comments.add(start, end)
        elif first == '"':
            if text[start - 1 : start] == "R":
                start, end = _raw(text, start, end)
                if text.find("\n", start, end) >= 0:
                    raws.append((start, end))
            literals.add(start, end)
        elif text[start - 1 : start] in _PARTS and _is_separator(
            text, position, start, position == separator
        ):
            end = separator = start + 1
        else:
            literals.add(start, end)
        position = end
    return Lexed(text, comments, literals, cut, raws, text != read, is_odd)


def _raw(text: str, quote: int, end: int) -> tuple[int, int]:
    """Return the range of the raw string whose quote stands at `quote`; a plain literal up to `end`
    when it is none.
    """
    prefix, opening = _RAW_PREFIX.search(text, max(0, quote - 3), quote), _RAW.match(text, quote)
    if prefix is None or opening is None:
        return quote, end
    closing = f'){opening.group(1)}"'
    last = text.find(closing, opening.end())
    return (prefix.start(), last + len(closing)) if last >= 0 else (quote, end)


def _is_separator(text: str, position: int, quote: int, goes_on: bool) -> bool:
    """Is the quote part of a number? `position`: what was read before ends there, a quote in a
    number if it `goes_on`.
    """
    if text[quote + 1 : quote + 2] not in _PARTS:
        return False
    start = quote
    while start > position and (text[start - 1] in _PARTS or text[start - 1] == "."):
        start -= 1
    return (goes_on and start == position) or _NUMBER.match(text, start, quote) is not None


def _as_code(lexed: Lexed) -> str:
    code = blanked(lexed.text, lexed.comments)
    if code.startswith(_MARK):
        code = " " * len(_MARK) + code[len(_MARK) :]
    if "\\" in code:
        code = code.replace("\\\r\n", "   ") if "\r" in code else code
        code = code.replace("\\\n", "  ").replace("\\n", "  ").replace("\\t", "  ")
    if ("%" in code and _PERCENT.search(code)) or "<:" in code or ":>" in code:
        held = lexed.literals.holds
        code = _DIGRAPH.sub(lambda m: m.group() if held(m.start()) else _DIGRAPHS[m.group()], code)
    pieces, position = list[str](), 0
    for start, end in lexed.raws:
        pieces += (code[position:start], code[start:end].replace("\n", " "))
        position = end
    return "".join([*pieces, code[position:]]) if pieces else code


def blanked(text: str, ranges: Ranges) -> str:
    """Return `text` with blanks for what stands in some ranges."""
    if not ranges.starts:
        return text
    pieces, position = list[str](), 0
    for start, end in zip(ranges.starts, ranges.ends, strict=True):
        pieces += (text[position:start], " " * (end - start))
        position = end
    return "".join([*pieces, text[position:]])


def code_after(code: str, offset: int) -> int:
    """Return the first offset from `offset` on that holds no blank; `code`: see Lexed.code."""
    match = _BLANK_RUN.match(code, offset)
    return match.end() if match is not None else offset


def code_before(code: str, offset: int) -> int:
    """Return the offset behind the last byte before `offset` that is no blank; `code`: see
    Lexed.code.
    """
    size = 32
    while offset:
        piece = code[max(0, offset - size) : offset]
        left = len(piece.rstrip(BLANKS))
        offset -= len(piece) - left
        if left:
            break
        size *= 4
    return offset


def code_words(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Return (offset, word) of the words in text[start:end]; the range must hold no comment or
    literal.
    """
    return [(m.start(), m.group()) for m in _WORD.finditer(text, start, end)]
