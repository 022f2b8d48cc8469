# SPDX-License-Identifier: Apache-2.0
"""What is known of the files of a project while they are read, and what of that is kept."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import TypeVar

import msgspec

from portkit.languages.cxx.project.jobs import FileAnswer, UnitAnswer
from portkit.languages.cxx.project.own_namespaces import OwnNamespaces
from portkit.languages.cxx.values.preprocessor import Include
from portkit.languages.cxx.values.reading import (
    Declared,
    Difference,
    FileSummary,
    FileVerdicts,
    OwnName,
    RefusedInclude,
    Verdict,
    common_ranges,
)
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.languages.file_ref import FileRef
from portkit.model.words import Parse

_VERDICTS = tuple(Verdict)  # by number
T = TypeVar("T")


class Settled(msgspec.Struct, array_like=True):
    """Clang's word on a file over all units that settle it, as it is kept."""

    seen: bool
    verdicts: dict[int, Verdict]
    skipped: list[tuple[int, int]]
    disagreed: list[int]
    declares: list[str]
    differing: list[Difference]
    deps: list[tuple[str, str]]
    refused: list[RefusedInclude]
    owners: dict[int, str]
    owned: dict[int, OwnName]


class FileState(msgspec.Struct):
    """What is known of a file while the tree is read."""

    ref: FileRef
    summary: FileSummary
    clang: FileVerdicts = msgspec.field(default_factory=FileVerdicts)
    declares: dict[int, str] = msgspec.field(default_factory=dict)
    # words of CUDA's shape that Clang saw declared in the file
    declared: frozenset[str] = frozenset()
    owned: dict[int, OwnName] = msgspec.field(default_factory=dict)
    fate: Parse = Parse.CLANG
    key: bytes = b""  # of what Clang was asked, then of what it said


def merge(answer: UnitAnswer, states: Mapping[str, FileState], missing: Container[str]) -> None:
    """Join a unit's answers into the states of the files that are `missing`.

    Code counts as skipped when every unit skipped it; CUDA here and the user's there is mixed.
    """
    for part in answer.answers:
        if part.rel in missing:
            _join(states[part.rel], part)
    for rel, refused in answer.refused:
        known = states[rel].clang.refused
        if rel in missing and refused not in known:
            known.append(refused)


def _join(state: FileState, part: FileAnswer) -> None:
    into = state.clang
    state.declares |= part.declares
    into.owners |= part.owners
    for at, name in part.owned.items():
        if at not in state.owned or name.declared is Declared.MENTIONS:
            state.owned[at] = name
    places = zip(part.offsets, part.verdicts, strict=True)
    told = [(offset, _VERDICTS[number]) for offset, number in places if number]
    told += part.bodies.items()
    into.disagreed += [at for at, verdict in part.bodies.items() if verdict is Verdict.MIXED]
    if not into.verdicts:
        into.verdicts = dict(told)
        told = []
    for offset, verdict in told:
        old = into.verdicts.get(offset, Verdict.UNRESOLVED)
        if {old, verdict} == {Verdict.CUDA, Verdict.USER}:
            into.verdicts[offset] = Verdict.MIXED
            into.disagreed.append(offset)
        elif old is Verdict.UNRESOLVED:
            into.verdicts[offset] = verdict
    skipped = sorted(part.skipped)
    into.skipped = skipped if not into.seen else common_ranges(into.skipped, skipped)
    into.differing = sorted({*into.differing, *part.differing})
    into.seen = True


def followed_by_clang(states: Mapping[str, FileState]) -> Callable[[str, Include], bool]:
    """Return what says of an include of a file whether Clang follows it: what it skips is of another
    build.
    """
    return lambda file, include: not states[file].clang.skips(include.span.start)


def declared_in_sight(
    summaries: Mapping[str, FileSummary], states: Mapping[str, FileState], graph: IncludeGraph
) -> Callable[[str], dict[str, str]]:
    """Return a function that gives for a file the words that the project declares in sight, with
    the file that does.

    In sight: macros of the file and the headers it includes; namespaces opened there, or before the
    file where it is included; and what Clang saw declared at namespace scope there. What Clang
    skips is out of sight: another vendor's branch, and the headers that only it includes. Words
    that only have CUDA's shape count when any file of the project defines them.
    """
    own: dict[str, dict[str, str]] = {}
    shapes: dict[str, str] = {}
    openers: dict[str, list[str]] = {}
    for rel, summary in summaries.items():
        folders = set(rel.split("/")[:-1])
        opened = [n for n in summary.namespaces if n in folders]
        for word in opened:
            openers.setdefault(word, []).append(rel)
        state = states[rel]
        defined = (name for name, start in summary.macros if not state.clang.skips(start))
        names = own[rel] = dict.fromkeys((*defined, *opened, *sorted(state.declared)), rel)
        for word in summary.shapes:
            if word in names:
                shapes.setdefault(word, rel)

    followed = followed_by_clang(states)
    namespaces = OwnNamespaces(openers, summaries, graph, followed)

    def in_sight(rel: str) -> dict[str, str]:
        seen = {w: shapes[w] for w in summaries[rel].shapes if w in shapes}
        reached = graph.reached(rel, followed)
        seen.update(namespaces.of(rel, reached))
        for other in reached:
            seen.update(own[other])
        return seen

    return in_sight


def decoded(entry: bytes | None, kind: type[T]) -> T | None:
    if entry is None:
        return None
    try:
        return msgspec.msgpack.decode(entry, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
