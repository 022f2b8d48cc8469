# SPDX-License-Identifier: Apache-2.0
"""Declarations in branches: those that take the place of CUDA's in builds without it, and those of
the project's own words that no unit compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from portkit.languages.cxx.project.jobs import DeclareJob
from portkit.languages.cxx.project.states import FileState, decoded
from portkit.languages.cxx.values.preprocessor import Branch, guards_at, is_fallback
from portkit.languages.cxx.values.reading import FileSummary, FileVerdicts
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Lost, Store, encode
from portkit.languages.keys import content_key
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_places = msgspec.msgpack.Decoder(dict[int, str])

Places = dict[str, dict[int, str]]
Hidden = dict[str, list[tuple[str, tuple[str, ...]]]]


class BranchDeclarations:
    """Looks for declarations in branches of the files of a tree. `done` runs jobs."""

    def __init__(
        self,
        files: Mapping[str, FileRef],
        stamp: bytes,
        done: Callable[[Sequence[DeclareJob]], Sequence[bytes | Lost]],
        store: Store,
        states: Mapping[str, FileState],
        graph: IncludeGraph,
    ) -> None:
        self._files, self._stamp, self._done, self._store = files, stamp, done, store
        self._states, self._graph = states, graph

    def in_cudas_place(
        self, summaries: Mapping[str, FileSummary], vocabulary: Vocabulary
    ) -> Places:
        """Return for each file that has any the offsets and words of declarations that take the
        place of CUDA's.
        """
        from portkit.languages.cxx.settle.substitutes import substituting_branches

        branches = substituting_branches(summaries, self._graph.edges, vocabulary)
        places, lost = self._declared(branches, own=False)
        for rel, fate in lost.items():
            # nobody knows whose the names in its sight are
            for other, state in self._states.items():
                if rel in self._graph.closure(other):
                    state.clang, state.fate = FileVerdicts(), fate.fate
        return {rel: found for rel, found in places.items() if found}

    def hidden(self, summaries: Mapping[str, FileSummary]) -> Hidden:
        """Return for each file that has any the words that it declares where Clang skips it, each
        with what the branches there ask for.

        Words that only have CUDA's shape are looked for where some file uses one in such code that
        nothing active declares.
        """
        skipping = {rel: s for rel, s in self._states.items() if s.clang.skipped}
        found: Hidden = {}
        for rel, state in skipping.items():
            for name, start in summaries[rel].macros:
                if state.clang.skips(start) and not is_fallback(
                    summaries[rel].branches, start, name
                ):
                    self._hide(found, rel, summaries[rel], start, name)
        known = {w for s in self._states.values() for w in s.declared}
        uses: dict[str, int] = {}
        for rel in skipping:
            for word in summaries[rel].shapes:
                if word not in known:
                    uses[word] = uses.get(word, 0) + 1
        branches = {
            rel: [Branch(Span(start, end), "", False) for start, end in state.clang.skipped]
            for rel, state in skipping.items()
            if any(uses.get(word, 0) > 1 for word in summaries[rel].shapes)
        }
        for rel, places in self._declared(branches, own=True)[0].items():
            for start, word in places.items():
                self._hide(found, rel, summaries[rel], start, word)
        return found

    def _hide(self, into: Hidden, rel: str, summary: FileSummary, start: int, word: str) -> None:
        guards = guards_at(summary.branches, start, summary.defined)
        into.setdefault(rel, []).append((word, tuple(sorted(guards))))

    def _declared(
        self, branches: Mapping[str, list[Branch]], *, own: bool
    ) -> tuple[Places, dict[str, Lost]]:
        """Return what the branches of files declare, and the files that were lost over it."""
        keys = {}
        for rel, found in branches.items():
            ref = self._files[rel]
            spans = [(b.span.start, b.span.end) for b in found]
            kind = "own" if own else "declares"
            keys[rel] = content_key(self._stamp, kind, ref.sha256, ref.encoding, spans)
        known = self._store.get(list(keys.values()))
        places = {
            rel: s
            for rel, key in keys.items()
            if (s := decoded(known.get(key), dict[int, str])) is not None
        }
        missing, lost = [rel for rel in branches if rel not in places], dict[str, Lost]()
        jobs = [DeclareJob([self._files[rel]], branches[rel], own) for rel in missing]
        for rel, result in zip(missing, self._done(jobs), strict=True):
            if isinstance(result, Lost):
                lost[rel] = result
            else:
                places[rel] = _places.decode(result)
        self._store.put({keys[rel]: encode(places[rel]) for rel in missing if rel in places})
        return places, lost
