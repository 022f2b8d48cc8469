# SPDX-License-Identifier: Apache-2.0
"""Reads a tree: lexes all files, parses the units that matter, settles every reference. What is
known already is looked up.

Keys of the cache hold all that a result depends on: contents, the project's includes as resolved,
flags, and the stamp of portkit, its vocabulary and libclang. Files that only Clang found, and names
that it looked for in vain, are checked when an entry is used: a file that appears or changes there
makes the entry worthless.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

from portkit.languages.base import Watch
from portkit.languages.cxx.project.branches import BranchDeclarations
from portkit.languages.cxx.project.constants import InSight
from portkit.languages.cxx.project.jobs import (
    FinishJob,
    Job,
    UnitAnswer,
    UnitJob,
)
from portkit.languages.cxx.project.keys import Deps, faults_key, unit_facts
from portkit.languages.cxx.project.lost import NOTHING_KNOWN, lost_unit, unread
from portkit.languages.cxx.project.ownership import Owners
from portkit.languages.cxx.project.states import (
    FileState,
    Settled,
    declared_in_sight,
    decoded,
    merge,
)
from portkit.languages.cxx.project.summaries import Summaries
from portkit.languages.cxx.project.summary import PastesInSight, SpacesInSight, bare
from portkit.languages.cxx.project.unchanged import entry_of, recall, whole_key
from portkit.languages.cxx.values.reading import (
    CxxOptions,
    FileSummary,
    FileVerdicts,
    Substitutes,
    Verdict,
)
from portkit.languages.cxx.values.units import UnitPlan, build_graph, loading_files, plan_units
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Each, Lost, Run, Store, encode
from portkit.languages.keys import content_key
from portkit.model.reading import FileScan
from portkit.model.words import Parse, Rung
from portkit.vocab.vocabulary import Vocabulary

_answers = msgspec.msgpack.Decoder(UnitAnswer)
_scans = msgspec.msgpack.Decoder(FileScan)


class TreeReader:
    """Reads the files of one project. `run` does jobs, in this process or others; `store` keeps
    results.
    """

    def __init__(
        self,
        files: Sequence[FileRef],
        vocabulary: Vocabulary,
        options: CxxOptions,
        run: Run,
        store: Store,
        stamp: bytes,
        names: Sequence[str] = (),
        watch: Watch | None = None,
        told: Mapping[bytes, bytes] = MappingProxyType({}),
    ) -> None:
        """`names`: all files of the tree, which the resolving of includes depends on; `told`: see
        Outcome.
        """
        self.names, self._watch = names, watch
        self.vocabulary, self.options, self._run, self._store, self.stamp = (
            vocabulary,
            options,
            run,
            store,
            stamp,
        )
        self.files = {f.rel: f for f in files}
        self._deps = Deps(options.root)
        self.reused = 0  # scans of files taken from the store
        self.parsed: list[str] = []  # units that were read by Clang
        # of the scans that are or could be kept: equal keys, equal scans
        self.keys: dict[str, bytes] = {}
        self._rests: set[tuple[str, str]] = set()  # what the scans rest on elsewhere
        self._unread: dict[str, Parse] = {}  # files that no rung could read
        self.told = dict(told)  # where nothing is kept

    def read(self) -> list[FileScan]:
        """Return the scan of every file, in the order given."""
        files, key = list(self.files.values()), self.whole
        known = recall(key, files, self._store.get, self._deps)
        if known is not None:
            self.keys, self.reused = dict(zip(self.files, known[0], strict=True)), len(files)
            return known[1]
        scans = self._read()
        if files and len(self.keys) == len(files):
            self._store.put({key: entry_of([self.keys[f.rel] for f in files], self._rests)})
        return scans

    @functools.cached_property
    def whole(self) -> bytes:
        """The key of all that the scans rest on in the tree."""
        return whole_key(self.stamp, self.files.values(), self.names, self.options.flags)

    def units(self, wanted: Container[str]) -> list[UnitJob]:
        """Return the units that a reading of the tree parses and that settle one of the `wanted`
        files, as jobs; a wanted file that none settles is a unit of its own.
        """
        plans = [*self._plans]
        settled = {rel for plan in plans for rel in (plan.main, *plan.settles)}
        alone = (rel for rel in self.files if rel in wanted and rel not in settled)
        plans += [UnitPlan(rel, (rel,), self.graph.closure(rel)) for rel in alone]
        return [
            self._job(plan)
            for plan in plans
            if any(rel in wanted for rel in (plan.main, *plan.settles))
        ]

    @functools.cached_property
    def _plans(self) -> list[UnitPlan]:
        """The units that a reading of the tree parses."""
        return plan_units(self._begin(), self.graph)

    def _begin(self) -> dict[str, FileSummary]:
        """Lex the files and resolve their includes."""
        told, store = self.told, self._store
        recall = store.get if store.keeps else lambda keys: told
        read = Summaries(self.files, self.stamp, recall, self._done)
        self._keep(read.fresh)
        self._unread = read.lost
        summaries = {rel: read.found.get(rel, NOTHING_KNOWN) for rel in self.files}
        self.states = {rel: FileState(ref, summaries[rel]) for rel, ref in self.files.items()}
        known = {rel: s for rel, s in summaries.items() if rel not in self._unread}
        self.graph = build_graph(known, self.options.resolve)
        return summaries

    def _read(self) -> list[FileScan]:
        summaries = self._begin()
        if self.options.rung is Rung.CLANG:
            plans = plan_units(summaries, self.graph)
            self._settle(plans)
            asked = {rel for plan in plans for rel in plan.settles}
            unseen = [rel for rel in sorted(asked) if self._unseen(self.states[rel])]
            # headers that no unit opened after all are their own context
            self._settle([UnitPlan(rel, (rel,), self.graph.closure(rel)) for rel in unseen])
        return self._finish(summaries)

    def _keep(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep what a look at the output asks for too."""
        if self._store.keeps:
            self._store.put(entries)
        else:
            self.told.update(entries)

    def _done(self, jobs: Sequence[Job], each: Each | None = None) -> Sequence[bytes | Lost]:
        """Run jobs that only read text. What was lost is never done here: this process has no
        limit. Raises what a job raised.
        """

        def take(number: int, result: bytes | Lost) -> None:
            if isinstance(result, Lost) and result.fault is not None:
                raise result.fault.exception()
            if each is not None:
                each(number, result)

        results = self._run(jobs, take if each is not None else None)
        if each is None:
            for number, result in enumerate(results):
                take(number, result)
        return results

    @staticmethod
    def _unseen(state: FileState) -> bool:
        return state.summary.asked and not state.clang.seen and state.fate is Parse.CLANG

    def _settle(self, plans: Sequence[UnitPlan]) -> None:
        """Find out what Clang says of every file that `plans` settle."""
        jobs = {plan.main: self._job(plan) for plan in plans}
        units = {
            main: content_key(self.stamp, "unit", unit_facts(job)) for main, job in jobs.items()
        }
        readers: dict[str, list[str]] = {}
        for plan in plans:
            for rel in plan.settles:
                readers.setdefault(rel, []).append(plan.main)
        for rel, mains in readers.items():
            state = self.states[rel]
            state.key = content_key(state.key, "clang", rel, [units[m] for m in mains])
        known = self._store.get([self.states[rel].key for rel in readers])
        missing = {
            rel
            for rel in readers
            if not self._take(self.states[rel], known.get(self.states[rel].key))
        }
        wanted = [job for job in jobs.values() if missing.intersection(job.plan.settles)]
        self.parsed += [job.plan.main for job in wanted]
        deps: dict[str, list[tuple[str, str]]] = {}
        faults: dict[bytes, bytes] = {}
        for job, result in zip(wanted, self._run(wanted), strict=True):
            answer = lost_unit(job, result) if isinstance(result, Lost) else _answers.decode(result)
            if answer.failed:
                self.states[answer.main].fate = Parse.LIMIT if answer.limit else Parse.FAILED
            merge(answer, self.states, missing)
            deps[answer.main] = (
                [] if answer.failed else self._deps.of(job, [*answer.opened, *answer.tried])
            )
            if answer.faults is not None:
                faults[faults_key(self.stamp, job)] = encode(answer.faults)
        self._keep(faults)
        entries = {}
        for rel in missing:
            state, mains = self.states[rel], readers[rel]
            clang = state.clang
            state.declared = frozenset(
                w for o, w in state.declares.items() if clang.verdicts.get(o) is Verdict.DECLARES
            )
            if all(self.states[m].fate is Parse.CLANG for m in mains):
                found = sorted({d for m in mains for d in deps[m]})
                self._rests.update(found)
                told = (
                    clang.seen,
                    clang.verdicts,
                    clang.skipped,
                    clang.disagreed,
                    sorted(state.declared),
                )
                more = clang.differing, found, clang.refused, clang.owners, state.owned
                settled = Settled(*told, *more)
                entry = entries[state.key] = encode(settled)
                state.key = content_key(entry)
            else:
                state.key = b""  # a limit or a crash is never kept, nor what rests on it
        self._store.put(entries)

    def _job(self, plan: UnitPlan) -> UnitJob:
        closure = list(dict.fromkeys([*plan.closure, *plan.settles]))
        edges = {rel: self.graph.edges[rel] for rel in closure if rel in self.graph.edges}
        flags = self.options.flags(Path(self.files[plan.main].on_disk))
        unresolved = {}
        for rel in closure:
            own = {i.span.start for i, _ in edges.get(rel, ())}
            if left := [
                (i.angled, i.spelling)
                for i in self.states[rel].summary.includes
                if i.span.start not in own
            ]:
                unresolved[rel] = left
        return UnitJob(plan, [self.files[rel] for rel in closure], edges, flags, unresolved)

    def _take(self, state: FileState, entry: bytes | None) -> bool:
        settled = decoded(entry, Settled)
        if settled is None or not self._deps.hold(settled.deps):
            return False
        self._rests.update(settled.deps)
        told = (
            settled.seen,
            settled.verdicts,
            settled.skipped,
            settled.disagreed,
            settled.refused,
            settled.differing,
            settled.owners,
        )
        state.clang = FileVerdicts(*told)
        state.declared, state.owned = frozenset(settled.declares), settled.owned
        state.key = content_key(entry)
        return True

    def _finish(self, summaries: Mapping[str, FileSummary]) -> list[FileScan]:
        declared = declared_in_sight(summaries, self.states, self.graph)
        opened = frozenset(name for summary in summaries.values() for name in summary.namespaces)
        loading = loading_files(summaries, self.graph)
        declarations = BranchDeclarations(
            self.files, self.stamp, self._done, self._store, self.states, self.graph
        )
        places = declarations.in_cudas_place(summaries, self.vocabulary)
        hidden = declarations.hidden(summaries)
        owners = Owners(summaries, self.states, self.graph, hidden)
        for rel, mentioned in owners.mentions.items():
            places[rel] = places.get(rel, {}) | mentioned
        sight = InSight(summaries, self.states, self.graph)
        pastes = PastesInSight(summaries, self.graph, self.vocabulary)
        marking = SpacesInSight(summaries, self.graph)
        jobs: dict[str, FinishJob] = {}
        keys, strict = self.keys, self._strict()
        for rel, state in self.states.items():
            if rel in self._unread:
                continue
            words = frozenset(
                word
                for other in places.keys() & self.graph.closure(rel)
                for word in places[other].values()
            )
            substitutes = Substitutes(words, frozenset(places.get(rel, {})))
            edges = self.graph.edges.get(rel, [])
            told = declared(rel), rel in loading, opened, substitutes, state.fate, edges
            spaces, ownership = marking.of(rel), owners.of(rel)
            job = FinishJob([state.ref], state.clang, *told)
            job.spaces, job.ownership, job.trigraphs = spaces, ownership, rel in strict
            job.pastes = pastes.of(rel)
            job.bare = bare(rel, summaries, self.graph, self.vocabulary)
            job.constants, job.helpers = sight.constants(rel), sight.helpers(rel)
            jobs[rel] = job
            if state.fate is Parse.CLANG and (state.key or not state.clang.seen):
                places_of_own = sorted(substitutes.places), [i.span.start for i, _ in edges]
                facts = (
                    sorted(job.declared),
                    job.loading,
                    sorted(opened),
                    sorted(words),
                    places_of_own,
                    job.trigraphs,
                    sorted(spaces.items()),
                    ownership.facts(),
                    job.bare,
                    sorted(job.constants.items()),
                    sorted(job.helpers.items()),
                    job.pastes,
                )
                ref = state.ref
                keys[rel] = content_key(
                    self.stamp,
                    "file",
                    rel,
                    ref.sha256,
                    ref.encoding,
                    ref.path_bytes,
                    state.key,
                    facts,
                )
        known = self._store.get(list(keys.values()))
        found: dict[str, FileScan] = {}

        def take(rel: str, scan: FileScan) -> None:
            found[rel] = scan
            if self._watch is not None:
                self._watch.add(scan)

        if self._watch is not None:
            self._watch.begin(summaries, keys)
        for rel, key in keys.items():
            if (scan := decoded(known.get(key), FileScan)) is not None:
                take(rel, scan)
        self.reused = len(found)
        for rel, fate in self._unread.items():
            take(rel, unread(self.files[rel], fate))
        lost: list[FinishJob] = []

        def taken(number: int, result: bytes | Lost) -> None:
            rel = missing[number]
            if isinstance(result, Lost):
                keys.pop(rel, None)
                lost.append(jobs[rel].weaker(result.fate))
            else:
                take(rel, _scans.decode(result))

        missing = [rel for rel in jobs if rel not in found]
        results = self._done([jobs[rel] for rel in missing], taken)
        done = {rel: result for rel, result in zip(missing, results, strict=True) if rel in keys}
        self._store.put({keys[rel]: r for rel, r in done.items() if not isinstance(r, Lost)})
        for weaker, result in zip(lost, self._done(lost), strict=True):
            ref = weaker.files[0]
            read = unread(ref, result.fate) if isinstance(result, Lost) else _scans.decode(result)
            take(ref.rel, read)
        return [found[rel] for rel in self.files]

    def _strict(self) -> set[str]:
        """Return the files of units whose standard replaces trigraphs."""
        flags = self.options.flags
        mains = [rel for rel, ref in self.files.items() if flags(Path(ref.on_disk)).trigraphs]
        return {rel for main in mains for rel in (main, *self.graph.closure(main))}
