# SPDX-License-Identifier: Apache-2.0
"""String literals by their bytes: where the text of one lies, and the expressions inside of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.model.spans import Span

_PIECE = re.compile(
    rb"""(?P<prefix>[A-Za-z]{0,2})(?P<quote>'''|\"\"\"|'|\")""",
)
_BETWEEN = re.compile(rb"(?:[ \t\r\n\f\\]|\#[^\n]*)*")
_OPEN, _CLOSE = b"([{", b")]}"


class Piece(msgspec.Struct, frozen=True):
    """One literal of those that stand side by side. `body`: the bytes between its quotes."""

    prefix: str
    body: Span

    @property
    def raw(self) -> bool:
        """Whether a backslash stands for itself."""
        return "r" in self.prefix

    @property
    def formatted(self) -> bool:
        """Whether braces hold expressions."""
        return "f" in self.prefix or "t" in self.prefix


def pieces(data: bytes, span: Span) -> list[Piece]:
    """Return the literals of an expression of one or more side by side; none for anything else."""
    found: list[Piece] = []
    at = span.start
    while at < span.end:
        match = _PIECE.match(data, at, span.end)
        if match is None:
            return []
        end = _end(data, match)
        if end is None or end > span.end:
            return []
        quote = match["quote"]
        found.append(
            Piece(match["prefix"].decode("ascii").lower(), Span(match.end(), end - len(quote)))
        )
        blank = _BETWEEN.match(data, end, span.end)
        at = blank.end() if blank is not None else end
    return found


def _end(data: bytes, match: re.Match[bytes]) -> int | None:
    """Return where a literal ends, behind its closing quote."""
    quote, at = match["quote"], match.end()
    formatted = bool(set(match["prefix"].lower()) & set(b"ft"))
    while at < len(data):
        byte = data[at : at + 1]
        if byte == b"\\":
            at += 2
        elif data.startswith(quote, at):
            return at + len(quote)
        elif formatted and byte == b"{":
            if data.startswith(b"{{", at):
                at += 2
                continue
            close = closing_brace(data, at + 1)
            at = close + 1 if close is not None else at + 1
        else:
            at += 1
    return None


def closing_brace(data: bytes, at: int, end: int | None = None) -> int | None:
    """Return where the brace that opens before `at` is closed; strings in between count for none."""
    depth, end = 0, len(data) if end is None else end
    while at < end:
        byte = data[at : at + 1]
        if byte in b"'\"":
            quote = data[at : at + 3] if data[at : at + 3] in (b"'''", b'"""') else byte
            close = data.find(quote, at + len(quote), end)
            if close < 0:
                return None
            at = close + len(quote)
            continue
        if byte in _OPEN:
            depth += 1
        elif byte in _CLOSE:
            if not depth:
                return at if byte == b"}" else None
            depth -= 1
        at += 1
    return None


def expressions(data: bytes, piece: Piece) -> Iterator[Span]:
    """Yield the expressions in the braces of a formatted literal, without what formats them."""
    at, end = piece.body.start, piece.body.end
    while at < end:
        if data.startswith((b"{{", b"}}"), at):
            at += 2
            continue
        if data[at : at + 1] != b"{":
            at += 1
            continue
        close = closing_brace(data, at + 1, end)
        if close is None:
            return
        yield Span(at + 1, _expression_end(data, at + 1, close))
        at = close + 1


def _expression_end(data: bytes, at: int, end: int) -> int:
    depth = 0
    while at < end:
        byte = data[at : at + 1]
        if byte in b"'\"":
            close = data.find(byte, at + 1, end)
            at = close + 1 if close >= 0 else end
            continue
        depth += (byte in _OPEN) - (byte in _CLOSE)
        if not depth and byte == b":":
            break
        if not depth and byte == b"!" and data[at + 1 : at + 2] != b"=":
            break
        at += 1
    while data[at - 1 : at] in (b"=", b" ") and data[at - 2 : at] not in (
        b"==",
        b">=",
        b"<=",
        b"!=",
    ):
        at -= 1
    return at
