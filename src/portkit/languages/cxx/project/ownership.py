# SPDX-License-Identifier: Apache-2.0
"""Whose CUDA's names are in a tree: what of them the project defines, and what it only mentions.

A tag, an alias of one or a function is the project's where the tree defines it. What is declared
forward, or redeclared by hand, and defined nowhere in the tree is CUDA's: all that names it moves
together.
"""

from __future__ import annotations

from collections.abc import Mapping

from portkit.languages.cxx.project.states import FileState
from portkit.languages.cxx.values.reading import Declared, FileSummary, Ownership
from portkit.languages.cxx.values.units import CONTEXTS, IncludeGraph, is_unit

_IN_SIGHT = frozenset({Declared.OWNS, Declared.FILE})
_FOR_ALL = frozenset({Declared.OWNS, Declared.OVERLOADS})


class Owners:
    """The declarations of CUDA's names in a tree."""

    def __init__(
        self,
        summaries: Mapping[str, FileSummary],
        states: Mapping[str, FileState],
        graph: IncludeGraph,
    ) -> None:
        self._summaries, self._states, self._graph = summaries, states, graph
        self.mentions: dict[str, dict[int, str]] = {}
        self._groups: dict[str, set[tuple[str, ...]]] = {}
        aliases = {
            (rel, tie.alias_at) for rel, summary in summaries.items() for tie in summary.ties
        }
        defined = {
            name.word
            for rel, state in states.items()
            for at, name in state.owned.items()
            if name.declared in _FOR_ALL and (rel, at) not in aliases
        }
        for rel, state in states.items():
            for at, name in state.owned.items():
                if name.declared is Declared.MENTIONS and name.word not in defined:
                    self._mention(rel, at, name.word)
            for tie in summaries[rel].ties:
                if tie.tag not in defined and tie.alias not in defined:
                    self._mention(rel, tie.tag_at, tie.tag, tie.alias)
                    self._mention(rel, tie.alias_at, tie.alias, tie.tag)
        self._own: dict[str, dict[int, tuple[str, Declared]]] = {}
        for rel, state in states.items():
            mentioned = self.mentions.get(rel, {})
            own = {
                at: (name.word, name.declared)
                for at, name in state.owned.items()
                if at not in mentioned
            }
            if own:
                self._own[rel] = own
        self._every = {word for own in self._own.values() for word, _ in own.values()}
        self._readers: dict[str, list[str]] | None = None

    def _mention(self, rel: str, at: int, *words: str) -> None:
        self.mentions.setdefault(rel, {})[at] = words[0]
        self._groups.setdefault(rel, set()).add(tuple(sorted(words)))

    def of(self, rel: str) -> Ownership:
        """Return what the settling of a file needs to know of all that."""
        own = self._own.get(rel, {})
        owned = sorted(
            (at, word) for at, (word, declared) in own.items() if declared in _FOR_ALL
        )
        groups = tuple(sorted(self._groups.get(rel, ())))
        if not self._every:
            return Ownership(groups=groups) if groups else _NOTHING
        in_sight = self._words(self._graph.closure(rel), inner=False)
        words = self._every.intersection(self._summaries[rel].body_words)
        around, unsure = frozenset[str](), False
        if words:
            readers = self._reading(rel)
            files = {rel, *self._graph.closure(rel)}
            files.update(f for reader in readers for f in self._graph.closure(reader))
            around = frozenset(words & self._words(files, inner=True))
            unsure = bool(around) and not is_unit(rel) and len(readers) > CONTEXTS
        return Ownership(tuple(owned), groups, frozenset(in_sight), around, unsure)

    def _words(self, files: set[str] | tuple[str, ...], *, inner: bool) -> set[str]:
        return {
            word
            for file in files
            for word, declared in self._own.get(file, {}).values()
            if inner or declared in _IN_SIGHT
        }

    def _reading(self, rel: str) -> list[str]:
        """Return the units that include a file."""
        if self._readers is None:
            self._readers = {}
            for unit in self._states:
                if is_unit(unit):
                    for file in self._graph.closure(unit)[1:]:
                        self._readers.setdefault(file, []).append(unit)
        return self._readers.get(rel, [])


_NOTHING = Ownership()
