# SPDX-License-Identifier: Apache-2.0
"""Words of a line of Make's, or of a shell's, with their bytes. What `$(...)` and quotes hold
together is one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.model.spans import Span

_BLANK = re.compile(r"(?:[ \t]|\\\r?\n)+")
_OPERATOR = re.compile(r"&&|\|\||;;|[;|&]")
_PLAIN = re.compile(r"[^\s\\$\"'`;|&]+")
_CLOSING = {"(": ")", "{": "}"}
OPERATORS = frozenset({"&&", "||", ";", ";;", "|", "&"})


class Word(msgspec.Struct, frozen=True, gc=False):
    """A word. `text`: its bytes, as Latin-1 has them."""

    text: str
    span: Span


def words_in(text: str, start: int, end: int, *, shell: bool = False) -> Iterator[Word]:
    """Yield the words of text[start:end]. `shell`: what parts commands is a word of its own."""
    at = start
    while at < end:
        if blank := _BLANK.match(text, at, end):
            at = blank.end()
            continue
        if shell and (operator := _OPERATOR.match(text, at, end)):
            yield Word(operator.group(), Span(at, operator.end()))
            at = operator.end()
            continue
        stop = _word_end(text, at, end, shell=shell)
        if text[at] in "\r\n\f\v":
            at += 1
            continue
        yield Word(text[at:stop], Span(at, stop))
        at = stop


def _word_end(text: str, at: int, end: int, *, shell: bool) -> int:
    start = at
    while at < end:
        if plain := _PLAIN.match(text, at, end):
            at = plain.end()
            continue
        letter = text[at]
        if letter.isspace() or _BLANK.match(text, at, end):
            break
        if letter == "\\":
            at += 2
        elif letter == "$":
            at = reference_end(text, at, end)
        elif letter in "\"'":
            at = _quote_end(text, at, end)
        elif shell and letter in ";|&":
            break
        else:
            at += 1
    return min(max(at, start + 1), end)


def _quote_end(text: str, at: int, end: int) -> int:
    """Return where a quote is closed; where it never is, it is a letter as any."""
    close = text.find(text[at], at + 1, end)
    return close + 1 if close >= 0 else at + 1


def reference_end(text: str, at: int, end: int) -> int:
    """Return where `$x`, `$(x)` or `${x}` ends that begins at `at`."""
    following = text[at + 1 : at + 2]
    closing = _CLOSING.get(following)
    if closing is None:
        return min(at + 2, end)
    depth = 0
    for place in range(at + 1, end):
        if text[place] == following:
            depth += 1
        elif text[place] == closing:
            depth -= 1
            if not depth:
                return place + 1
    return min(at + 2, end)
