# SPDX-License-Identifier: Apache-2.0
"""Functions of a file that work on a warp, or that give a thread's index, and names for numbers: what
other files need to know of them when they use them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.number_types import (
    CONSTANT,
    DOUBLE,
    WIDE,
    double_constants,
    number_names,
)
from portkit.languages.cxx.letters.source import SourceFile
from portkit.vocab.warp_words import warp_pattern, warp_words

# traits, joined by blanks in a summary
LANES, STEP, INDEX = "lanes", "step", "index"
_HEAD = re.compile(r"\b([A-Za-z_]\w*)\s*\([^;{}]{0,600}?\)\s*(?:const\s*|noexcept\s*)*\{", re.A)
_NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "constexpr", "defined"})
_SHORT = 600  # bytes of a body that does little more than wrap one call


@functools.cache
def _giving_index() -> re.Pattern[str]:
    return re.compile(
        r"\b([A-Za-z_]\w*)\s*\([^;{}()]{0,100}\)\s*(?:const\s*|noexcept\s*)*\{\s*return\b"
        rf"[^;{{}}]{{0,100}}\b{warp_words().thread_index}\b[^;{{}}]{{0,60}};\s*\}}",
        re.A,
    )


@functools.lru_cache(maxsize=65536)
def _speaks(word: str) -> str:
    """Return the trait that a function has which holds the word, "" for most words."""
    if warp_pattern("steps").fullmatch(word):
        return STEP
    kinds = ("masked", "lane_sets", "shuffles")
    return LANES if any(warp_pattern(k).fullmatch(word) for k in kinds) else ""


def lane_helpers(source: SourceFile) -> dict[str, str]:
    """Return the functions of a file that exchange between lanes (LANES), that do so by a step that
    they are given (STEP) or that return a thread's index or what is made of it (INDEX); and its
    names for numbers, see number_types.
    """
    found: dict[str, set[str]] = {}
    speaking = {word: trait for word in source.words if (trait := _speaks(word))}
    if speaking:
        brackets = Brackets(source.lexed, source.directives)
        plain = brackets.plain
        bodies = [
            (match.end() - 1, brackets.closing(match.end() - 1), match[1])
            for match in _HEAD.finditer(plain)
            if match[1] not in _NO_NAMES
        ]
        places = sorted(source.lexed.places(list(speaking)))
        number = 0
        for start, end, name in bodies:
            while number < len(places) and places[number][0] < start:
                number += 1
            at = number
            while at < len(places) and places[at][0] < end:
                traits = found.setdefault(name, set())
                traits.add(LANES)
                if speaking[places[at][1]] == STEP and end - start <= _SHORT:
                    traits.add(STEP)
                at += 1
    if warp_words().thread_index in source.words:
        for match in _giving_index().finditer(source.lexed.bare):
            found.setdefault(match[1], set()).add(INDEX)
    for name, trait in _numbers(source):
        found.setdefault(name, set()).add(trait)
    return {name: " ".join(sorted(traits)) for name, traits in sorted(found.items())}


def _numbers(source: SourceFile) -> Iterator[tuple[str, str]]:
    """Yield the names of a file for numbers of 128 bits and of double precision, with their trait."""
    bare, macros = source.lexed.bare, source.directives.macros
    for kind in (WIDE, DOUBLE):
        yield from ((name, kind) for name in number_names(bare, kind).everywhere())
    if macros or "double" in bare:
        yield from ((name, CONSTANT) for name in double_constants(bare, macros).everywhere())
