# SPDX-License-Identifier: Apache-2.0
"""Where device code speaks of wide integers and of double precision, under any name."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

from portkit.languages.cxx.letters.number_types import (
    CONSTANT,
    DOUBLE,
    DOUBLE_LITERAL,
    WIDE,
    NumberNames,
    double_constants,
    number_names,
)
from portkit.model.spans import Span
from portkit.model.words import Kind
from portkit.rules.cxx.kernels import (
    DeviceFunction,
    NeededLetters,
    arguments,
    code,
    device_functions,
    in_device_code,
)
from portkit.rules.cxx.values import size_words
from portkit.rules.view import FileSource
from portkit.vocab.vocabulary import Vocabulary

Found = list[tuple[DeviceFunction, list[Span]]]
# Feature and the words of C++ that spell it.
NUMBERS = {
    "fp64": NeededLetters(re.compile(r"\bdouble[1-4]?\b", re.A), ("double",)),
    "int64": NeededLetters(
        re.compile(r"\b(?:u?int64_t|long\s+long|u?longlong[1-4])\b", re.A), ("int64_t", "long")
    ),
    "int128": NeededLetters(re.compile(r"\b(?:__u?int128(?:_t)?)\b", re.A), ("int128",)),
}
_KINDS = {"fp64": DOUBLE, "int128": WIDE}
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_TYPE_PARAMETER = re.compile(r"\b(?:typename|class)\s+([A-Za-z_]\w*)", re.A)
_MEMBER = re.compile(r"(?:\.|->)\s*\Z")
# a literal of double precision beside an operator that counts or compares with it
_COUNTS = r"(?:[-+*/]|[<>]=?|[=!]=)"


@functools.cache
def _literals() -> NeededLetters:
    return NeededLetters(
        re.compile(
            rf"(?<=[\w)\]])\s*{_COUNTS}\s*-?{DOUBLE_LITERAL}"
            rf"|(?<![\w.]){DOUBLE_LITERAL}(?=\s*[-+*/<>]\s*[A-Za-z_(])"
            rf"|\bauto\s+[A-Za-z_]\w*\s*[={{]\s*-?{DOUBLE_LITERAL}(?=\s*[;,}}])",
            re.A,
        ),
        (".", "e"),
    )


_BEFORE_LITERAL = re.compile(r"(?:\s*[^\w\s.]+|\s*auto\s+\w+\s*[={])*\s*", re.A)
_CAST = re.compile(r"\(\s*[A-Za-z_]\w*\s*\)\s*\Z", re.A)
_SIGNED = re.compile(r"(?:[-+*/%=<>(,?:&|]|\breturn)\s*\(\s*[A-Za-z_]\w*\s*\)\Z", re.A)
_LITERAL_LEFT = re.compile(rf"(?<![\w.])(?:{DOUBLE_LITERAL}|\d+[uUlL]*)\s*\Z", re.A)
_GIVEN_DOUBLE = re.compile(rf"\s*-?\s*{DOUBLE_LITERAL}\s*", re.A)


@functools.cache
def spoken_of(feature: str) -> Callable[[FileSource], Found]:
    """Return what finds the device functions that use numbers of a feature, and where. Use it
    through `view.once(...)`.
    """
    words, kind = NUMBERS[feature], _KINDS.get(feature)

    def find(source: FileSource) -> Found:
        names = source.once(_names(kind)) if kind is not None else None
        if names is None or not names.names:
            return source.once(in_device_code(words))
        either = "|".join(map(re.escape, names.names))
        pattern = re.compile(rf"{words.pattern.pattern}|\b(?:{either})\b", re.A)
        found, plain = source.once(in_device_code(_with(words, pattern, names))), source.once(code)
        kept = (
            (f, [s for s in spans if _is_meant(plain.plain, s, names, words)]) for f, spans in found
        )
        return [(function, spans) for function, spans in kept if spans]

    return find


@functools.lru_cache(maxsize=64)
def _joined(pattern: re.Pattern[str], hints: tuple[str, ...]) -> NeededLetters:
    return NeededLetters(pattern, hints)


def _with(words: NeededLetters, pattern: re.Pattern[str], names: NumberNames) -> NeededLetters:
    return _joined(pattern, (*words.hints, *names.names))


def _is_meant(plain: str, span: Span, names: NumberNames, words: NeededLetters) -> bool:
    """Does a word stand for the number, and is it no member?"""
    word = plain[span.start : span.end]
    if words.pattern.fullmatch(word):
        return True
    return (
        names.means(word, span.start)
        and _MEMBER.search(plain, max(0, span.start - 8), span.start) is None
    )


@functools.cache
def _names(kind: str) -> Callable[[FileSource], NumberNames]:
    def find(source: FileSource) -> NumberNames:
        known = [n for n, traits in source.scan.facts.helpers.items() if kind in traits.split()]
        word = NUMBERS["fp64" if kind == DOUBLE else "int128"].hints[0]
        if not known and word.encode() not in source.data:
            return NumberNames(0)
        plain = source.once(code).plain
        found = number_names(plain, kind, known)
        if found.names and "template" in plain:
            for match in _TYPE_PARAMETER.finditer(plain):
                found.deny(match[1], None)  # whatever a template is made for
        return found

    return find


def number_of(source: FileSource, feature: str, word: tuple[str, int] | None) -> bool:
    """Return whether a type's name stands for numbers of a feature at an offset of a file; with None
    whether the file has a word for them at all.
    """
    words, names = NUMBERS[feature], source.once(_names(_KINDS[feature]))
    if word is None:
        return bool(names.names) or any(hint.encode() in source.data for hint in words.hints)
    return words.pattern.fullmatch(word[0]) is not None or names.means(*word)


def double_numbers(source: FileSource) -> Found:
    """Return the device functions that count with a number of double precision beside others, by a
    literal, by a name that stands for one or in a call of C's mathematics, and where. Use it through
    `source.once(double_numbers)`.
    """
    plain = source.once(code).plain
    found: dict[int, tuple[DeviceFunction, set[Span]]] = {}

    def add(function: DeviceFunction, span: Span) -> None:
        found.setdefault(function.body.start, (function, set()))[1].add(span)

    for function, spans in source.once(in_device_code(_literals())):
        for span in spans:
            match = _BEFORE_LITERAL.match(plain, span.start, span.end)
            start = match.end() if match is not None else span.start
            before = _LITERAL_LEFT if start > span.start else _CAST
            if before.search(plain, max(0, span.start - 30), span.start):
                continue  # one number before anything runs
            if plain[span.start] in "+-" and _SIGNED.search(
                plain, max(0, span.start - 60), span.start
            ):
                continue  # `(real)-1.5` is no difference
            add(function, Span(start, span.end))
    for function in source.once(device_functions):
        for span in (*_by_name(source, function), *_in_calls(source, function)):
            add(function, span)
    return [(function, sorted(spans)) for function, spans in found.values()]


def _constant_names(source: FileSource) -> NumberNames:
    facts = source.scan.facts
    return double_constants(source.once(code).plain, facts.macros)


def _told_names(source: FileSource) -> tuple[str, ...]:
    """The names of numbers of double precision that a file knows: its own, those of what it
    includes, and the C library's.
    """
    known = {n for n, t in source.scan.facts.helpers.items() if CONSTANT in t.split()}
    own = source.once(_constant_names).names
    library = str(size_words()["words"]["double_numbers"]).split("|")
    return tuple(sorted({*known, *own, *(n for n in library if n.encode() in source.data)}))


@functools.lru_cache(maxsize=256)
def _beside(names: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(map(re.escape, names))
    return re.compile(
        rf"(?<=[\w)\]])\s*{_COUNTS}\s*-?(?P<right>{either})\b(?!\s*[(\[:])"
        rf"|(?<![\w.>:])(?P<left>{either})(?=\s*[-+*/<>](?![-+*/<>=>])\s*[A-Za-z_(])",
        re.A,
    )


def _by_name(source: FileSource, function: DeviceFunction) -> Iterator[Span]:
    names = source.once(_told_names)
    plain, body = source.once(code).plain, function.body
    there = tuple(n for n in names if plain.find(n, body.start, body.end) >= 0)
    if not there:
        return
    own = source.once(_constant_names)
    for match in _beside(there).finditer(plain, body.start, body.end):
        group = "right" if match["right"] else "left"
        name, start = match[group], match.start(group)
        if group == "left" and _CAST.search(plain, max(0, start - 30), start):
            continue
        if name not in own.names or own.means(name, start):
            yield Span(start, match.end(group))


@functools.lru_cache(maxsize=4)
def _maths(vocabulary: Vocabulary) -> re.Pattern[str]:
    """The functions of C's mathematics for double precision: those that have a form for single."""
    names = set(str(size_words()["words"]["maths"]).split("|"))
    known = [
        n
        for n in sorted(names)
        if any(e.kind is Kind.DEVICE_FUNCTION for e in vocabulary.get(f"{n}f"))
    ]
    return re.compile(rf"(?<![\w.>])(?:{'|'.join(known)})(?=\s*\()", re.A)


def _in_calls(source: FileSource, function: DeviceFunction) -> Iterator[Span]:
    plain = source.once(code).plain
    for match in _maths(source.vocabulary).finditer(plain, function.body.start, function.body.end):
        for span in arguments(plain, match.end()):
            if _GIVEN_DOUBLE.fullmatch(plain, span.start, span.end):
                yield Span(match.start(), span.end + 1)
                break
