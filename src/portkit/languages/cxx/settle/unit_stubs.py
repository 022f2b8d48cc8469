# SPDX-License-Identifier: Apache-2.0
"""The stubs of a unit: which of CUDA's names its files use, and their declarations."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType

from portkit.languages.cxx.letters.source import (
    SourceFile,
    called_members,
)
from portkit.model.words import Kind
from portkit.vocab.stub_files import library_names, provided_names, stub_hints
from portkit.vocab.stubs import stubs_for
from portkit.vocab.vocabulary import Entity, Vocabulary


def words_of(closure: Sequence[SourceFile]) -> set[str]:
    return {word for source in closure for word in source.words}


def unit_entities(
    closure: Sequence[SourceFile], vocabulary: Vocabulary, own: Set[str], included: Set[str]
) -> set[Entity]:
    """The names of CUDA's that a unit and its project headers use."""
    words, bound = set[str](), set[str]()
    entities = set[Entity]()
    for source in closure:
        plain, others = _stubbed(source, vocabulary)
        words |= source.words
        entities |= plain
        bound |= others
    if own:
        entities = {e for e in entities if e.name not in own}
    opened = {n for s in closure for n in own_namespaces(s, vocabulary)}
    defined = {n for s in closure for n in s.defined}
    roots = {
        r
        for r in (vocabulary.namespaces & words) - opened
        if any(r in s.words and _names_space(s, r) for s in closure)
    }
    for word in bound - own:
        fields, named = _declarable(vocabulary, word)
        for struct in fields.keys() & words if fields else ():
            entities.update(fields[struct])
        for entity, root in named:
            wanted = root in roots if root else not (entity.kind is Kind.MACRO and word in defined)
            if wanted and not (entity.kind is Kind.NAMESPACE and word in opened):
                entities.add(entity)
    entities |= {
        t
        for e in entities
        if e.type and e.type not in words
        for t in vocabulary.get(e.type)
        if t.type == "enum"
    }
    return {e for e in entities if "guard" not in e.flags or e.library in included}


def stub_text(
    entities: Set[Entity],
    words: Set[str],
    language: str,
    renamed: Mapping[Entity, Entity] = MappingProxyType({}),
) -> str:
    """Stub declarations of a unit with these `words`. `renamed`: what some entities were."""
    hints = stub_hints()
    values, shapes = hints.get("macros", {}), hints.get("shapes", {})
    chosen = (e for e in entities if e.name not in values)
    shapes = shapes | {
        f"{e.qualifier}::{e.name}": shapes[was]
        for e, old in renamed.items()
        if (was := f"{old.qualifier}::{old.name}") in shapes
    }
    called = {e.name: old.name for e, old in renamed.items() if e.kind is Kind.ENUMERATOR}
    aliases = hints.get("aliases", {})
    text = stubs_for(chosen, language, provided_names(), shapes, aliases, called)
    return text + "".join(
        f"#undef {n}\n#define {n} {v}\n" for n, v in sorted(values.items()) if n in words
    )


def _stubbed(
    source: SourceFile, vocabulary: Vocabulary
) -> tuple[frozenset[Entity], frozenset[str]]:
    """Return the entities that a file's words need whatever else a unit holds, and the words with
    which that depends on it. A header of many units is looked at once.
    """
    if source.stubbed is None:
        plain, others = set[Entity](), set[str]()
        for word in vocabulary.known(source.words):
            fields, named = _declarable(vocabulary, word)
            if fields or any(root or e.kind in BOUND for e, root in named):
                others.add(word)
            else:
                plain.update(entity for entity, _ in named)
        source.stubbed = frozenset(plain), frozenset(others)
    return source.stubbed


# others of that name in a unit may take their place
BOUND = frozenset({Kind.MACRO, Kind.NAMESPACE})


@functools.cache
def _declarable(
    vocabulary: Vocabulary, word: str
) -> tuple[dict[str, list[Entity]], list[tuple[Entity, str]]]:
    """The entities called `word`: fields by their struct, and the others, each with its outermost
    namespace ("" for none).

    What the C and C++ libraries have too is theirs outside of namespaces.
    """
    fields: dict[str, list[Entity]] = {}
    others, is_library = [], word in library_names()
    for entity in vocabulary.get(word):
        if entity.kind is Kind.FIELD:
            fields.setdefault(entity.qualifier, []).append(entity)
        elif entity.qualifier or not is_library:
            others.append((entity, entity.qualifier.split("::")[0]))
    return fields, others


def _names_space(source: SourceFile, root: str) -> bool:
    """Can the word `root` of a file be a namespace somewhere? `#include <cuda.h>`, prose and
    `.at()` make it none.
    """
    code = source.lexed.code
    return any(
        source.lexed.is_code(at)
        and not code[max(0, (end := source.directives.before(code, at)) - 2) : end].endswith(
            (".", "->")
        )
        and not any(i.span.start <= at < i.span.end for i in source.directives.includes)
        for at in (match.start() for match in _word(root).finditer(code))
    )


@functools.cache
def _word(word: str) -> re.Pattern[str]:
    """A pattern that starts with plain characters, to which the engine skips; the look-behind comes
    after them.
    """
    return re.compile(rf"{word}(?<!\w{word})(?!\w)", re.A)


def called_by(closure: Sequence[SourceFile], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Names of member functions that the unit calls, but for names that mean something of CUDA's by
    themselves.
    """
    called = {name for source in closure for name in called_members(source)}
    return tuple(
        sorted(
            n for n in called if all(e.qualifier or "plain" in e.flags for e in vocabulary.get(n))
        )
    )


def own_namespaces(source: SourceFile, vocabulary: Vocabulary) -> set[str]:
    """Namespaces with a CUDA library's name that are the project's own: its folder carries the name
    too.

    Code that only reopens such a namespace, to specialise something, does not own it.
    """
    return source.namespaces & vocabulary.namespaces & set(source.rel.split("/")[:-1])
