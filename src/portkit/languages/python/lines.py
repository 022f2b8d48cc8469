# SPDX-License-Identifier: Apache-2.0
"""Where a line and a column of Python's parser lie in the bytes of a file, whatever its encoding."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from portkit.model.spans import Span

_LINE = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


class Lines:
    """The lines of a file, or of an expression that stands `base` bytes into it."""

    def __init__(self, data: bytes, base: int = 0, encoding: str = "") -> None:
        self.data, self.base = data, base
        mark = len(_BOM) if data.startswith(_BOM) else 0
        self.starts = [mark, *(m.end() for m in _LINE.finditer(data))]
        self.encoding = encoding or _encoding(data)

    def offset(self, line: int, column: int) -> int:
        """Return the byte of a 1-based line and a column in bytes of UTF-8."""
        start = self.starts[line - 1] + self.base
        if self.encoding == "utf-8" or not column:
            return start + column
        text = self._text(line)
        return start + len(text.encode()[:column].decode(errors="ignore").encode(self.encoding))

    def after(self, line: int, characters: int) -> int:
        """Return the byte of a 1-based line and a column in characters."""
        return self.starts[line - 1] + len(
            self._text(line)[:characters].encode(self.encoding, "surrogateescape")
        )

    def start(self, node: ast.stmt | ast.expr | ast.alias | ast.keyword) -> int:
        """Return the first byte of a node."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.stmt | ast.expr | ast.alias) -> int:
        """Return the byte behind a node."""
        return self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    def span(self, node: ast.stmt | ast.expr | ast.alias) -> Span:
        """Return the bytes of a node."""
        return Span(self.start(node), self.end(node))

    def line(self, number: int) -> int:
        """Return the first byte of a 1-based line; the end of the file behind the last one."""
        starts = self.starts
        return (starts[number - 1] if number <= len(starts) else len(self.data)) + self.base

    def _text(self, line: int) -> str:
        end = self.starts[line] if line < len(self.starts) else len(self.data)
        return self.data[self.starts[line - 1] : end].decode(self.encoding, "surrogateescape")


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace("-sig", "")
    except SyntaxError:
        return "utf-8"
