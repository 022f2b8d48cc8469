# SPDX-License-Identifier: Apache-2.0
"""Views of device code that rules share: a file's text without comments and literals, each kernel's
head and body.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.directives import read_directives
from portkit.languages.cxx.letters.lexer import Lexed, lex, mask
from portkit.languages.cxx.values.preprocessor import Include
from portkit.model.spans import Edit, Span
from portkit.rules.view import FileSource

_HEAD = 2000  # bytes before a body that may hold its parameters


class Code(msgspec.Struct, frozen=True):
    """A file's text, one character a byte, and the same with comments, literals and continued lines
    blanked.

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


def lexed_source(source: FileSource) -> Lexed:
    """Return the file as lexed. Use it through `source.once(lexed_source)`."""
    return lex(mask(source.data, source.scan.encoding))


def as_written(source: FileSource, fix: Iterable[Edit]) -> bool:
    """Return whether the file holds what the rules saw where the edits of a fix are: no continued
    line cuts a word there.
    """
    lexed = source.once(lexed_source)
    if not lexed.is_changed:
        return True
    masked = mask(source.data, source.scan.encoding)
    return all(lexed.is_as_written(masked, e.span.start, e.span.end) for e in fix)


def code(source: FileSource) -> Code:
    """Return the file's text with and without comments and literals. Use it through
    `view.once(code)`.
    """
    lexed = source.once(lexed_source)
    literals = tuple(
        Span(a, b) for a, b in zip(lexed.literals.starts, lexed.literals.ends, strict=True)
    )
    return Code(lexed.text, lexed.bare, literals)


def brackets(source: FileSource) -> Brackets:
    """Return which bracket closes which. Use it through `source.once(brackets)`."""
    lexed = source.once(lexed_source)
    return Brackets(lexed, read_directives(lexed))


def include_lines(source: FileSource) -> list[Include]:
    """Return the includes of the file's `#include` directives. Use it through
    `source.once(include_lines)`.
    """
    directives = read_directives(source.once(lexed_source))
    keywords = ((include, directives.at(include.span.start)) for include in directives.includes)
    return [include for include, line in keywords if line is not None and line.keyword == "include"]


def device_functions(source: FileSource) -> list[DeviceFunction]:
    """Return the file's kernels and device functions in order. Use it through
    `view.once(device_functions)`.
    """
    plain = source.once(code).plain
    found = []
    for kernel in sorted(source.scan.facts.kernels, key=lambda k: k.span):
        start = max(
            plain.rfind(mark, max(0, kernel.span.start - _HEAD), kernel.span.start)
            for mark in (";", "}", "{", "#")
        )
        found.append(
            DeviceFunction(
                kernel.name, kernel.space, Span(start + 1, kernel.span.start), kernel.span
            )
        )
    return found


class NeededLetters(NamedTuple):
    """A pattern and some letters, of which each match holds one at least: where there are none of
    them, it need not be tried.
    """

    pattern: re.Pattern[str]
    hints: tuple[str, ...]

    def finditer(self, text: str, start: int, end: int) -> list[re.Match[str]]:
        """Return the matches in text[start:end]."""
        if all(text.find(hint, start, end) < 0 for hint in self.hints):
            return []
        return list(self.pattern.finditer(text, start, end))


@functools.cache
def in_device_code(
    words: NeededLetters,
) -> Callable[[FileSource], list[tuple[DeviceFunction, list[Span]]]]:
    """Return what finds the device functions with `words` in head or body, and where. Use it
    through `view.once(...)`.
    """

    def find(source: FileSource) -> list[tuple[DeviceFunction, list[Span]]]:
        if not any(hint.encode() in source.data for hint in words.hints):
            return []
        plain = source.once(code).plain
        made = (
            (f, words.finditer(plain, f.head.start, f.body.end))
            for f in source.once(device_functions)
        )
        return [
            (function, [Span(m.start(), m.end()) for m in matches])
            for function, matches in made
            if matches
        ]

    return find


def arguments(plain: str, position: int) -> list[Span]:
    """Return the ranges of a call's arguments; `position` is right behind the callee's name. Empty
    when no call stands there.
    """
    opening = re.compile(r"\s*\(").match(plain, position)
    if opening is None:
        return []
    found: list[Span] = []
    depth, start = 0, opening.end()
    for match in re.compile(r"[()\[\]{},]").finditer(
        plain, opening.end() - 1, opening.end() + 20_000
    ):
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
    """Return the type word in front of the last declaration of `name` in a function above `before`,
    or "" when none is seen.
    """
    position = before
    while (position := plain.rfind(name, function.head.start, position)) >= 0:
        if (
            _INSIDE.match(plain, position - 1)
            or _DECLARED.match(plain, position + len(name)) is None
        ):
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
_NOT_TYPES = frozenset(
    {
        "return",
        "else",
        "case",
        "goto",
        "new",
        "delete",
        "throw",
        "sizeof",
        "typename",
        "struct",
        "class",
        "const",
    }
)
