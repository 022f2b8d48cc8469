# SPDX-License-Identifier: Apache-2.0
"""The bytes of one source file, its encoding, and where a byte offset stands for a reader.

Inside portkit everything is a byte offset; lines and columns are made here, for reports only.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

_SURROGATES = re.compile("[\udc80-\udcff]")
_UTF16_LINES = {
    "utf-16-le": re.compile(rb"\r\x00\n\x00|\r\x00|\n\x00"),
    "utf-16-be": re.compile(rb"\x00\r\x00\n|\x00\r|\x00\n"),
}
_HEAD = 8192


def looks_binary(data: bytes) -> bool:
    """Return whether `data` is no text: a zero byte near its start and no UTF-16 byte order mark."""
    return b"\0" in data[:_HEAD] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def detect_encoding(data: bytes) -> str:
    """Name the encoding of `data`: utf-8, utf-8-sig, utf-16 (by its mark), gb18030 or latin-1.

    A file that is UTF-8 save for a few broken bytes is utf-8. Bytes that are valid GB18030 count as
    such only when most pairs lie in the plane of the common Chinese characters; otherwise accented
    Latin text would do too.
    """
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data.isascii():
        return "utf-8"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # Lines without a high byte say nothing; leaving them out keeps big files fast.
    high = b"\n".join(line for line in data.split(b"\n") if not line.isascii())
    text = high.decode("utf-8", "surrogateescape")
    broken = len(_SURROGATES.findall(text))
    valid = sum(1 for char in text if char > "\x7f") - broken
    if valid > broken:
        return "utf-8"
    return "gb18030" if _is_chinese(high) else "latin-1"


def _is_chinese(data: bytes) -> bool:
    """Return whether `data` decodes as GB18030 and reads like Chinese: pairs of two high bytes
    prevail.
    """
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    raw = [char.encode("gb18030") for char in text if char > "\x7f"]
    common = sum(
        1 for pair in raw if len(pair) == 2 and 0xA1 <= pair[0] <= 0xF7 and pair[1] >= 0xA1
    )
    return 2 * common > len(raw)


def line_starts(data: bytes) -> list[int]:
    """Return the byte offsets at which lines start, the first one at 0; behind a last line end
    starts one more.

    Line ends are LF, CRLF and a lone CR: those of every encoding but UTF-16.
    """
    lines = data.splitlines(keepends=True)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines.pop()
    return list(accumulate(map(len, lines), initial=0))


class SourceText:
    """Bytes as read from disk, with lazy lookup of lines and columns.

    `data` is never changed; `encoding` is a Python codec name as of `detect_encoding`.
    Line ends are LF, CRLF and a lone CR. All lines and columns are 1-based.
    """

    __slots__ = ("_ascii", "_codec", "_mark", "_memo", "_starts", "data", "encoding")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.encoding = detect_encoding(data)
        self._ascii = data.isascii()
        self._codec, self._mark = _codec(data, self.encoding)
        self._starts: list[int] | None = None
        # a character boundary seen last: line, offset, code points before it in the line
        self._memo = (0, 0, 0)

    @property
    def line_count(self) -> int:
        """Number of lines; a last line without a line end counts, the nothing after a last line end
        does not.
        """
        starts = self._lines()
        if not self.data or starts[-1] < len(self.data):
            return len(starts) if self.data else 0
        return len(starts) - 1

    def position(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of the byte `offset` (0 .. len(data)).

        The column counts code points of the decoded line; an undecodable byte counts one, a tab
        counts one, a byte order mark counts none.
        """
        if not 0 <= offset <= len(self.data):
            raise ValueError(f"offset {offset} lies outside of the file's {len(self.data)} bytes")
        starts = self._lines()
        line = bisect_right(starts, offset)
        start = starts[line - 1]
        if self._ascii:
            return line, offset - start + 1
        return line, self._points(line, start, offset) + 1

    def positions(self, offsets: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return the `position` of each of some sorted offsets."""
        if not self._ascii or not offsets or offsets[0] < 0 or offsets[-1] > len(self.data):
            return {offset: self.position(offset) for offset in offsets}
        starts = self._lines()
        return {o: ((line := bisect_right(starts, o)), o - starts[line - 1] + 1) for o in offsets}

    def line_text(self, line: int) -> str:
        """Return the decoded text of the 1-based `line` without its line end; undecodable bytes as
        U+FFFD.
        """
        starts = self._lines()
        if not 1 <= line <= len(starts):
            raise ValueError(f"the file has no line {line}")
        start = max(starts[line - 1], self._mark if line == 1 else 0)
        end = starts[line] if line < len(starts) else len(self.data)
        text = self.data[start:end].decode(self._codec, _errors(self._codec))
        return _SURROGATES.sub("\ufffd", text.removesuffix("\n").removesuffix("\r"))

    def line_bytes(self, line: int) -> tuple[int, int]:
        """Return the byte offsets at which the 1-based `line` starts and ends, its line end
        included.
        """
        starts = self._lines()
        return starts[line - 1], starts[line] if line < len(starts) else len(self.data)

    def _lines(self) -> list[int]:
        """Return the byte offsets at which lines start."""
        if self._starts is None:
            if self._codec in _UTF16_LINES:
                ends = [found.end() for found in _UTF16_LINES[self._codec].finditer(self.data)]
                self._starts = [0, *(end for end in ends if end % 2 == 0)]
            else:
                self._starts = line_starts(self.data)
        return self._starts

    def _points(self, line: int, start: int, offset: int) -> int:
        """Return how many code points stand between `start` and `offset`; long lines are counted on
        from the memo.
        """
        count = 0
        if line == 1:
            start, offset = self._mark, max(offset, self._mark)
        if self._memo[0] == line and start <= self._memo[1] <= offset:
            start, count = self._memo[1:]
        prefix = self.data[start:offset]
        count += (
            len(prefix)
            if prefix.isascii() and self._codec not in _UTF16_LINES
            else self._decoded(prefix)
        )
        # Two ASCII bytes side by side: never the inside of a character, in any of the codecs but
        # UTF-16.
        around = self.data[max(offset - 1, 0) : offset + 1]
        if len(around) == 2 and around.isascii() and self._codec not in _UTF16_LINES:
            self._memo = (line, offset, count)
        return count

    def _decoded(self, prefix: bytes) -> int:
        return len(prefix.decode(self._codec, _errors(self._codec)))


def _errors(codec: str) -> str:
    return "replace" if codec in _UTF16_LINES else "surrogateescape"


def _codec(data: bytes, encoding: str) -> tuple[str, int]:
    """Return the codec for pieces of the file, and the length of the byte order mark."""
    if encoding == "utf-8-sig":
        return "utf-8", len(codecs.BOM_UTF8)
    if encoding == "utf-16":
        return ("utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"), 2
    return encoding, 0
