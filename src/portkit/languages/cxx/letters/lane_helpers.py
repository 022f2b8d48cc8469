# SPDX-License-Identifier: Apache-2.0
"""Functions of a file that work on a warp, or that give a thread's index, and names for numbers: what
other files need to know of them when they use them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.number_types import (
    CONSTANT,
    DOUBLE,
    WIDE,
    double_constants,
    number_names,
)
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.letters.word_sieve import WordSieve
from portkit.vocab.warp_words import warp_pattern, warp_words

# traits, joined by blanks in a summary
LANES, STEP, INDEX = "lanes", "step", "index"
SET, NARROW = "set", "narrow"  # NARROW with the number of a parameter: "narrow0"
_NARROW = re.compile(
    r"\s*(?:const\s+)?(?:unsigned(?:\s+int)?|u?int(?:32_t)?)\s+(?:const\s+)?[A-Za-z_]\w*\s*(?:=.*)?",
    re.A | re.S,
)
_RETURNED = r"\breturn\b[\s(]*(?:\w+\s*\)\s*)?(?:{words})\s*\([^;{{}}]*\)[\s)]*;"
_KEPT = (
    r"\b([A-Za-z_]\w*)\s*=\s*(?:{words})\s*\([^;{{}}]*\)\s*;[^{{}}]*\breturn\s*\(?\s*\1\s*\)?\s*;"
)
_HEAD = re.compile(r"\b([A-Za-z_]\w*)\s*\([^;{}]{0,600}?\)\s*(?:const\s*|noexcept\s*)*\{", re.A)
_NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "constexpr", "defined"})
_LEAST = 8  # bytes of the shortest body of a macro that says anything of lanes
_SHORT = 600  # bytes of a body that does little more than wrap one call


_HEAD_BEFORE = re.compile(
    r"\b([A-Za-z_]\w*)\s*\([^;{}()]{0,100}\)\s*(?:const\s*|noexcept\s*)*\{\s*\Z", re.A
)
_HEAD_WINDOW = 260  # bytes that such a head is looked for in


@functools.cache
def _giving_index() -> re.Pattern[str]:
    word = warp_words().thread_index
    return re.compile(
        rf"return(?<!\wreturn)\b[^;{{}}]{{0,100}}\b{word}\b[^;{{}}]{{0,60}};\s*\}}", re.A
    )


def _speaks(word: str) -> str:
    """Return the trait that a function has which holds the word, "" for most words."""
    if warp_pattern("steps").fullmatch(word):
        return STEP
    kinds = ("masked", "lane_sets", "shuffles")
    return LANES if any(warp_pattern(k).fullmatch(word) for k in kinds) else ""


_SPEAKING = WordSieve(_speaks)


def lane_helpers(source: SourceFile) -> dict[str, str]:
    """Return the functions of a file that exchange between lanes (LANES), that do so by a step that
    they are given (STEP), that give a set of lanes (SET), that count bits or exchange and have a
    parameter of 32 bits (NARROW) or that return a thread's index or what is made of it (INDEX); and its
    names for numbers, see number_types.
    """
    found: dict[str, set[str]] = {}
    speaking = {word: _speaks(word) for word in _SPEAKING.of(source.words)}
    sets = [word for word in speaking if warp_pattern("lane_sets").fullmatch(word)]
    counted = source.words & warp_words().bit_counts.keys()
    if speaking or counted:
        brackets = Brackets(source.lexed, source.directives)
        plain = brackets.plain
        bodies = [
            (match.end() - 1, brackets.closing(match.end() - 1), match[1])
            for match in _HEAD.finditer(plain)
            if match[1] not in _NO_NAMES
        ]
        places = sorted(source.lexed.places(list({*speaking, *counted})))
        number = 0
        for start, end, name in bodies:
            while number < len(places) and places[number][0] < start:
                number += 1
            at = number
            while at < len(places) and places[at][0] < end:
                traits, trait = found.setdefault(name, set()), speaking.get(places[at][1], "")
                traits.update(narrow_parameters(plain, name, start))
                if trait:
                    traits.add(LANES)
                if trait == STEP and end - start <= _SHORT:
                    traits.add(STEP)
                if trait and sets and gives_set(plain, start, end, sets):
                    traits.add(SET)
                at += 1
        _add_macros(source, speaking, found)
    if warp_words().thread_index in source.words:
        bare = source.lexed.bare
        for match in _giving_index().finditer(bare):
            head = _HEAD_BEFORE.search(bare, max(0, match.start() - _HEAD_WINDOW), match.start())
            if head is not None:
                found.setdefault(head[1], set()).add(INDEX)
        _add_macros(source, {warp_words().thread_index: INDEX}, found)
    for name, trait in _numbers(source):
        found.setdefault(name, set()).add(trait)
    return {name: " ".join(sorted(traits)) for name, traits in sorted(found.items()) if traits}


def _add_macros(source: SourceFile, words: Mapping[str, str], found: dict[str, set[str]]) -> None:
    """Add the macros whose body has one of some words, with its trait."""
    macros = [m for m in source.directives.macros if len(m.body) >= _LEAST]
    for at, word in source.lexed.places(list(words)) if macros else ():
        for macro in macros:
            if macro.body.start <= at < macro.body.end:
                traits = found.setdefault(macro.name, set())
                traits.add(words[word])
                if words[word] == STEP:
                    traits.add(LANES)


def gives_set(plain: str, start: int, end: int, words: Iterable[str]) -> bool:
    """Return whether a body returns what one of some functions gives, as it is."""
    either = "|".join(map(re.escape, words))
    forms = (_RETURNED, _KEPT) if end - start <= _SHORT else ()
    return any(
        re.compile(form.format(words=either), re.A).search(plain, start, end) for form in forms
    )


def narrow_parameters(plain: str, name: str, body: int) -> Iterator[str]:
    """Yield NARROW with the number of each parameter of 32 bits of the function whose body starts
    there.
    """
    opening = plain.rfind(f"{name}", max(0, body - _SHORT), body) + len(name)
    listed = plain[opening:body].strip().rpartition(")")[0].lstrip(" (")
    for number, parameter in enumerate(listed.split(",")):
        if _NARROW.fullmatch(parameter):
            yield f"{NARROW}{number}"


def _numbers(source: SourceFile) -> Iterator[tuple[str, str]]:
    """Yield the names of a file for numbers of 128 bits and of double precision, with their trait."""
    bare, macros = source.lexed.bare, source.directives.macros
    for kind in (WIDE, DOUBLE):
        yield from ((name, kind) for name in number_names(bare, kind).everywhere())
    if macros or "double" in bare:
        yield from ((name, CONSTANT) for name in double_constants(bare, macros).everywhere())
