# SPDX-License-Identifier: Apache-2.0
"""The forms in which code shuffles over a warp of 32 lanes step by step: loops, lists of steps,
templates that call themselves.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.model.spans import Span
from portkit.rules.cxx.kernels import DeviceFunction, brackets, code
from portkit.rules.cxx.lanes import LANES
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_terms import WIDTH_NAME
from portkit.rules.view import FileSource

_ROUNDS = LANES.bit_length() - 1
_HALVED = r"(?:>>=\s*1|/=\s*2|=\s*{v}\s*(?:>>\s*1|/\s*2))(?![\w.])"
_DOUBLED = r"(?:<<=\s*1|\*=\s*2|=\s*{v}\s*(?:<<\s*1|\*\s*2)|\+=\s*{v})(?![\w.])"


@functools.cache
def _for() -> re.Pattern[str]:
    return re.compile(
        r"\bfor\s*\(\s*(?:[A-Za-z_][\w\s]*?\s)?([A-Za-z_]\w*)\s*=\s*(?P<edge>[^;(){}=]{1,40})\s*;"
        r"(?P<test>[^;{}]{0,80});(?P<step>[^;{}]{0,80}?)(?P<close>\))\s*(?=[^\s)])",
        re.A,
    )


@functools.cache
def _while() -> re.Pattern[str]:
    return re.compile(r"\bwhile\s*\((?P<test>[^;{}]{1,80}?)(?P<close>\))\s*(?=[^\s;)])", re.A)


_DO = re.compile(r"\bdo\b\s*(?=\{)", re.A)


@functools.cache
def _ends() -> re.Pattern[str]:
    return re.compile(r"\s*while\s*\((?P<test>[^;{}]{1,80}?)\)\s*;", re.A)


@functools.cache
def _update() -> re.Pattern[str]:
    return re.compile(
        r"\b([A-Za-z_]\w*)\s*(?:>>=\s*1|/=\s*2|<<=\s*1|\*=\s*2|=\s*\1\s*(?:>>\s*1|/\s*2|<<\s*1|\*\s*2))(?![\w.])",
        re.A,
    )


_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_POWER = re.compile(r"\(?\s*1[uU]?\s*<<\s*\(?\s*([A-Za-z_]\w*)\s*\)?\s*\)?", re.A)


@functools.cache
def _list() -> re.Pattern[str]:
    return re.compile(
        r"\{\s*16\s*,\s*8\s*,\s*4\s*,\s*2\s*,\s*1\s*,?\s*\}|\{\s*1\s*,\s*2\s*,\s*4\s*,\s*8\s*,\s*16\s*,?\s*\}"
    )


_LISTED = re.compile(r"([A-Za-z_]\w*)\s*\[\s*\w*\s*\]\s*=?\s*\Z", re.A)


@functools.cache
def _over() -> re.Pattern[str]:
    return re.compile(
        r"\bfor\s*\(\s*[A-Za-z_][\w\s&]*?\b([A-Za-z_]\w*)\s*:\s*([A-Za-z_]\w*)?\s*\)?", re.A
    )


class Exchange(NamedTuple):
    """A shuffle that no width bounds, or a call of a function that does it: where it starts, and the
    ranges of its arguments.
    """

    at: int
    arguments: tuple[Span, ...]
    helper: str = ""


class Rung(NamedTuple):
    """Where a ladder over 32 lanes shows, in which function, and how (a variant of the message)."""

    function: str
    span: Span
    case: str


class _Loop(NamedTuple):
    """A loop: its head, the range of its statement, and the parts that count."""

    head: Span
    body: Span
    test: str
    step: str
    given: tuple[str, str] | None = None  # what a `for` sets: variable and value


def loops(
    source: FileSource, function: DeviceFunction, exchanges: Sequence[Exchange]
) -> Iterator[Rung]:
    """Yield the loops of a function that shuffle over 32 lanes by a variable that is halved or
    doubled, or by a power of two.
    """
    plain = source.once(code).plain
    for loop in _loops(plain, source.once(brackets), function.body):
        inside = [e for e in exchanges if loop.head.start < e.at < loop.body.end]
        if inside and _covers_32(source, plain, function, loop, inside):
            yield Rung(function.name, loop.head, "loop")


def _loops(plain: str, pairs: Brackets, body: Span) -> Iterator[_Loop]:
    for m in _for().finditer(plain, body.start, body.end):
        span = Span(m.end(), min(body.end, pairs.statement_end(m.end())))
        head = Span(m.start(), m.end("close"))
        yield _Loop(head, span, m["test"], m["step"], (m[1], m["edge"].strip()))
    if plain.find("while", body.start, body.end) < 0:
        return
    for m in _while().finditer(plain, body.start, body.end):
        span = Span(m.end(), min(body.end, pairs.statement_end(m.end())))
        yield _Loop(Span(m.start(), m.end("close")), span, m["test"], "")
    for m in _DO.finditer(plain, body.start, body.end):
        end = pairs.statement_end(m.end())
        test = _ends().match(plain, end, end + 100)
        if test is not None:
            yield _Loop(Span(m.start(), m.start() + 2), Span(m.end(), end), test["test"], "")


def _covers_32(
    source: FileSource,
    plain: str,
    function: DeviceFunction,
    loop: _Loop,
    inside: Sequence[Exchange],
) -> bool:
    spans = [a for e in inside for a in e.arguments]
    first = min(e.at for e in inside)
    for name, update, at in _variables(plain, loop):
        variable = re.compile(rf"\b{re.escape(name)}\b", re.A)
        if not any(variable.search(plain, a.start, a.end) for a in spans):
            continue
        start = _value_before(plain, function, loop, name)
        ahead = loop.body.start <= at < first  # counted before it is used
        if re.search(_HALVED.format(v=re.escape(name)), update, re.A):
            return _edge(source, start) == (LANES if ahead else LANES // 2)
        if re.search(_DOUBLED.format(v=re.escape(name)), update, re.A):
            return _edge(source, start) == 1 and _ends_at_32(source, loop.test, name)
    powers = {m[1] for a in spans if (m := _POWER.fullmatch(plain[a.start : a.end].strip()))}
    return any(_counts_rounds(source, loop, name) for name in powers)


def _variables(plain: str, loop: _Loop) -> Iterator[tuple[str, str, int]]:
    """Yield what a loop halves or doubles: the variable, the text that does, and where."""
    if loop.given is not None and loop.step.strip():
        yield loop.given[0], loop.step, loop.head.start
        return
    for match in _update().finditer(plain, loop.body.start, loop.body.end):
        yield match[1], match.group(), match.start()
    for match in _update().finditer(loop.test):
        yield match[1], match.group(), loop.head.start


def _value_before(plain: str, function: DeviceFunction, loop: _Loop, name: str) -> str:
    """Return the text of what a variable holds when a loop starts, "" where that is not clear."""
    if loop.given is not None and loop.given[0] == name:
        return loop.given[1]
    given = re.compile(
        rf"(?<![\w.>])\b{re.escape(name)}\s*[={{](?!=)\s*([^;,=(){{}}]{{1,40}}?)\s*[;,}}]", re.A
    )
    found = [m[1] for m in given.finditer(plain, function.body.start, loop.head.start)]
    return found[-1] if found else ""


def _edge(source: FileSource, written: str) -> int | None:
    """Return the first or last value of a loop's variable. One that a width of a warp gives is a
    finding of its own, where the width is defined.
    """
    if not written or any(WIDTH_NAME.fullmatch(word) for word in _WORD.findall(written)):
        return None
    return value_of(written, source)


def _ends_at_32(source: FileSource, test: str, name: str) -> bool:
    match = re.search(rf"\b{re.escape(name)}\s*(<=?|!=)\s*([^<>=&|;]{{1,40}})\s*\Z", test, re.A)
    edge = _edge(source, match[2].strip()) if match is not None else None
    return edge in (LANES // 2, LANES - 1, LANES)


def _counts_rounds(source: FileSource, loop: _Loop, name: str) -> bool:
    """Does a loop count from 0 to 5, or down from there?"""
    if loop.given is None or loop.given[0] != name:
        return False
    first, step = _edge(source, loop.given[1]), f"{loop.test} {loop.step}"
    if "--" in step:
        return first in (_ROUNDS, _ROUNDS - 1) and (first == _ROUNDS) == ("--" in loop.test)
    match = re.search(
        rf"\b{re.escape(name)}\s*(<=?|!=)\s*([^<>=&|;]{{1,40}})\s*\Z", loop.test, re.A
    )
    last = _edge(source, match[2].strip()) if match is not None else None
    return first == 0 and match is not None and last == _ROUNDS - (match[1] == "<=")


def step_lists(
    source: FileSource, function: DeviceFunction, exchanges: Sequence[Exchange]
) -> Iterator[Rung]:
    """Yield the lists of steps from 16 to 1 that a function shuffles by."""
    plain, body = source.once(code).plain, function.body
    if plain.find("16", body.start, body.end) < 0:
        return
    for match in _list().finditer(plain, body.start, body.end):
        named = _LISTED.search(plain, max(body.start, match.start() - 60), match.start())
        names = {named[1]} if named is not None else set[str]()
        for over in _over().finditer(plain, body.start, body.end):
            if over[2] in names or over.end() == match.start():
                names.add(over[1])
        if not names:
            continue
        used = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.A)
        if any(used.search(plain, a.start, a.end) for e in exchanges for a in e.arguments):
            yield Rung(function.name, Span(match.start(), match.end()), "unrolled")


def recursions(
    source: FileSource, function: DeviceFunction, exchanges: Sequence[Exchange]
) -> Iterator[Rung]:
    """Yield where a template is called for a step of 16 that shuffles by it and calls itself with
    half of it.
    """
    plain, body = source.once(code).plain, function.body
    if plain.find(function.name, body.start, body.end) < 0:
        return
    name = re.escape(function.name)
    again = re.compile(rf"\b{name}\s*<\s*\(?\s*([A-Za-z_]\w*)\s*(?:/\s*2|>>\s*1)\s*\)?\s*>", re.A)
    half = again.search(plain, body.start, body.end)
    if half is None:
        return
    step = re.compile(rf"\b{re.escape(half[1])}\b", re.A)
    if not any(step.search(plain, a.start, a.end) for e in exchanges for a in e.arguments):
        return
    for match in re.finditer(rf"\b{name}\s*<\s*([^<>;,{{}}]{{1,40}}?)\s*>(?=\s*\()", plain, re.A):
        if _edge(source, match[1]) == LANES // 2:
            yield Rung(function.name, Span(match.start(), match.end()), "handed")
