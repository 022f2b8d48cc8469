# SPDX-License-Identifier: Apache-2.0
"""Whose CUDA's names are in a tree: what of them the project defines, and what it only mentions.

A tag, an alias of one or a function is the project's where the tree defines it. What is declared
forward, or redeclared by hand, and defined nowhere in the tree is CUDA's: all that names it moves
together.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from portkit.languages.cxx.project.branches import Hidden
from portkit.languages.cxx.project.states import FileState, followed_by_clang
from portkit.languages.cxx.values.preprocessor import is_fallback
from portkit.languages.cxx.values.reading import Declared, FileSummary, Ownership, Tie
from portkit.languages.cxx.values.units import CONTEXTS, IncludeGraph, is_unit

_IN_SIGHT = frozenset({Declared.OWNS, Declared.FILE, Declared.NAMES})
# a mention among what is the project's own is one of what the project defines elsewhere
_MEANT = frozenset({Declared.MENTIONS})
_FOR_ALL = frozenset({Declared.OWNS, Declared.OVERLOADS})
_DEFINED = frozenset({*_FOR_ALL, Declared.NAMES})
_OTHERS = frozenset({*_IN_SIGHT, Declared.OVERLOADS, Declared.BESIDE})
_BESIDE = frozenset({Declared.OVERLOADS, Declared.BESIDE, Declared.GUARDED})
_GUARDED = frozenset({Declared.GUARDED})
_ANY = frozenset(Declared)


class Owners:
    """The declarations of CUDA's names in a tree."""

    def __init__(
        self,
        summaries: Mapping[str, FileSummary],
        states: Mapping[str, FileState],
        graph: IncludeGraph,
        hidden: Hidden,
    ) -> None:
        """`hidden`: see BranchDeclarations.hidden."""
        self._summaries, self._states, self._graph = summaries, states, graph
        self._hidden = hidden
        self._hidden_by_word: dict[str, set[tuple[str, ...]]] = {}
        for told in hidden.values():
            for word, guards in told:
                self._hidden_by_word.setdefault(word, set()).add(guards)
        self.mentions: dict[str, dict[int, str]] = {}
        self._groups: dict[str, set[tuple[str, ...]]] = {}
        self._ties = {rel: ties for rel in summaries if (ties := self._outermost(rel))}
        aliases = {(rel, tie.alias_at) for rel, ties in self._ties.items() for tie in ties}
        defined = {
            name.word
            for rel, state in states.items()
            for at, name in state.owned.items()
            if name.declared in _DEFINED and (rel, at) not in aliases
        }
        for rel, state in states.items():
            if self._remakes(rel, aliases):
                continue
            for at, name in state.owned.items():
                if name.declared is Declared.MENTIONS and name.word not in defined:
                    self._mention(rel, at, name.word)
            for tie in self._ties.get(rel, ()):
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
        self._reach: dict[str, set[str]] = {}
        self._followed = followed_by_clang(states)

    def _outermost(self, rel: str) -> list[Tie]:
        """Return the aliases of tags that a file declares in no class or namespace, as far as is
        known.
        """
        owned, found = self._states[rel].owned, list[Tie]()
        for tie in self._summaries[rel].ties:
            name = owned.get(tie.alias_at)
            if name is None or name.declared is not Declared.INNER:
                found.append(tie)
        return found

    def _remakes(self, rel: str, aliases: Container[tuple[str, int]]) -> bool:
        """Does a file stand in a copy of CUDA's declarations that the project keeps for itself? What
        it leaves undefined is the copy's, too.
        """
        files = (
            self._graph.closure(rel) if self._states[rel].owned or self._summaries[rel].ties else ()
        )
        return any(
            name.declared is Declared.NAMES and (file, at) not in aliases
            for file in files
            for at, name in self._states[file].owned.items()
        )

    def _mention(self, rel: str, at: int, *words: str) -> None:
        self.mentions.setdefault(rel, {})[at] = words[0]
        self._groups.setdefault(rel, set()).add(tuple(sorted(words)))

    def of(self, rel: str) -> Ownership:
        """Return what the settling of a file needs to know of all that."""
        own = self._own.get(rel, {})
        owned = [(at, word) for at, (word, declared) in own.items() if declared in _DEFINED]
        owned = sorted([*owned, *self._macros(rel)])
        groups, hidden = tuple(sorted(self._groups.get(rel, ()))), self._hidden_for(rel)
        if not self._every:
            joined = self._program(rel) if owned or groups else ()
            told = owned or groups or hidden
            return Ownership(tuple(owned), joined, groups, hidden=hidden) if told else _NOTHING
        closure = self._graph.closure(rel)
        guarded = self._words(closure, _GUARDED)
        if guarded:
            guarded -= self._words(closure, _OTHERS)
        words = self._every.intersection(self._summaries[rel].body_words)
        around, unsure = frozenset[str](), False
        if words:
            readers = self._reading(rel)
            files = {rel, *closure}
            files.update(f for reader in readers for f in self._graph.closure(reader))
            around = frozenset(words & self._words(files, _ANY))
            unsure = bool(around) and not is_unit(rel) and len(readers) > CONTEXTS
        return Ownership(
            tuple(owned),
            self._program(rel) if owned or groups else (),
            groups,
            frozenset(self._words(closure, _IN_SIGHT)),
            frozenset(guarded),
            frozenset(at for at, (_, declared) in own.items() if declared in _BESIDE),
            around,
            unsure,
            hidden,
            self._own_tags(rel),
            frozenset(self._words(self._reached(rel), _MEANT)),
        )

    def _macros(self, rel: str) -> list[tuple[int, str]]:
        """Return where a file defines macros of CUDA's names, whoever else has them."""
        summary, clang = self._summaries[rel], self._states[rel].clang
        return [
            (start, name)
            for name, start in summary.macros
            if name not in summary.shapes
            and not (clang.skips(start) or is_fallback(summary.branches, start, name))
        ]

    def _own_tags(self, rel: str) -> tuple[int, ...]:
        """Return where a file gives an alias of its own to a tag that nothing defines."""
        own = self._own.get(rel, {})
        return tuple(tie.tag_at for tie in self._ties.get(rel, ()) if tie.alias_at in own)

    def _program(self, rel: str) -> tuple[str, ...]:
        """Return the files that are likely of one program with one: those that units read which have
        a file of the project in common with it, and where a linker is asked those of its folder,
        but for those that are programs of their own.
        """
        closure = self._reached(rel)
        units = {unit for file in closure for unit in self._reading(file)}
        units = {unit for unit in units if not closure.isdisjoint(self._reached(unit))}
        found = {*closure, *(file for unit in units for file in self._reached(unit))}
        own = self._own.get(rel, {}).values()
        if any(declared in _FOR_ALL for _, declared in own):
            folder, whole = rel.rpartition("/")[0], self._summaries[rel].main
            found |= {
                file
                for file, summary in self._summaries.items()
                if file.rpartition("/")[0] == folder and not (whole and summary.main)
            }
        return tuple(sorted(found))

    def _reached(self, rel: str) -> set[str]:
        """Return the files that a file includes, but for includes that Clang skips: what only
        another vendor's build includes is of another program.
        """
        known = self._reach.get(rel)
        if known is None:
            known = self._reach[rel] = self._graph.reached(rel, self._followed)
        return known

    def _hidden_for(self, rel: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the words that code which Clang skips in a file may mean: those of headers in its
        reach, and those of CUDA's shape of any file.
        """
        if not self._hidden or not self._states[rel].clang.skipped:
            return ()
        found = {pair for other in self._graph.closure(rel) for pair in self._hidden.get(other, ())}
        for word in self._summaries[rel].shapes:
            found.update((word, guards) for guards in self._hidden_by_word.get(word, ()))
        return tuple(sorted(found))

    def _words(self, files: Iterable[str], wanted: Container[Declared]) -> set[str]:
        return {
            word
            for file in files
            for word, declared in self._own.get(file, {}).values()
            if declared in wanted
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
