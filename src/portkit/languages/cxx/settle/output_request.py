# SPDX-License-Identifier: Apache-2.0
"""What Clang is to parse of a unit as it is to be written."""

from __future__ import annotations

from collections.abc import Mapping, Set

from msgspec.structs import replace

from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.letters.source import (
    SourceFile,
)
from portkit.languages.cxx.settle.unit_stubs import (
    BOUND,
    called_by,
    stub_text,
    unit_entities,
    words_of,
)
from portkit.languages.cxx.settle.unit_task import included_by, own_names
from portkit.languages.cxx.values.units import IncludeGraph, UnitPlan
from portkit.model.words import Kind
from portkit.vocab.renamed import as_left, declared_words, renamed_entities, stand_for
from portkit.vocab.stubs import needs_members
from portkit.vocab.vocabulary import Entity, Vocabulary


def _overloads(
    entities: Set[Entity], renamed: Mapping[str, str], vocabulary: Vocabulary
) -> set[Entity]:
    """Return the functions that are renamed and that the unit does not name: what calls of another
    one become.
    """
    named = {e.name for e in entities}
    return {
        e
        for name in renamed.keys() - named
        for e in vocabulary.get(name)
        if e.kind is Kind.FUNCTION and not e.qualifier
    }


def output_request(
    plan: UnitPlan,
    sources: Mapping[str, SourceFile],
    outputs: Mapping[str, SourceFile],
    graph: IncludeGraph,
    vocabulary: Vocabulary,
    renamed: Mapping[str, str],
    made: Mapping[str, bool],
    before: UnitRequest,
) -> UnitRequest:
    """Return what Clang is to parse of what is written of a unit: `outputs` take the place of some
    of the `sources` that `before` was made of; `renamed`: names of CUDA's in them, full name ->
    the target's; `made`: words that come in with edits, and whether one is called.
    """
    closure = [sources[rel] for rel in plan.closure]
    after = [outputs.get(rel, sources[rel]) for rel in plan.closure]
    own = own_names(plan, closure, graph, vocabulary)
    included = included_by(plan, closure, graph, vocabulary)
    was, words = unit_entities(closure, vocabulary, own, included), words_of(after)
    kept = {e for e in was if e.name in words or e.kind in BOUND}
    kept |= unit_entities(after, vocabulary, own, included)
    was = was | _overloads(was, renamed, vocabulary)
    taken = {(e.qualifier, e.name) for e in kept}
    new = {
        e: old
        for e, old in renamed_entities(was, renamed).items()
        if (e.qualifier, e.name) not in taken
    }
    text = stub_text(
        as_left(kept, was, renamed) | new.keys(), words_of(closure), before.language, new
    )
    text += stand_for(was, renamed) + declared_words(made, renamed.values(), before.language)
    masked = {s.path: s.masked for s in outputs.values() if s.rel != plan.main}
    return replace(
        before,
        data=outputs[plan.main].masked if plan.main in outputs else before.data,
        stubs=text,
        called=called_by(after, vocabulary) if needs_members(text) else (),
        masked=before.masked | masked,
    )
