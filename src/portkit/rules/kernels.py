# SPDX-License-Identifier: Apache-2.0
"""Views of device code that rules share: a file's text without comments and literals, each kernel's head and body."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import msgspec

from portkit.model import Span
from portkit.rules.view import FileView
from portkit.scan.cxx.lexer import lex, mask

_HEAD = 2000  # bytes before a body that may hold its parameters


class Code(msgspec.Struct, frozen=True):
    """A file's text, one character a byte, and the same with comments and literals blanked (line ends stay).

    `literals` are the ranges of string and character literals, in order.
    """

    text: str
    plain: str
    literals: tuple[Span, ...] = ()


class DeviceFunction(msgspec.Struct, frozen=True):
    """A function of device code: `head` runs from the end of what stands before it to its body."""

    name: str
    space: str
    head: Span
    body: Span

    @property
    def span(self) -> Span:
        """Head and body."""
        return Span(self.head.start, self.body.end)


def code(view: FileView) -> Code:
    """Return the file's text with and without comments and literals. Use it through `view.once(code)`."""
    lexed = lex(mask(view.data, view.scan.encoding))
    pieces, position = [], 0
    ranges = [pair for r in (lexed.comments, lexed.literals) for pair in zip(r.starts, r.ends, strict=True)]
    for start, end in sorted(ranges):
        pieces += [lexed.text[position:start], re.sub(r"[^\n]", " ", lexed.text[start:end])]
        position = end
    literals = tuple(Span(a, b) for a, b in zip(lexed.literals.starts, lexed.literals.ends, strict=True))
    return Code(lexed.text, "".join(pieces) + lexed.text[position:], literals)


def device_functions(view: FileView) -> list[DeviceFunction]:
    """Return the file's kernels and device functions in order. Use it through `view.once(device_functions)`."""
    plain = view.once(code).plain
    found = []
    for kernel in sorted(view.scan.facts.kernels, key=lambda k: k.span):
        start = max(plain.rfind(mark, max(0, kernel.span.start - _HEAD), kernel.span.start) for mark in (";", "}", "{", "#"))
        found.append(DeviceFunction(kernel.name, kernel.space, Span(start + 1, kernel.span.start), kernel.span))
    return found


def words_in_device_code(view: FileView, pattern: re.Pattern[str]) -> Iterator[tuple[DeviceFunction, list[Span]]]:
    """Yield each device function with the matches of `pattern` in its head and body; functions without one are left out."""
    plain = view.once(code).plain
    for function in view.once(device_functions):
        spans = [Span(m.start(), m.end()) for m in pattern.finditer(plain, function.head.start, function.body.end)]
        if spans:
            yield function, spans


def arguments(plain: str, position: int) -> list[Span]:
    """Return the ranges of a call's arguments; `position` is right behind the callee's name. Empty when no call stands there."""
    opening = re.compile(r"\s*\(").match(plain, position)
    if opening is None:
        return []
    found: list[Span] = []
    depth, start = 0, opening.end()
    for match in re.compile(r"[()\[\]{},]").finditer(plain, opening.end() - 1, opening.end() + 20_000):
        char = match.group()
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return [*found, Span(start, match.start())]
        elif depth == 1:
            found.append(Span(start, match.start()))
            start = match.end()
    return []


def declared_type(plain: str, name: str, function: DeviceFunction, before: int) -> str:
    """Return the type word in front of the last declaration of `name` in a function above `before`, or "" when none is seen."""
    position = before
    while (position := plain.rfind(name, function.head.start, position)) >= 0:
        if _INSIDE.match(plain, position - 1) or _DECLARED.match(plain, position + len(name)) is None:
            continue
        head = plain[max(function.head.start, position - _TYPE_WINDOW) : position]
        word = "const"
        while word in ("const", "__restrict__"):
            head = head.rstrip(" \t\r\n&*")
            word = head[len(head.rstrip(_WORD_CHARACTERS)) :]
            head = head.removesuffix(word)
        if word and not word[0].isdigit() and word not in _NOT_TYPES:
            return word
    return ""


_DECLARED = re.compile(r"\s*[=;,)\[{(]")
_WORD_CHARACTERS = string.ascii_letters + string.digits + "_"
_INSIDE = re.compile(r"\w", re.A)
_TYPE_WINDOW = 120
_NOT_TYPES = frozenset({"return", "else", "case", "goto", "new", "delete", "throw", "sizeof", "typename", "struct", "class", "const"})
