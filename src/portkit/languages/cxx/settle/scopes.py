# SPDX-License-Identifier: Apache-2.0
"""Declarations of the project around a word that Clang did not settle: which of them can be meant?"""

from __future__ import annotations

from collections.abc import Set

from portkit.languages.cxx.letters.arch_guards import under_arch_guard
from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.settle.syntax import SyntaxTree
from portkit.languages.cxx.values.preprocessor import guards_at, is_fallback
from portkit.languages.cxx.values.reading import FileVerdicts, Ownership, Substitutes
from portkit.vocab.vocabulary import Vocabulary


class OwnScopes:
    """The scopes of one file in which the project declares words of CUDA's."""

    def __init__(
        self,
        source: SourceFile,
        clang: FileVerdicts,
        syntax: bool,
        substitutes: Substitutes,
        ownership: Ownership,
        arch_macros: Set[str],
    ) -> None:
        self._source, self._clang, self._use_syntax = source, clang, syntax
        self._substitutes, self._ownership = substitutes, ownership
        self._arch_macros = arch_macros
        self._tree: SyntaxTree | None = None
        self._scopes: dict[str, list[tuple[int, int, int]]] = {}

    def shadows(self, c: Candidate) -> bool:
        """Does a declaration of the project in a scope around the word carry its name?"""
        if not self._use_syntax:
            return False
        scopes = self._scopes.get(c.word)
        if scopes is None:
            if self._tree is None:
                self._tree = SyntaxTree(self._source.code)
            scopes = []
            for other in self._source.candidates:
                if (
                    other.word == c.word
                    and other.zone is Zone.CODE
                    and not other.member
                    and other.offset not in self._substitutes.places
                    and other.offset not in self._ownership.beside
                ):
                    scope = self._tree.declares(other.offset, other.word)
                    if scope is not None:
                        scopes.append((*scope, other.offset))
            self._scopes[c.word] = scopes
        return any(
            start <= c.offset < end and self._reaches(declared, c)
            for start, end, declared in scopes
        )

    def _reaches(self, declared: int, c: Candidate) -> bool:
        """Is what is declared at an offset there wherever a word is? A function that only some
        architectures have hides CUDA's own in these alone.
        """
        if not (c.sense.functions and self._clang.skips(declared)):
            return True
        if not under_arch_guard(self._source, declared, self._arch_macros):
            return True
        return self._guards(declared) <= self._guards(c.offset)

    def is_beside(self, c: Candidate) -> bool:
        """Does the file declare a function of that name beside CUDA's? Which of the two is called,
        only Clang could tell.
        """
        places, guarded = self._ownership.beside, self._ownership.guarded
        if not places or c.scope or c.word in guarded:
            return False
        return any(o.offset in places and o.word == c.word for o in self._source.candidates)

    def stands_in(self, c: Candidate) -> bool:
        """Is the word a macro of CUDA's, defined where CUDA's headers have not done so? Clang skips
        that, since they have.
        """
        if not (c.entities and self._clang.skips(c.offset)):
            return False
        return is_fallback(self._source.directives.branches, c.offset, c.word)

    def hides(self, c: Candidate) -> bool:
        """Is the word declared in code that no unit compiles, but that is compiled where this is?"""
        branches = self._source.directives.branches
        macros = [
            m
            for m in self._source.directives.macros
            if m.name == c.word and not (c.entities and is_fallback(branches, m.span.start, m.name))
        ]
        told = [frozenset(guards) for word, guards in self._ownership.hidden if word == c.word]
        if not (macros or told):
            return False
        here = self._guards(c.offset)
        told += [self._guards(m.span.start) for m in macros]
        # without a condition in common, a macro of CUDA's name is another build's
        return any(guards <= here and (guards or not c.entities) for guards in told)

    def _guards(self, offset: int) -> frozenset[str]:
        return guards_at(self._source.directives.branches, offset, self._source.defined)


def through_alias(c: Candidate, source: SourceFile, vocabulary: Vocabulary) -> bool:
    """Is a name of CUDA's namespaces reached through a namespace of the project's that shows it
    (`using cuda::std::x;`)? What must be ported is there, once, and not at each use.
    """
    if c.scope in ("", "::") or not c.entities or any(not e.qualifier for e in c.entities):
        return False
    parts = c.scope.removeprefix("::").split("::")
    is_cudas = parts[0] in source.defined or parts[0].isupper()
    return not is_cudas and vocabulary.namespaces.isdisjoint(parts)
