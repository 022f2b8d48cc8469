# SPDX-License-Identifier: Apache-2.0
"""CUDA source text in the literals of a Python file: which call compiles it, and where each byte of
the text lies in the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from portkit.languages.python.asked import Asked
from portkit.languages.python.literals import Piece, pieces
from portkit.languages.python.scopes import dotted_text
from portkit.languages.python.tables import Parameter
from portkit.model.reading import Issue, Reference, SourceText
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_PLAIN = {
    b"\\": b"\\", b"'": b"'", b'"': b'"', b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a",
    b"b": b"\b", b"f": b"\f", b"v": b"\v",
}  # fmt: skip
_NUMBER = re.compile(rb"[0-7]{1,3}|x[0-9A-Fa-f]{2}")
_UNCLEAR = b"NuU"


class Text(NamedTuple):
    """The text of a literal: its bytes, and where in the file each of them lies."""

    text: bytes
    places: list[int]


class Texts:
    """Collects the literals of a file that a call compiles as CUDA."""

    def __init__(self, walk: Asked) -> None:
        self._walk = walk
        self._calls = [(re.compile(p.call), p) for p in walk.words.sources]
        self._held: dict[str, ast.expr | None] = {}  # literals by the name that they are given
        self._wanted: list[tuple[ast.expr, str]] = []

    def assigned(self, target: ast.expr, value: ast.expr) -> None:
        """Remember a literal by the name that it is given; one of several is none."""
        if isinstance(target, ast.Name):
            text = value if isinstance(value, ast.Constant | ast.JoinedStr) else None
            self._held[target.id] = None if target.id in self._held else text

    def called(self, node: ast.Call, dotted: str) -> None:
        """Remember what a call compiles."""
        name = dotted or dotted_text(node.func)
        for pattern, parameter in self._calls:
            if name and pattern.fullmatch(name):
                self._wanted += [(argument, name) for argument in _given(node, parameter)]

    def found(self) -> list[tuple[Span, str]]:
        """Return the literals that are compiled, with the call that does it, in order."""
        spans: dict[Span, str] = {}
        for node, name in self._wanted:
            waiting: list[ast.expr | None] = [node]
            while waiting:
                one = waiting.pop()
                if isinstance(one, ast.Name):
                    one = self._held.get(one.id)
                if isinstance(one, ast.List | ast.Tuple):
                    waiting += one.elts
                elif isinstance(one, ast.Constant | ast.JoinedStr):
                    spans[self._walk.lines.span(one)] = name
        return sorted(spans.items())


def _given(node: ast.Call, parameter: Parameter) -> Sequence[ast.expr]:
    found = [k.value for k in node.keywords if k.arg in parameter.keywords]
    if not found and 0 <= parameter.position < len(node.args):
        found.append(node.args[parameter.position])
    return found


def text_of(data: bytes, span: Span) -> Text | None:
    """Return the text of a literal, or of several side by side; None where it is not clear what
    stands at which byte: braces that are filled in, names of characters.
    """
    text, places = bytearray(), list[int]()
    found = pieces(data, span)
    for piece in found:
        if piece.formatted or not _add(data, piece, text, places):
            return None
    return Text(bytes(text), places) if found else None


def _add(data: bytes, piece: Piece, text: bytearray, places: list[int]) -> bool:
    at, end = piece.body.start, piece.body.end
    if piece.raw or b"\\" not in data[at:end]:
        text += data[at:end]
        places += range(at, end)
        return True
    while at < end:
        if data[at : at + 1] != b"\\":
            text += data[at : at + 1]
            places.append(at)
            at += 1
            continue
        follows = data[at + 1 : at + 2]
        number = _NUMBER.match(data, at + 1, end)
        if follows in (b"\n", b"\r"):
            at += 3 if data[at + 1 : at + 3] == b"\r\n" else 2
            continue
        if follows in _UNCLEAR:
            return False
        said, length = _PLAIN.get(follows, b"\\" + follows), 2
        if number is not None:
            digits = number.group()
            value = int(digits[1:], 16) if digits[:1] == b"x" else int(digits, 8)
            said, length = bytes([value & 0xFF]), 1 + len(digits)
        text += said
        places += [at] * len(said)
        at += length
    return True


def read_texts(
    data: bytes, wanted: Sequence[tuple[Span, str]], vocabulary: Vocabulary
) -> tuple[list[Reference], list[SourceText], list[Issue]]:
    """Return what the compiled literals of a file say of CUDA, each in its own place; what is not
    clear is an issue.
    """
    from portkit.languages.cxx.embedded import read_embedded

    references, texts, issues = list[Reference](), list[SourceText](), list[Issue]()
    for span, name in wanted:
        text = text_of(data, span)
        if text is None:
            issues.append(Issue("PK912", span, {"name": name, "case": "formatted"}))
            continue
        scan = read_embedded(text.text, vocabulary)
        texts.append(SourceText(span, name))
        for ref in scan.references:
            placed = _placed(data, text, ref)
            if placed is not None:
                references.append(placed)
        issues += [
            Issue("PK912", Span(text.places[a.span.start], text.places[a.span.start] + 1),
                  {"name": "asm", "case": "ptx"})
            for a in scan.facts.asm
        ]  # fmt: skip
    return references, texts, issues


def _placed(data: bytes, text: Text, ref: Reference) -> Reference | None:
    """Return a reference at its place in the file, if its bytes stand there as they are read."""
    if not len(ref.span):
        return None
    start, end = text.places[ref.span.start], text.places[ref.span.end - 1] + 1
    if data[start:end] != text.text[ref.span.start : ref.span.end]:
        return None
    return replace(ref, span=Span(start, end))
