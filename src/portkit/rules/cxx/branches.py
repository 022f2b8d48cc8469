# SPDX-License-Identifier: Apache-2.0
"""What a test in a preprocessor condition switches on: the branches that it guards, and those that
the macros guard which are defined in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from portkit.languages.cxx.letters.directives import Directive, read_directives
from portkit.model.reading import FileScan, Reference
from portkit.model.spans import Span
from portkit.model.words import Context
from portkit.rules.cxx.kernels import lexed_source
from portkit.rules.view import FileSource
from portkit.vocab.vocabulary import Vocabulary

_OPENS = frozenset({"if", "ifdef", "ifndef"})
_GOES_ON = frozenset({"elif", "elifdef", "elifndef", "else"})
_NEGATED = frozenset({"ifndef", "elifndef"})
_HAS_INCLUDE = "__has_include"
_NOT = re.compile(r"!\s*(?:defined\s*\(?\s*|__has_include(?:_next)?\s*\(\s*[<\"]\s*)?\Z")
_WORD = re.compile(r"\w+", re.A)


class Probe(msgspec.Struct, frozen=True):
    """A test whether something of CUDA's is there: the branches that it switches on, and the macros
    that are defined in them.
    """

    index: int  # of the reference
    line: Span  # the directive
    guarded: tuple[Span, ...]
    macros: tuple[str, ...]


def may_probe(scan: FileScan, vocabulary: Vocabulary) -> bool:
    """Return whether a file may hold a probe, without a look at its text."""
    asks = any(_HAS_INCLUDE in guard for guard, _ in scan.facts.guards)
    return asks or any(
        r.context is Context.DEFINED and _is_feature(r, vocabulary) for r in scan.references
    )


def probes(source: FileSource) -> Sequence[Probe]:
    """Return the probes of a file that guard anything. Use it through `source.once(probes)`.

    Whether device code or CUDA's compiler is at work is no probe: such a test must move with the
    tree, whatever stands behind it. A test for what is not there guards what follows instead.
    """
    if not may_probe(source.scan, source.vocabulary):
        return ()
    directives = read_directives(source.once(lexed_source))
    parts, found = _parts(directives.lines), list[Probe]()
    for index, ref in enumerate(source.references):
        asked = ref.context is Context.INCLUDE or (
            ref.context is Context.DEFINED and _is_feature(ref, source.vocabulary)
        )
        line = directives.at(ref.span.start) if asked and not ref.user else None
        if line is None or line.start not in parts:
            continue
        guarded = parts[line.start]
        if line.keyword in _NEGATED or _NOT.search(
            source.once(lexed_source).code, line.body, ref.span.start
        ):
            guarded = guarded[1:]
        elif guarded:
            guarded = guarded[:1]
        if guarded:
            macros = _defined_in(source.scan, guarded)
            found.append(Probe(index, Span(line.start, line.end), tuple(guarded), macros))
    return tuple(found)


def guarded_by(scan: FileScan, macros: Sequence[str]) -> tuple[Span, ...]:
    """Return the branches of a file that need one of `macros`, and those that need what is defined
    in them.
    """
    known, found = set(macros), dict[Span, None]()
    while True:
        more = [
            span
            for guard, span in scan.facts.guards
            if span not in found and not known.isdisjoint(_WORD.findall(guard))
        ]
        if not more:
            return tuple(found)
        found.update(dict.fromkeys(more))
        known.update(_defined_in(scan, more))


def _is_feature(ref: Reference, vocabulary: Vocabulary) -> bool:
    return not (ref.name in vocabulary.arch_macros or ref.name in vocabulary.compiler_macros)


def _defined_in(scan: FileScan, spans: Sequence[Span]) -> tuple[str, ...]:
    return tuple(m.name for m in scan.facts.macros if any(s.contains(m.span) for s in spans))


def _parts(lines: Sequence[Directive]) -> Mapping[int, Sequence[Span]]:
    """Return, for each condition by the start of its line, the part behind it and all that follow up
    to the #endif.
    """
    found: dict[int, list[Span]] = {}
    stack: list[list[tuple[Directive, int]]] = []  # of each open conditional its lines
    for line in lines:
        if line.keyword in _OPENS:
            stack.append([(line, line.end)])
        elif stack and line.keyword in _GOES_ON:
            stack[-1].append((line, line.end))
        elif stack and line.keyword == "endif":
            chain = stack.pop()
            ends = [*(other.start for other, _ in chain[1:]), line.start]
            spans = [Span(start, end) for (_, start), end in zip(chain, ends, strict=True)]
            for number, (opened, _) in enumerate(chain):
                if opened.keyword != "else":
                    found[opened.start] = spans[number:]
    return found
