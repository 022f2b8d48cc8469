# SPDX-License-Identifier: Apache-2.0
"""Joins what the letters, Clang and the tree say of one file into its references and facts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from portkit.languages.cxx.clang.agreement import differing_words
from portkit.languages.cxx.letters.commands import environment_names, tool_names
from portkit.languages.cxx.letters.pasted_names import PastedNames
from portkit.languages.cxx.letters.scoped_names import unknown_scoped_names
from portkit.languages.cxx.letters.source import (
    SourceFile,
    Zone,
    pasted_stems,
)
from portkit.languages.cxx.letters.strings import string_references
from portkit.languages.cxx.settle.facts import Sight, facts_of
from portkit.languages.cxx.settle.host_maths import without_host_maths
from portkit.languages.cxx.settle.ladder import Ladder
from portkit.languages.cxx.values.reading import (
    CxxOptions,
    FileVerdicts,
    Ownership,
    PasteMacro,
    Substitutes,
)
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.languages.file_ref import FileRef
from portkit.model.reading import FileScan, Issue, Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Parse, Proof, Rung
from portkit.vocab.vocabulary import Vocabulary

_RUNGS = {Rung.LEX: 0, Rung.SYNTAX: 1, Rung.CLANG: 2}


def finish(
    file: FileRef,
    source: SourceFile,
    graph: IncludeGraph,
    vocabulary: Vocabulary,
    options: CxxOptions,
    clang: FileVerdicts,
    declared: Mapping[str, str],
    loading: bool,
    opened: Container[str],
    substitutes: Substitutes,
    fate: Parse,
    spaces: Mapping[str, str],
    ownership: Ownership = Ownership(),  # noqa: B008 - a frozen value
    bare: tuple[tuple[str, ...], bool] | None = None,
    sight: Sight = ({}, {}),
    pastes: Sequence[PasteMacro] = (),
) -> FileScan:
    """Return the scan of a file. `declared`: words that the project declares in sight; `fate`: what
    became of its parse; `spaces`: macros in sight that mark an execution space, `pastes`: that put
    names together; `bare`, and `sight` (constants and helpers): see FileFacts.
    """
    syntax = _RUNGS[options.rung] >= 1
    ladder = Ladder(source, vocabulary, clang, declared, syntax, substitutes, ownership)
    scoped = unknown_scoped_names(source, vocabulary, opened)
    taken = {c.offset for c in scoped}
    candidates = scoped + [
        c for c in source.candidates if c.zone is not Zone.STRING and c.offset not in taken
    ]
    candidates += string_references(source, vocabulary, loading) + pasted_stems(source, vocabulary)
    candidates += environment_names(source, vocabulary)
    candidates += tool_names(source, vocabulary)
    pasted = {c.offset: c for c in PastedNames(pastes, vocabulary).candidates(source)}
    candidates = [c for c in candidates if c.offset not in pasted] + list(pasted.values())
    references = ladder.settle(sorted(candidates, key=lambda c: c.offset))
    marking = {**spaces, **vocabulary.execution_space}
    references = list(without_host_maths(source, references, marking, vocabulary))
    references = sorted([*references, *_includes(source, graph, vocabulary)], key=lambda r: r.span)
    issues = [*ladder.issues, *differing_words(source, vocabulary, clang.differing)]
    issues += [
        Issue("PK906", Span(r.start, r.end), {"path": r.name, "reason": r.reason, "case": r.reason})
        for r in sorted(clang.refused)
    ]
    parse = Parse.CLANG
    if not clang.seen:
        asked = any(c.zone is Zone.CODE and not c.weak for c in source.candidates)
        parse = Parse.SYNTAX if options.rung is not Rung.LEX else Parse.LEX
        if fate is Parse.LIMIT:
            issues.append(Issue("PK910", Span(0, 0), {"rung": parse.value}))
            parse = Parse.LIMIT
        elif fate is Parse.FAILED or (asked and options.rung is Rung.CLANG):
            issues.append(Issue("PK901", Span(0, 0), {"rung": parse.value}))
        elif not asked and options.rung is Rung.CLANG:
            parse = Parse.CLANG if not references else Parse.SYNTAX
    facts = facts_of(source, vocabulary, spaces, ownership, ladder.disputed, bare, sight)
    return file.scan(parse, references, facts, issues)


def _includes(source: SourceFile, graph: IncludeGraph, vocabulary: Vocabulary) -> list[Reference]:
    """References for the includes that name a CUDA header, the project's own ones marked as such."""
    found = []
    resolved = {i.span: rel for i, rel in graph.edges.get(source.rel, ())}
    for include in source.directives.includes:
        header = vocabulary.header(include.spelling)
        library = (
            header.library if header is not None else vocabulary.header_library(include.spelling)
        )
        own = include.span in resolved
        if library is None or (own and header is None):
            continue  # a header of the project that only looks like CUDA's is none of CUDA's
        found.append(
            Reference(
                span=include.span,
                name=include.spelling,
                kind=Kind.HEADER,
                context=Context.INCLUDE,
                rung=Rung.LEX,
                proof=None if own else (Proof.PROVED if header is not None else Proof.LIKELY),
                library=library,
                user=own,
                project=own,
            )
        )
    return found
