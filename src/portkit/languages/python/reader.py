# SPDX-License-Identifier: Apache-2.0
"""CUDA source in the strings of a Python file, found with Python's own parser."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator

import msgspec

from portkit.languages.python import spaces
from portkit.model.reading import Issue
from portkit.model.spans import Span
from portkit.model.words import Parse
from portkit.vocab.vocabulary import Vocabulary

RULE = "PK912"
_LINE = re.compile(rb"\r\n|\r|\n")
_WORD = re.compile(r"[A-Za-z_]\w*")
_FILLED = "_"  # a word stands where a {} is
_BOM = b"\xef\xbb\xbf"


class Reading(msgspec.Struct, frozen=True):
    """What a Python file says: how it was read, and one issue a string that holds CUDA source."""

    parse: Parse
    issues: tuple[Issue, ...] = ()


def read_python(data: bytes, vocabulary: Vocabulary) -> Reading:
    """Return what the bytes of a Python file say.

    A string (plain, bytes, or with {} in it) holds CUDA source when an execution-space word stands
    in it beside other words. A string that is a statement by itself, as a docstring is, is read by
    people only and does not count. A file that Python's parser refuses gets one issue at its first
    execution-space word. Never raises on content.
    """
    pattern = spaces(vocabulary)
    first = pattern.search(data)
    if first is None:
        return Reading(Parse.SYNTAX)
    lines = _Lines(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is no concern of the reader's
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        args = {
            "name": first.group().decode(),
            "case": "unparsed",
            "count": str(len(pattern.findall(data))),
        }
        return Reading(Parse.LEX, (Issue(RULE, Span(*first.span()), args),))
    words = frozenset(vocabulary.execution_space)
    issues = []
    for node, text in _strings(tree):
        found = _WORD.findall(text)
        held = next((w for w in found if w in words), None)
        if held is not None and not words.issuperset(found):
            issues.append(Issue(RULE, lines.span(node), {"name": held}))
    issues.sort(key=lambda issue: issue.span)
    return Reading(Parse.SYNTAX, tuple(issues))


def _strings(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield the strings that are values, with their text; what fills a {} is a word in it, and is
    looked at by itself.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node, node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        elif isinstance(node, ast.JoinedStr):
            yield (
                node,
                " ".join(
                    p.value if isinstance(p, ast.Constant) and isinstance(p.value, str) else _FILLED
                    for p in node.values
                ),
            )
            waiting += [p for p in node.values if not isinstance(p, ast.Constant)]
        else:
            waiting += ast.iter_child_nodes(node)


def comments(data: bytes) -> Iterator[tuple[str, Span]]:
    """Yield the comments of a file with their bytes, as far as Python's tokenizer gets."""
    lines = _Lines(data)
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                yield token.string, Span(lines.after(*token.start), lines.after(*token.end))
    except (tokenize.TokenError, SyntaxError):
        return


class _Lines:
    """Where a line and a column of Python's parser lie in the bytes of a file, whatever its
    encoding.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.mark = data, len(_BOM) if data.startswith(_BOM) else 0
        self.starts = [self.mark, *(m.end() for m in _LINE.finditer(data))]
        try:
            self.encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace(
                "-sig", ""
            )
        except SyntaxError:
            self.encoding = "utf-8"

    def offset(self, line: int, column: int) -> int:
        """Return the byte of a 1-based line and a column in bytes of UTF-8."""
        start = self.starts[line - 1]
        if self.encoding == "utf-8" or not column:
            return start + column
        text = self._text(line)
        return start + len(text.encode()[:column].decode(errors="ignore").encode(self.encoding))

    def after(self, line: int, characters: int) -> int:
        """Return the byte of a 1-based line and a column in characters."""
        return self.starts[line - 1] + len(
            self._text(line)[:characters].encode(self.encoding, "surrogateescape")
        )

    def span(self, node: ast.expr) -> Span:
        """Return the bytes of a node."""
        start = self.offset(node.lineno, node.col_offset)
        return Span(
            start,
            self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
        )

    def _text(self, line: int) -> str:
        end = self.starts[line] if line < len(self.starts) else len(self.data)
        return self.data[self.starts[line - 1] : end].decode(self.encoding, "surrogateescape")
