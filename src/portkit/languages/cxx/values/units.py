# SPDX-License-Identifier: Apache-2.0
"""Which units Clang parses, and which files each of them settles. No compile database is needed."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from portkit.languages.cxx.values.preprocessor import Include
from portkit.languages.cxx.values.reading import FileSummary

UNIT_SUFFIXES = frozenset({".cu", ".c", ".cc", ".cpp", ".cxx"})
CONTEXTS = 2  # units that a header is read in

Resolve = Callable[[str, Include], str | None]


class UnitPlan(msgspec.Struct, frozen=True):
    """One parse: the main file, and the files of the project whose candidates it settles."""

    main: str
    settles: tuple[str, ...]
    closure: tuple[str, ...]


class IncludeGraph(msgspec.Struct):
    """The project's own includes. `edges[rel]` lists (include, file of the project) in source
    order.
    """

    edges: dict[str, list[tuple[Include, str]]] = msgspec.field(default_factory=dict)
    closures: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def closure(self, rel: str) -> tuple[str, ...]:
        """Return `rel` and every project file that it includes, directly or not, in first-met
        order.
        """
        known = self.closures.get(rel)
        if known is not None:
            return known
        seen, order, queue = {rel}, [rel], deque([rel])
        while queue:
            for _, target in self.edges.get(queue.popleft(), ()):
                if target not in seen:
                    seen.add(target)
                    order.append(target)
                    queue.append(target)
        self.closures[rel] = tuple(order)
        return self.closures[rel]

    def reached(self, rel: str, follow: Callable[[str, Include], bool]) -> set[str]:
        """Return `rel` and the project files that it includes through includes that `follow`
        accepts.
        """
        seen, queue = {rel}, [rel]
        while queue:
            here = queue.pop()
            for include, target in self.edges.get(here, ()):
                if target not in seen and follow(here, include):
                    seen.add(target)
                    queue.append(target)
        return seen

    def include_dirs(self, closure: Iterable[str]) -> tuple[str, ...]:
        """Return the folders (relative to the root) that make every include of `closure` resolve."""
        folders: dict[str, None] = {}
        for rel in closure:
            here = posixpath.dirname(rel)
            for include, target in self.edges.get(rel, ()):
                if (
                    not include.angled
                    and posixpath.normpath(posixpath.join(here, include.name)) == target
                ):
                    continue
                spelling = posixpath.normpath(include.name)
                if target == spelling:
                    folders.setdefault("", None)
                elif target.endswith("/" + spelling):
                    folders.setdefault(target[: -len(spelling) - 1], None)
                else:
                    folders.setdefault(here, None)
        return tuple(folders)


class SeenIncludes(Protocol):
    """What of a file decides which units are parsed (see summary.Summary)."""

    @property
    def includes(self) -> tuple[Include, ...]: ...
    @property
    def telling(self) -> bool: ...


def build_graph(files: Mapping[str, SeenIncludes], resolve: Resolve) -> IncludeGraph:
    """Resolve the includes of every file against the project."""
    graph = IncludeGraph()
    for rel, source in files.items():
        edges = []
        for include in source.includes:
            target = resolve(rel, include)
            if target is not None and target != rel and target in files:
                edges.append((include, target))
        if edges:
            graph.edges[rel] = edges
    return graph


def is_unit(rel: str) -> bool:
    """Return whether a file is compiled by itself, by its suffix."""
    return posixpath.splitext(rel)[1].lower() in UNIT_SUFFIXES


def plan_units(files: Mapping[str, SeenIncludes], graph: IncludeGraph) -> list[UnitPlan]:
    """Choose the units to parse: every source file with candidates, and for headers up to two units
    that include them.
    """
    wanted = {rel for rel, source in files.items() if source.telling}
    sources = [rel for rel in sorted(files) if is_unit(rel)]
    settles: dict[str, list[str]] = {rel: [rel] for rel in sources if rel in wanted}
    readers: dict[str, list[str]] = {}
    for rel in sources:
        for other in graph.closure(rel)[1:]:
            if other in wanted:
                readers.setdefault(other, []).append(rel)
    for header in sorted(wanted):
        units = readers.get(header, [])
        units = sorted(units, key=lambda u: (u not in settles, _distance(u, header), u))
        if not units and is_unit(header):
            continue
        for unit in units[: CONTEXTS - (1 if is_unit(header) else 0)]:
            settles.setdefault(unit, [])
            if header not in settles[unit]:
                settles[unit].append(header)
        if not units:
            settles.setdefault(header, [header])  # no unit includes it: it is its own context
    plans = [
        UnitPlan(main, tuple(rels), graph.closure(main)) for main, rels in settles.items() if rels
    ]
    return sorted(plans, key=lambda p: p.main)


def _distance(unit: str, header: str) -> int:
    return -len(
        posixpath.commonpath([posixpath.dirname(unit) or ".", posixpath.dirname(header) or "."])
    )


def loading_files(summaries: Mapping[str, FileSummary], graph: IncludeGraph) -> set[str]:
    """Files whose unit looks symbols up by name: they do, a header of theirs does, or a file that
    includes them does.
    """
    loaders = {rel for rel, summary in summaries.items() if summary.loader}
    found = {other for rel in loaders for other in graph.closure(rel)}
    return (
        found | {rel for rel in summaries if loaders.intersection(graph.closure(rel))}
        if loaders
        else found
    )
