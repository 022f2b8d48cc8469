# SPDX-License-Identifier: Apache-2.0
"""What a word may be of CUDA's, worked out once a word: its entities, the library of its shape, and
what follows from them.
"""

from __future__ import annotations

import sys
from collections.abc import Set

from portkit.model.words import Kind
from portkit.vocab.stub_files import library_names
from portkit.vocab.vocabulary import Entity, Vocabulary

_KEPT = 100_000
ASM_KEYWORDS = frozenset({"asm", "__asm__", "__asm"})
# what macros may paste one of them of
ASM_FRAGMENTS = frozenset(
    k[i:j] for k in ASM_KEYWORDS for i in range(len(k)) for j in range(i + 1, len(k) + 1)
)
# what else is asked of a file's words
_WATCHED = ASM_FRAGMENTS | {"namespace", "so", "dll", "dylib"}
_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.DEVICE_FUNCTION})


class WordFacts:
    """What a word may be. `shape`: the library that its shape suggests, when the vocabulary lacks
    it.

    `weak`: it is a plain word too and counts only when Clang or a qualifier says so. The rest says
    of its entities, of which there is one at least: all are types, functions or fields (`types`,
    `functions`, `fields`); all are inner namespaces (`inner`); some is a namespace, an outermost
    one, a field, a variable of the environment (`namespace`, `outermost`, `field`, `environment`).
    `anywhere`: one that is no field needs no qualifier; `roots`: the outermost qualifiers of the
    others; `structs`: those that have it as a field. `best`: the entity that it is, when nothing
    else is known; `called`: all but fields are functions. `common`: the C and C++ libraries have
    the word too. `shared`: several scopes of CUDA's have it, so that the word alone does not say
    which entity it is.
    """

    __slots__ = (
        "anywhere",
        "best",
        "called",
        "common",
        "entities",
        "environment",
        "field",
        "fields",
        "functions",
        "inner",
        "namespace",
        "outermost",
        "roots",
        "shape",
        "shared",
        "structs",
        "types",
        "weak",
    )

    def __init__(
        self,
        entities: tuple[Entity, ...] = (),
        shape: str = "",
        weak: bool = False,
        common: bool = False,
    ) -> None:
        self.entities, self.shape, self.weak, self.common = entities, shape, weak, common
        kinds = {e.kind for e in entities}
        others = [e for e in entities if e.kind is not Kind.FIELD]
        self.best = next(
            (e for e in others if not e.qualifier), next(iter(others or entities), None)
        )
        self.types = kinds == {Kind.TYPE}
        self.functions = bool(kinds) and kinds <= _FUNCTIONS
        self.called = bool(others) and kinds - {Kind.FIELD} <= _FUNCTIONS
        self.environment = Kind.ENVIRONMENT in kinds
        self.field = Kind.FIELD in kinds
        self.fields = kinds == {Kind.FIELD}
        self.namespace = Kind.NAMESPACE in kinds
        self.inner = kinds == {Kind.NAMESPACE} and all(e.qualifier for e in entities)
        self.outermost = self.namespace and any(
            e.kind is Kind.NAMESPACE and not e.qualifier for e in entities
        )
        self.anywhere = any(not e.qualifier or e.kind is Kind.NAMESPACE for e in others)
        self.structs = frozenset(e.qualifier for e in entities if e.kind is Kind.FIELD)
        self.shared = len({e.qualifier for e in others}) > 1
        self.roots = frozenset(e.qualifier.split("::")[0] for e in others)


def known_words(words: Set[str], vocabulary: Vocabulary) -> dict[str, WordFacts | None]:
    """Return the words of a file that mean something to the vocabulary or to the reading of a file,
    and what they may be.

    None: a word that is no candidate, of the C library or of `_WATCHED`. What a word is, is kept
    for the next file; of the words that are nothing only so many are kept.
    """
    memo, nothing = vocabulary.memo, vocabulary.nothing
    left = [w for w in words - nothing if w >= "A"]  # no number
    new = {w for w in left if w not in memo}
    if new:
        if len(nothing) > _KEPT:
            nothing.clear()
        watched = new & (_WATCHED | vocabulary.listed)
        known = vocabulary.known(new) | vocabulary.shaped(new)
        memo.update((sys.intern(w), look_up(w, vocabulary)) for w in known)
        memo.update((sys.intern(w), None) for w in watched - known)
        vocabulary.vendors |= vocabulary.of_vendors(new - known)
        nothing |= new - known - watched
    return {w: memo[w] for w in left if w in memo}


def look_up(word: str, vocabulary: Vocabulary) -> WordFacts | None:
    """Return what a word may be, or None."""
    entities = vocabulary.get(word)
    if entities and word in library_names():
        # the C and C++ libraries have the word too: only a CUDA namespace's or struct's own counts
        entities = tuple(e for e in entities if e.qualifier)
        return WordFacts(entities, "", True, True) if entities else None
    if entities:
        inner = all(
            (e.qualifier and e.kind is not Kind.FIELD) or e.kind is Kind.NAMESPACE for e in entities
        )
        weak = vocabulary.is_plain(word) or inner
        if (
            weak
            and vocabulary.shape_of(word) is not None
            and all(e.kind is Kind.FIELD for e in entities)
        ):
            weak = False  # a field whose name has CUDA's shape is never a plain word
        return WordFacts(entities, "", weak)
    shape = vocabulary.shape_of(word)
    return WordFacts((), shape) if shape is not None else None
