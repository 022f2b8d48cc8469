# SPDX-License-Identifier: Apache-2.0
"""What Clang is to parse of a unit, and what it is asked."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from portkit.languages.cxx.clang.agreement import differences
from portkit.languages.cxx.clang.expansions import MacroBodies
from portkit.languages.cxx.clang.questions import Question, UnitTask
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.sight import Sights
from portkit.languages.cxx.clang.view import UnitView
from portkit.languages.cxx.letters.assembly import likely_templates
from portkit.languages.cxx.letters.source import (
    Candidate,
    SourceFile,
    Zone,
)
from portkit.languages.cxx.settle.syntax import SyntaxTree
from portkit.languages.cxx.settle.unit_stubs import called_by, stub_text, unit_entities, words_of
from portkit.languages.cxx.values.reading import (
    CxxOptions,
    UnitFlags,
)
from portkit.languages.cxx.values.units import IncludeGraph, UnitPlan
from portkit.printable import real_name
from portkit.vocab.stubs import needs_members
from portkit.vocab.vocabulary import Vocabulary

_LARGE = 2_000_000  # bytes: no stand-ins are made for what such a file uses


def asked_words(source: SourceFile) -> list[Candidate]:
    """Return the words of a file that Clang is asked about."""
    return [c for c in source.candidates if c.zone is Zone.CODE]


def unit_task(
    plan: UnitPlan,
    sources: Mapping[str, SourceFile],
    graph: IncludeGraph,
    vocabulary: Vocabulary,
    options: CxxOptions,
    sights: Sights,
) -> UnitTask:
    """Return what Clang is to parse and to answer for a unit. `sources` and `graph` hold the files
    that it reads.
    """
    main, closure = sources[plan.main], [sources[rel] for rel in plan.closure]
    own = own_names(plan, closure, graph, vocabulary)
    flags = options.flags(Path(main.path)).native()
    dirs = [str(options.root / real_name(d)) for d in graph.include_dirs(plan.closure)]
    language = "c" if plan.main.lower().endswith(".c") else "cuda"
    included = included_by(plan, closure, graph, vocabulary)
    entities = unit_entities(closure, vocabulary, own, included)
    stubs = stub_text(entities, words_of(closure), language)
    folders = tuple(dict.fromkeys([*flags.include_dirs, *dirs]))
    view, unsaid = _view(closure, graph, flags, (*folders, *flags.system_dirs), sights)
    request = UnitRequest(
        path=main.path,
        data=main.masked,
        language=language,
        stubs=stubs,
        called=called_by(closure, vocabulary) if needs_members(stubs) else (),
        flags=replace(flags, include_dirs=folders),
        masked={s.path: s.masked for s in closure if s.is_masked or s.path in unsaid},
        view=view,
    )
    questions = []
    for rel in plan.settles:
        asked = asked_words(sources[rel])
        device = bool(sources[rel].words & vocabulary.arch_macros)
        compare = functools.partial(differences, sources[rel], vocabulary)
        text, templates = sources[rel].lexed.code, likely_templates(sources[rel])
        questions.append(Question(rel, sources[rel].path, asked, text, device, compare, templates))
    if plan.main not in plan.settles:
        questions.insert(0, Question(plan.main, main.path, [], ""))
    texts = [s.lexed for s in closure if len(s.lexed.text) < _LARGE]
    bodies = MacroBodies([sources[rel] for rel in plan.settles], closure)
    return UnitTask(request, questions, texts, bodies)


def _view(
    closure: Sequence[SourceFile],
    graph: IncludeGraph,
    flags: UnitFlags,
    folders: Sequence[str],
    sights: Sights,
) -> tuple[UnitView, set[str]]:
    """Return what Clang may open for a unit, and which of the project's own files it must be given
    from memory.
    """
    named = [
        *flags.include_dirs,
        *flags.system_dirs,
        *(h for h in flags.forced if h.startswith("/")),
    ]
    view = UnitView(sights.sight(named, folders))
    own = {
        s.rel: {include.span.start for include, _ in graph.edges.get(s.rel, ())} for s in closure
    }
    return view, view.show(closure, own, flags.forced)


def _sees_cuda(
    plan: UnitPlan, closure: Sequence[SourceFile], graph: IncludeGraph, vocabulary: Vocabulary
) -> bool:
    """Does the unit include a header of CUDA's that is not the project's own, or does the compiler
    do so for it?
    """
    shadowed = False
    for source in closure:
        own = {include.span for include, _ in graph.edges.get(source.rel, ())}
        for include in source.directives.includes:
            if (
                vocabulary.header(include.spelling) is not None
                or vocabulary.header_library(include.spelling) is not None
            ):
                if include.span not in own:
                    return True
                shadowed = shadowed or vocabulary.header(include.spelling) is not None
    return not shadowed and plan.main.lower().endswith((".cu", ".cuh"))


def included_by(
    plan: UnitPlan, closure: Sequence[SourceFile], graph: IncludeGraph, vocabulary: Vocabulary
) -> frozenset[str]:
    """Return the libraries of the headers that a unit includes, of CUDA's own and not the project's:
    only their include guards are defined there.
    """
    found = {""} if plan.main.lower().endswith((".cu", ".cuh")) else set[str]()
    for source in closure:
        own = {include.span for include, _ in graph.edges.get(source.rel, ())}
        for include in source.directives.includes:
            if include.span not in own:
                header = vocabulary.header(include.spelling)
                found |= {header.library} if header is not None else set()
    return frozenset(found | vocabulary.base_libraries if found else found)


def _declared_names(source: SourceFile) -> frozenset[str]:
    """Words with a CUDA name that the file declares outside of function bodies, as the syntax tree
    shows them.
    """
    if source.declared is None:  # a header of many units is looked at once
        source.declared = frozenset(_declared(source))
    return source.declared


def _declared(source: SourceFile) -> Iterator[str]:
    words = [c for c in source.candidates if c.zone is Zone.CODE and not c.member and not c.weak]
    if words:
        tree = SyntaxTree(source.code)
        yield from (c.word for c in words if tree.declares(c.offset, c.word) is not None)


def own_names(
    plan: UnitPlan, closure: Sequence[SourceFile], graph: IncludeGraph, vocabulary: Vocabulary
) -> set[str]:
    """Return the names that the project declares itself in a unit without CUDA's headers."""
    if _sees_cuda(plan, closure, graph, vocabulary):
        return set()
    return {n for s in closure for n in _declared_names(s)}
