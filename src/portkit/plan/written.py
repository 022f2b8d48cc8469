# SPDX-License-Identifier: Apache-2.0
"""How the scope of a name is written: the words and colons in front of it."""

from __future__ import annotations

import re
from typing import NamedTuple

from portkit.rules.cxx.kernels import lexed_source
from portkit.rules.view import FileSource
from portkit.vocab.keywords import KEYWORDS

_JOINT = 4000  # bytes, comments included, between the parts of a name
_BLANK = frozenset({b" ", b"\t", b"\r", b"\n", b"\f", b"\v"})
_WORD = re.compile(rb"[A-Za-z0-9_]*\Z", re.A)
_WINDOW = 200


class Part(NamedTuple):
    """A word of a scope, with where it stands in the file."""

    word: str
    start: int
    end: int


class Written(NamedTuple):
    """A scope as written, without a leading `::`. `plain`: nothing but blanks and colons stand
    between its words and the name.
    """

    parts: tuple[Part, ...]
    plain: bool


def written_scope(source: FileSource, start: int) -> Written:
    """Return what stands in front of the name at `start`, as far as it is a scope."""
    found, whole = _walk(source.data, start)
    if whole:
        return Written(found, True)
    found, _ = _walk(source.once(_code), start)
    return Written(found, False)


def is_joint(data: bytes, start: int, end: int) -> bool:
    """Return whether only colons stand between two names. Blanks, comments and continued lines do
    not count.
    """
    if end - start == len("::"):
        return True
    if end - start >= _JOINT:
        return False
    return _without_comments(data[start:end]).strip() == b"::"


def _code(source: FileSource) -> bytes:
    return source.once(lexed_source).code.encode("latin-1")


def _without_comments(data: bytes) -> bytes:
    from portkit.languages.cxx.letters.lexer import lex

    return lex(data).code.encode("latin-1")


def _walk(text: bytes, at: int) -> tuple[tuple[Part, ...], bool]:
    """Return the parts of the scope in front of a place, and whether that is all: no comment and no
    continued line may hide more of it.
    """
    parts: list[Part] = []
    while True:
        end = _back(text, at)
        if text[max(0, end - 2) : end] != b"::":
            break
        at = end - 2
        end = _back(text, at)
        match = _WORD.search(text, max(0, end - _WINDOW), end)
        word = match.group().decode("ascii") if match is not None else ""
        if not word or word in KEYWORDS or word[0].isdigit():
            break
        at = end - len(word)
        parts.append(Part(word, at, end))
    return tuple(reversed(parts)), not _may_hide(text, end, at)


def _back(text: bytes, at: int) -> int:
    """Return where the blanks in front of a place begin."""
    low = max(0, at - _WINDOW)
    while at > low and text[at - 1 : at] in _BLANK:
        at -= 1
    return at


def _may_hide(text: bytes, end: int, at: int) -> bool:
    """Can what ends at `end` be a comment or a continued line?"""
    if text[max(0, end - 2) : end] == b"*/" or text[max(0, end - 1) : end] == b"\\":
        return True
    return b"\n" in text[end:at] and b"//" in text[text.rfind(b"\n", 0, end) + 1 : end]
