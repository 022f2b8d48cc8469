# SPDX-License-Identifier: Apache-2.0
"""The arguments of a call as byte ranges, read from the text: strings, comments, brackets,
templates and lambdas are respected.

Where the text alone does not say how it splits (a comparison that may be a template, a directive
between arguments), the answer is None and a person must look.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right

import msgspec

from portkit.languages.cxx.letters.lexer import Lexed
from portkit.model.spans import Span

_LIMIT = 20_000  # bytes; a longer call is not one that a person reads
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TOKEN = re.compile(r"<<<?=?|>>|<=|->|[][(){},;<>]|(?<=\n)[ \t]*\#")
_TEMPLATE = re.compile(r"[\w\s:,*&<>()\[\].'+\-]*", re.A)
_BLANK = " \t\r\n\f\v\\"


class Call(msgspec.Struct, frozen=True):
    """The parentheses of a call and its arguments, blanks and comments around each left out."""

    start: int  # of the opening parenthesis
    end: int  # behind the closing one
    arguments: tuple[Span, ...]


def find_call(lexed: Lexed, name_end: int) -> Call | None:
    """Return the call whose name ends at `name_end`, or None when no parenthesis follows or the
    arguments cannot be told apart.
    """
    text = lexed.text
    start = code_after(lexed, name_end)
    if text[start : start + 1] != "(":
        return None
    cuts, stack = [start], [")"]
    position, stop = start + 1, min(len(text), start + _LIMIT)
    while (match := _TOKEN.search(text, position, stop)) is not None:
        token, at = match.group(), match.start()
        outside = _outside(lexed, at)
        if outside > at:
            position = outside
            continue
        position = match.end()
        if token in _CLOSING:
            stack.append(_CLOSING[token])
        elif token in ")]}":
            if token != stack.pop():
                return None
            if not stack:
                return _call(lexed, [*cuts, at])
        elif len(stack) > 1:
            if token.lstrip(" \t") == "#":
                return None
        elif token == ",":
            cuts.append(at)
        elif token == "<":
            closed = _template(lexed, at)
            if closed is None:
                return None
            position = closed
        elif token in (";", "<<<") or token.lstrip(" \t") == "#":
            return None
    return None


def code_after(lexed: Lexed, offset: int) -> int:
    """Return the first offset from `offset` on that is neither blank nor in a comment."""
    text, end = lexed.text, len(lexed.text)
    while offset < end:
        if text[offset] in _BLANK:
            offset += 1
        elif (comment := lexed.comments.index(offset)) >= 0:
            offset = lexed.comments.ends[comment]
        else:
            break
    return offset


def code_before(lexed: Lexed, offset: int) -> int:
    """Return the offset behind the last byte before `offset` that is neither blank nor in a
    comment.
    """
    while offset:
        if lexed.text[offset - 1] in _BLANK:
            offset -= 1
        elif (comment := lexed.comments.index(offset - 1)) >= 0:
            offset = lexed.comments.starts[comment]
        else:
            break
    return offset


def _call(lexed: Lexed, cuts: list[int]) -> Call:
    spans = []
    for left, right in itertools.pairwise(cuts):
        first, last = code_after(lexed, left + 1), code_before(lexed, right)
        spans.append(Span(min(first, right), max(min(first, right), last)))
    if len(spans) == 1 and not len(spans[0]):
        spans = []
    return Call(cuts[0], cuts[-1] + 1, tuple(spans))


def _outside(lexed: Lexed, offset: int) -> int:
    """Return where the comment or literal that holds `offset` ends, or the offset itself."""
    for ranges in (lexed.comments, lexed.literals):
        index = bisect_right(ranges.starts, offset) - 1
        if index >= 0 and offset < ranges.ends[index]:
            return ranges.ends[index]
    return offset


def _template(lexed: Lexed, opened: int) -> int | None:
    """Return where to read on behind a `<` outside of brackets: behind its `>` when it opens
    template arguments.

    None when it may be one or the other and a comma lies between.
    """
    text, depth, brackets = lexed.text, 1, 0
    word = code_before(lexed, opened)
    if not (word and (text[word - 1].isalnum() or text[word - 1] == "_")):
        return opened + 1
    for at in range(opened + 1, min(len(text), opened + 400)):
        char = text[at]
        if char in "([":
            brackets += 1
        elif char in ")]":
            brackets -= 1
            if brackets < 0:
                break
        elif (brackets == 0 and char in ';{}"?=!|') or text[at : at + 2] == "&&":
            break
        elif brackets == 0 and char == "<":
            depth += 1
        elif brackets == 0 and char == ">" and text[at - 1] != "-":
            depth -= 1
            if depth == 0:
                return _judged(lexed, opened, at)
    return opened + 1


def _judged(lexed: Lexed, opened: int, closed: int) -> int | None:
    """Return where to read on behind a `<` whose `>` is at `closed`: template arguments are such as
    could be some, with a call or a scope behind them.
    """
    inner = lexed.text[opened + 1 : closed]
    after = lexed.text[code_after(lexed, closed + 1) :][:2]
    if _TEMPLATE.fullmatch(inner) and (after[:1] in ("(", "{") or after == "::"):
        return closed + 1
    return None if "," in inner else opened + 1
