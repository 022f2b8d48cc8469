# SPDX-License-Identifier: Apache-2.0
"""What a word may be of CUDA's, worked out once a word: its entities, the library of its shape, and what follows from them."""

from __future__ import annotations

from portkit.model import Kind
from portkit.vocab.stub_files import library_names
from portkit.vocab.vocabulary import Entity, Vocabulary

_KEPT = 100_000
_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.DEVICE_FUNCTION})


class Sense:
    """What a word may be. `shape`: the library that its shape suggests, when the vocabulary lacks it.

    `weak`: it is a plain word too and counts only when Clang or a qualifier says so. The rest says of its entities, of
    which there is one at least: all are types, functions or fields (`types`, `functions`, `fields`); all are inner
    namespaces (`inner`); some is a namespace, an outermost one, a field (`namespace`, `outermost`, `field`). `anywhere`:
    one that is no field needs no qualifier; `roots`: the outermost qualifiers of the others.
    """

    __slots__ = (
        "anywhere",
        "entities",
        "field",
        "fields",
        "functions",
        "inner",
        "namespace",
        "outermost",
        "roots",
        "shape",
        "types",
        "weak",
    )

    def __init__(self, entities: tuple[Entity, ...] = (), shape: str = "", weak: bool = False) -> None:
        self.entities, self.shape, self.weak = entities, shape, weak
        kinds = {e.kind for e in entities}
        others = [e for e in entities if e.kind is not Kind.FIELD]
        self.types = kinds == {Kind.TYPE}
        self.functions = bool(kinds) and kinds <= _FUNCTIONS
        self.field = Kind.FIELD in kinds
        self.fields = kinds == {Kind.FIELD}
        self.namespace = Kind.NAMESPACE in kinds
        self.inner = kinds == {Kind.NAMESPACE} and all(e.qualifier for e in entities)
        self.outermost = self.namespace and any(e.kind is Kind.NAMESPACE and not e.qualifier for e in entities)
        self.anywhere = any(not e.qualifier or e.kind is Kind.NAMESPACE for e in others)
        self.roots = frozenset(e.qualifier.split("::")[0] for e in others)


def sense_of(word: str, vocabulary: Vocabulary) -> Sense | None:
    """Return what a word may be, or None; kept for the next file. Of the words that are nothing only so many are kept."""
    found = look_up(word, vocabulary)
    if found is not None:
        vocabulary.memo[word] = found
    else:
        if len(vocabulary.nothing) > _KEPT:
            vocabulary.nothing.clear()
        vocabulary.nothing.add(word)
    return found


def look_up(word: str, vocabulary: Vocabulary) -> Sense | None:
    """Return what a word may be, or None."""
    entities = vocabulary.get(word)
    if entities and word in library_names():
        # the C and C++ libraries have the word too: only a CUDA namespace's own counts
        entities = tuple(e for e in entities if e.qualifier and e.kind is not Kind.FIELD)
        return Sense(entities, "", True) if entities else None
    if entities:
        inner = all((e.qualifier and e.kind is not Kind.FIELD) or e.kind is Kind.NAMESPACE for e in entities)
        weak = vocabulary.is_plain(word) or inner
        if weak and vocabulary.shape_of(word) is not None and all(e.kind is Kind.FIELD for e in entities):
            weak = False  # a field whose name has CUDA's shape is never a plain word
        return Sense(entities, "", weak)
    shape = vocabulary.shape_of(word)
    return Sense((), shape) if shape is not None else None
