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
_REFERENCE = re.compile(r"\$(?:\([\w.-]*\)|\{[\w.-]*\})")  # as nearly all are
_BRACKET = re.compile(r"[(){}]")
_OPENING = {")": "(", "}": "{"}
OPERATORS = frozenset({"&&", "||", ";", ";;", "|", "&"})


class Word(msgspec.Struct, frozen=True, gc=False):
    """A word. `text`: its bytes, as Latin-1 has them."""

    text: str
    span: Span


class Text:
    """A text whose words are asked for, with the brackets of each kind paired once."""

    def __init__(self, text: str) -> None:
        """`text`: of a file, or of a value."""
        self.text = text
        self._closed: dict[int, int] | None = None

    def reference_end(self, at: int, end: int) -> int:
        """Return where `$x`, `$(x)` or `${x}` ends that begins at `at`, before `end`."""
        if (plain := _REFERENCE.match(self.text, at, end)) is not None:
            return plain.end()
        if self.text[at + 1 : at + 2] in ("(", "{"):
            if self._closed is None:
                self._closed = _paired(self.text)
            close = self._closed.get(at + 1, end)
            if close < end:
                return close + 1
        return min(at + 2, end)

    def words(self, start: int, end: int, *, shell: bool = False) -> Iterator[Word]:
        """Yield the words of [start, end). `shell`: what parts commands is a word of its own."""
        text, at = self.text, start
        while at < end:
            if blank := _BLANK.match(text, at, end):
                at = blank.end()
                continue
            if shell and (operator := _OPERATOR.match(text, at, end)):
                yield Word(operator.group(), Span(at, operator.end()))
                at = operator.end()
                continue
            stop = self._word_end(at, end, shell=shell)
            if text[at] in "\r\n\f\v":
                at += 1
                continue
            yield Word(text[at:stop], Span(at, stop))
            at = stop

    def _word_end(self, at: int, end: int, *, shell: bool) -> int:
        text, start = self.text, at
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
                at = self.reference_end(at, end)
            elif letter in "\"'":
                at = _quote_end(text, at, end)
            elif shell and letter in ";|&":
                break
            else:
                at += 1
        return min(max(at, start + 1), end)

    def outside(self, start: int, end: int, letter: str) -> int:
        """Return where a letter stands outside of `$(...)`; -1 for nowhere."""
        sought, at = re.compile(rf"[${re.escape(letter)}]"), start
        while (found := sought.search(self.text, at, end)) is not None:
            if found.group() == letter:
                return found.start()
            at = self.reference_end(found.start(), end)
        return -1


def _quote_end(text: str, at: int, end: int) -> int:
    """Return where a quote is closed; where it never is, it is a letter as any."""
    close = text.find(text[at], at + 1, end)
    return close + 1 if close >= 0 else at + 1


def _paired(text: str) -> dict[int, int]:
    """Return where each bracket is closed by its own kind; the other kind counts as a letter."""
    found, waiting = dict[int, int](), {"(": list[int](), "{": list[int]()}
    for match in _BRACKET.finditer(text):
        opening = _OPENING.get(match.group())
        if opening is None:
            waiting[match.group()].append(match.start())
        elif waiting[opening]:
            found[waiting[opening].pop()] = match.start()
    return found
