# SPDX-License-Identifier: Apache-2.0
"""Reads one file or unit: what to ask Clang of it, and how all answers join into its references and
facts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from pathlib import Path

from msgspec.structs import replace

from portkit.languages.cxx.clang.agreement import differences, differing_words
from portkit.languages.cxx.clang.expansions import MacroBodies
from portkit.languages.cxx.clang.questions import Question, UnitTask
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.sight import Sights
from portkit.languages.cxx.clang.view import UnitView
from portkit.languages.cxx.letters.assembly import asm_statements, likely_templates
from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.constructs import kernels, launches, marks
from portkit.languages.cxx.letters.scoped_names import unknown_scoped_names
from portkit.languages.cxx.letters.source import (
    Candidate,
    SourceFile,
    Zone,
    called_members,
    pasted_stems,
)
from portkit.languages.cxx.letters.strings import string_references
from portkit.languages.cxx.settle.ladder import Ladder
from portkit.languages.cxx.settle.syntax import SyntaxTree
from portkit.languages.cxx.values.reading import (
    CxxOptions,
    FileVerdicts,
    Ownership,
    Substitutes,
    UnitFlags,
)
from portkit.languages.cxx.values.units import IncludeGraph, UnitPlan
from portkit.languages.file_ref import FileRef
from portkit.model.reading import FileFacts, FileScan, Issue, Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Parse, Proof, Rung
from portkit.printable import real_name
from portkit.vocab.stub_files import library_names, provided_names, stub_hints
from portkit.vocab.stubs import needs_members, stubs_for
from portkit.vocab.vocabulary import Entity, Vocabulary

_LARGE = 2_000_000  # bytes: no stand-ins are made for what such a file uses
_RUNGS = {Rung.LEX: 0, Rung.SYNTAX: 1, Rung.CLANG: 2}


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
    own = (
        set()
        if _sees_cuda(plan, closure, graph, vocabulary)
        else {n for s in closure for n in _declared_names(s)}
    )
    flags = options.flags(Path(main.path)).native()
    dirs = [str(options.root / real_name(d)) for d in graph.include_dirs(plan.closure)]
    language = "c" if plan.main.lower().endswith(".c") else "cuda"
    stubs = _stubs(closure, vocabulary, language, own)
    folders = tuple(dict.fromkeys([*flags.include_dirs, *dirs]))
    view, unsaid = _view(closure, graph, flags, (*folders, *flags.system_dirs), sights)
    request = UnitRequest(
        path=main.path,
        data=main.masked,
        language=language,
        stubs=stubs,
        called=_called(closure, vocabulary) if needs_members(stubs) else (),
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


def _stubs(
    closure: Sequence[SourceFile], vocabulary: Vocabulary, language: str, own: Set[str]
) -> str:
    """Stub text for the names that a unit and its project headers use."""
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
    hints = stub_hints()
    values = hints.get("macros", {})
    chosen = (e for e in entities if e.name not in values)
    text = stubs_for(
        chosen, language, provided_names(), hints.get("shapes"), hints.get("aliases", {})
    )
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
            if fields or any(root or e.kind in _BOUND for e, root in named):
                others.add(word)
            else:
                plain.update(entity for entity, _ in named)
        source.stubbed = frozenset(plain), frozenset(others)
    return source.stubbed


# others of that name in a unit may take their place
_BOUND = frozenset({Kind.MACRO, Kind.NAMESPACE})


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


def _called(closure: Sequence[SourceFile], vocabulary: Vocabulary) -> tuple[str, ...]:
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
    ownership: Ownership = Ownership(),  # noqa: B008 - a frozen value
) -> FileScan:
    """Return the scan of a file. `declared`: words that the project declares in sight; `fate`: what
    became of its parse.
    """
    syntax = _RUNGS[options.rung] >= 1
    ladder = Ladder(source, vocabulary, clang, declared, syntax, substitutes, ownership)
    scoped = unknown_scoped_names(source, vocabulary, opened)
    taken = {c.offset for c in scoped}
    candidates = scoped + [
        c for c in source.candidates if c.zone is not Zone.STRING and c.offset not in taken
    ]
    candidates += string_references(source, vocabulary, loading) + pasted_stems(source, vocabulary)
    references = ladder.settle(sorted(candidates, key=lambda c: c.offset))
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
    facts = _facts(source, vocabulary, ownership, ladder.disputed)
    return file.scan(parse, references, facts, issues)


def _facts(
    source: SourceFile, vocabulary: Vocabulary, ownership: Ownership, disputed: Sequence[Span]
) -> FileFacts:
    watched, brackets = vocabulary.guard_macros, Brackets(source.lexed, source.directives)
    return FileFacts(
        conditions=tuple(c for c in source.directives.conditions if c.macro in watched),
        launches=launches(source),
        asm=asm_statements(source, brackets),
        kernels=kernels(source, vocabulary.execution_space, brackets),
        macros=tuple(source.directives.macros),
        marks=marks(source),
        guards=tuple(
            (b.guard, b.span) for b in source.directives.branches if b.guard and b.guard != "1"
        ),
        owned=tuple((word, Span(at, at + len(word))) for at, word in ownership.owned),
        joined=ownership.joined,
        redeclared=ownership.groups,
        disputed=tuple(disputed),
    )


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
