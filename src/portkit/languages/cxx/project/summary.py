# SPDX-License-Identifier: Apache-2.0
"""From a file as lexed to what the rest of a project needs to know of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from portkit.languages.cxx.letters.constants import constants
from portkit.languages.cxx.letters.constructs import launches, space_macros, worded_macros
from portkit.languages.cxx.letters.lane_helpers import lane_helpers
from portkit.languages.cxx.letters.macro_bodies import body_words
from portkit.languages.cxx.letters.pasted_names import leading_macros, paste_macros
from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.letters.strings import names_loader
from portkit.languages.cxx.letters.ties import ties
from portkit.languages.cxx.values.reading import FileSummary, PasteMacro
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.vocab.vocabulary import Vocabulary

_NVCC = ".cu"
_USING = re.compile(r"using(?<!\wusing)\s+namespace\s+(?:::\s*)?\Z", re.A)
_USING_WINDOW = 80
_LINKS = 4
_MAIN = re.compile(r"main(?<!\wmain)\s*\(", re.A)  # begins with letters, which is looked for fast
_ASKED = frozenset({Zone.CODE, Zone.MACRO_BODY, Zone.CONDITION})


def needs_clang(source: SourceFile) -> bool:
    """Return whether a file has a candidate that Clang can settle; that may be a plain word where a
    directive uses a namespace of CUDA's.
    """
    return any(c.zone in _ASKED and (c.telling or is_used(source, c)) for c in source.candidates)


def is_used(source: SourceFile, candidate: Candidate) -> bool:
    """Return whether a word is an outermost namespace of CUDA's in `using namespace word;`."""
    if not candidate.sense.outermost or candidate.after != ";" or candidate.scope not in ("", "::"):
        return False
    start = max(0, candidate.offset - _USING_WINDOW)
    return _USING.search(source.lexed.code, start, candidate.offset) is not None


class SpacesInSight:
    """The macros of a tree that stand for specifiers of functions, by the files that see them.

    A file sees its own, those of what it includes, and those that stand beside it where a file that
    nothing includes reads both: a header often leaves `#define DEV __device__` to its reader. What
    such a macro is made of may stand in another file too, over `_LINKS` files at most.
    """

    def __init__(self, summaries: Mapping[str, FileSummary], graph: IncludeGraph) -> None:
        self._made = {rel: summary.spaces for rel, summary in summaries.items() if summary.spaces}
        self._graph = graph
        included = {target for edges in graph.edges.values() for _, target in edges}
        self._tops = sorted(graph.edges.keys() - included)
        self._beside: dict[str, set[tuple[tuple[str, str], ...]]] = {}
        for _ in range(_LINKS):
            self._place()
            if not self._chained(summaries):
                break

    def of(self, rel: str) -> dict[str, str]:
        """Return the macros that a file sees, with the execution space that each marks."""
        beside = sorted(self._beside.get(rel, ()))
        return dict(pair for macros in beside for pair in macros) | self._seen(
            self._graph.closure(rel)
        )

    def _seen(self, files: Sequence[str]) -> dict[str, str]:
        made = self._made
        return {n: space for rel in files if rel in made for n, space in made[rel].items()}

    def _place(self) -> None:
        self._beside = {}
        for top in self._tops if self._made else ():
            closure = self._graph.closure(top)
            if macros := tuple(sorted(self._seen(closure).items())):
                for rel in closure:
                    self._beside.setdefault(rel, set()).add(macros)

    def _chained(self, summaries: Mapping[str, FileSummary]) -> bool:
        """Take in the macros that are made of marking ones in sight; return whether there were."""
        known = {name for macros in self._made.values() for name in macros}
        found: dict[str, dict[str, str]] = {}
        for rel, summary in summaries.items():
            own = self._made.get(rel, {})
            for name, words in summary.worded:
                if name in own or known.isdisjoint(words):
                    continue
                seen = self.of(rel)
                if marked := {seen[word] for word in words if word in seen}:
                    space = "global" if "global" in marked else "device"
                    found.setdefault(rel, {})[name] = space
        for rel, macros in found.items():
            self._made[rel] = self._made.get(rel, {}) | macros
        return bool(found)


class PastesInSight:
    """The macros of a tree that put CUDA's names together, by the files that see them."""

    def __init__(
        self,
        summaries: Mapping[str, FileSummary],
        graph: IncludeGraph,
        vocabulary: Vocabulary,
    ) -> None:
        made = {rel: summary.pastes for rel, summary in summaries.items() if summary.pastes}
        self._made, self._graph = leading_macros(made, vocabulary), graph

    def of(self, rel: str) -> tuple[PasteMacro, ...]:
        """Return those that a file sees: its own and those of what it includes."""
        made = self._made
        files = [other for other in self._graph.closure(rel) if other in made] if made else ()
        return tuple(dict.fromkeys(macro for other in files for macro in made[other]))


def bare(
    rel: str,
    summaries: Mapping[str, FileSummary],
    graph: IncludeGraph,
    vocabulary: Vocabulary,
) -> tuple[tuple[str, ...], bool] | None:
    """Return the headers outside of the project that a file of nvcc's sees before its first word
    that needs what nvcc includes by itself, in its own includes and those of its project headers;
    the one that brings it is the last. The second: that word stands in a project header. None for a
    file that is not nvcc's by its suffix.
    """
    if not rel.lower().endswith(_NVCC):
        return None
    seen: set[str] = set()
    needy = next(_in_order(rel, summaries, graph, vocabulary, seen, {rel}), "")
    return tuple(sorted(seen)), needy not in ("", rel)


def _in_order(
    rel: str,
    summaries: Mapping[str, FileSummary],
    graph: IncludeGraph,
    vocabulary: Vocabulary,
    seen: set[str],
    read: set[str],
) -> Iterator[str]:
    """Add the headers that a compiler meets, file by file, to `seen`; yields where one brings what
    nvcc includes by itself ("") or a word needs it (its file).
    """
    summary, own = summaries[rel], {i.span: to for i, to in graph.edges.get(rel, ())}
    dead = [b.span for b in summary.branches if b.never]
    for include in sorted(summary.includes, key=lambda i: i.span.start):
        at = include.span
        if any(d.contains(at) for d in dead):
            continue
        if summary.first is not None and summary.first < at.start:
            break
        if at not in own:
            seen.add(include.spelling)
            if vocabulary.implies(include.spelling):
                yield ""
        elif own[at] not in read:
            read.add(own[at])
            yield from _in_order(own[at], summaries, graph, vocabulary, seen, read)
    if summary.first is not None:
        yield rel


def summarise(source: SourceFile, vocabulary: Vocabulary) -> FileSummary:
    """Return the summary of a file that has been lexed."""
    branches = source.directives.branches
    guards = {b.without for b in branches}
    known = {
        n
        for n in source.defined
        if n in guards or n in vocabulary or vocabulary.shape_of(n) is not None
    }
    tied = ties(source)
    needy = () if tied else (c.offset for c in source.candidates if _needs_nvcc(c, vocabulary))
    return FileSummary(
        tuple(source.directives.includes),
        tuple(branches),
        tuple(sorted(known)),
        tuple((m.name, m.span.start) for m in source.directives.macros if m.name in known),
        tuple(sorted(source.namespaces & vocabulary.namespaces)),
        tuple(sorted({c.word for c in source.candidates if not c.entities})),
        any(c.zone is Zone.CODE for c in source.candidates),
        needs_clang(source),
        names_loader(source, vocabulary),
        tuple(launch.kernel for launch in launches(source)),
        tuple((m.name, m.body.start, m.body.end) for m in source.directives.macros),
        space_macros(source, vocabulary.execution_space),
        tuple(sorted(body_words(source))),
        tied,
        _MAIN.search(source.lexed.code) is not None,
        constants(source),
        tuple(sorted(source.named)),
        lane_helpers(source),
        paste_macros(source, vocabulary),
        tuple(worded_macros(source)),
        next(iter(needy), None),
    )


def _needs_nvcc(candidate: Candidate, vocabulary: Vocabulary) -> bool:
    """Return whether a word is likely one that nvcc's own include declares. A file that declares
    CUDA's types by hand leans on no header for them.
    """
    libraries = vocabulary.base_libraries
    named = candidate.telling and candidate.zone is Zone.CODE
    return named and any(e.library in libraries for e in candidate.entities)
