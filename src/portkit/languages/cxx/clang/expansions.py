# SPDX-License-Identifier: Apache-2.0
"""What the words of macro bodies are where the macros are used.

A word of a body has no cursor of its own: what stands at the use of the macro is asked for, by
name. Only words that the project may have too are looked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portkit.languages.cxx.clang.unit import Unit
from portkit.languages.cxx.letters.macro_bodies import (
    MacroReach,
    body_words,
    declarable_words,
    may_declare,
    own_body_words,
)
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.values.reading import Verdict

_OWN = frozenset({Verdict.USER, Verdict.DECLARES})


class MacroBodies(msgspec.Struct):
    """The macro bodies of the files that a unit settles, and all files of the project that it
    reads.
    """

    settled: Sequence[SourceFile]
    closure: Sequence[SourceFile]

    def verdicts(self, unit: Unit, own: set[str]) -> dict[str, dict[int, Verdict]]:
        """Return by file what Clang says of the words of macro bodies that the project has too.

        `own`: words that Clang took for the project's in the files that the unit settles.
        """
        words = {w for source in self.settled for w in body_words(source)}
        if not words:
            return {}
        words &= own | self._own_elsewhere(unit, words - own)
        if not words:
            return {}
        told = self._told(unit, words)
        found: dict[str, dict[int, Verdict]] = {}
        for source in self.settled:
            places = own_body_words(source, told)
            if places:
                found[source.rel] = {at: told[word] for at, word in places.items()}
        return found

    def _own_elsewhere(self, unit: Unit, words: set[str]) -> set[str]:
        """Return which of `words` are the project's in files that the unit only includes."""
        known, found = {s.rel for s in self.settled}, set[str]()
        for source in self.closure:
            left = words - found
            if source.rel in known or left.isdisjoint(declarable_words(source)):
                continue
            asked = [c for c in source.candidates if c.word in left and may_declare(source, c)]
            places = [(c.offset, c.word) for c in asked]
            said = unit.resolve(source.path, places, source.lexed.code)
            found.update(c.word for c, v in zip(asked, said, strict=True) if v in _OWN)
        return found

    def _told(self, unit: Unit, words: set[str]) -> dict[str, Verdict]:
        said: dict[str, set[Verdict]] = {}
        for source, use, reached in MacroReach(self.closure, words).uses():
            for word, verdict in unit.expanded(source.path, use, reached):
                said.setdefault(word, set()).add(verdict)
        joined = {word: _joined(verdicts) for word, verdicts in said.items()}
        return {word: verdict for word, verdict in joined.items() if verdict is not None}


def _joined(said: set[Verdict]) -> Verdict | None:
    own = bool(said & _OWN)
    if Verdict.MIXED in said or (own and Verdict.CUDA in said):
        return Verdict.MIXED
    return Verdict.USER if own else Verdict.CUDA if Verdict.CUDA in said else None
