# SPDX-License-Identifier: Apache-2.0
"""Functions of a file that work on a warp, or that give a thread's index, and types of 128 bits: what
other files need to know of them when they use them.
"""

from __future__ import annotations

import functools
import re

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.letters.wide_types import wide_aliases
from portkit.languages.cxx.letters.word_sieve import WordSieve
from portkit.vocab.warp_words import warp_pattern, warp_words

# traits, joined by blanks in a summary
LANES, STEP, INDEX, WIDE = "lanes", "step", "index", "wide"
_HEAD = re.compile(r"\b([A-Za-z_]\w*)\s*\([^;{}]{0,600}?\)\s*(?:const\s*|noexcept\s*)*\{", re.A)
_NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "constexpr", "defined"})
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
    they are given (STEP) or that return a thread's index or what is made of it (INDEX); and its
    names for integers of 128 bits (WIDE).
    """
    found: dict[str, set[str]] = {}
    speaking = {word: _speaks(word) for word in _SPEAKING.of(source.words)}
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
        bare = source.lexed.bare
        for match in _giving_index().finditer(bare):
            head = _HEAD_BEFORE.search(bare, max(0, match.start() - _HEAD_WINDOW), match.start())
            if head is not None:
                found.setdefault(head[1], set()).add(INDEX)
    for name in wide_aliases(source.lexed.bare):
        found.setdefault(name, set()).add(WIDE)
    return {name: " ".join(sorted(traits)) for name, traits in sorted(found.items())}
