# SPDX-License-Identifier: Apache-2.0
"""Which of CUDA's entities of one name is meant: by the scope that Clang found, by the scope as
written, else by what a file includes and the namespaces that it uses.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable

from portkit.languages.cxx.letters.source import Candidate, SourceFile
from portkit.languages.cxx.values.reading import GLOBAL
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Entity, Vocabulary

_USED = re.compile(
    r"using(?<!\wusing)\s+namespace\s+(?:::\s*)?([A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*)\s*;", re.A
)
_WHITE = re.compile(r"\s+", re.A)


class NamedEntities:
    """Tells the entities of one name apart, in one file."""

    def __init__(self, source: SourceFile, vocabulary: Vocabulary) -> None:
        self._source, self._vocabulary = source, vocabulary
        self._fields: dict[str, Entity | None] = {}

    def owned(self, c: Candidate, owner: str) -> Entity | None:
        """Return the entity of a word in the scope that Clang found it in; where it found overloads
        in several, the one of these that is in sight.
        """
        scopes = {"" if scope == GLOBAL else scope for scope in owner.split()}
        # a field's rows name its class without the namespace
        classes = {scope.rpartition("::")[2] for scope in scopes}
        found = [
            e
            for e in c.entities
            if (e.qualifier in classes if e.kind is Kind.FIELD else e.qualifier in scopes)
        ]
        if c.member:
            found = [e for e in found if e.kind is Kind.FIELD]
        else:
            found = [e for e in found if e.kind is not Kind.FIELD] or found
        return found[0] if len(scopes) == 1 and found else self.in_sight(found)

    def in_scope(self, c: Candidate) -> Entity | None:
        """Return the entity that the scope as written leads to: in full, as its end, or in the
        namespace of that name beside it.
        """
        if not c.scope or c.scope == GLOBAL:
            return None
        others = [e for e in c.entities if e.kind is not Kind.FIELD]
        for fits in (_same, _ends, _beside):
            if (found := self.in_sight(e for e in others if fits(e, c.scope))) is not None:
                return found
        return None

    def in_sight(self, entities: Iterable[Entity]) -> Entity | None:
        """Return the entity whose namespace the file uses, else whose library's headers it
        includes, else the first; what no namespace has comes before all.
        """
        return min(entities, key=self._rank, default=None)

    def field(self, word: str, entities: Iterable[Entity]) -> Entity | None:
        """Return the field of that name whose struct the file mentions, else of the library that
        the file uses most.
        """
        if word not in self._fields:
            words, used = self._source.words, self._libraries
            fields = [e for e in entities if e.kind is Kind.FIELD]
            self._fields[word] = max(
                fields, key=lambda e: (e.qualifier in words, used[e.library]), default=None
            )
        return self._fields[word]

    @functools.cached_property
    def _libraries(self) -> Counter[str]:
        """How often the file uses each library, as far as unmistakable names tell."""
        return Counter(
            c.entities[0].library for c in self._source.candidates if c.entities and not c.weak
        )

    def _rank(self, entity: Entity) -> tuple[bool, bool, bool, bool]:
        space, included = entity.qualifier, self._included
        return (
            entity.kind is Kind.FIELD,
            space != "",
            space not in self._used,
            not (entity.header in included or entity.library in included),
        )

    @functools.cached_property
    def _used(self) -> frozenset[str]:
        """The namespaces of the file's using-directives."""
        if "namespace" not in self._source.words:
            return frozenset()
        found = _USED.findall(self._source.lexed.code)
        return frozenset(_WHITE.sub("", name) for name in found)

    @functools.cached_property
    def _included(self) -> frozenset[str]:
        """The headers that the file includes, and the libraries of these."""
        found, known = set[str](), self._vocabulary
        for include in self._source.directives.includes:
            header = known.header(include.spelling)
            library = header.library if header else known.header_library(include.spelling)
            found |= {include.spelling, library} if library else {include.spelling}
        return frozenset(found)


def _same(entity: Entity, scope: str) -> bool:
    return entity.qualifier == scope


def _ends(entity: Entity, scope: str) -> bool:
    return entity.qualifier.endswith("::" + scope)


def _beside(entity: Entity, scope: str) -> bool:
    return entity.qualifier.rpartition("::")[2] == scope.rpartition("::")[2]
