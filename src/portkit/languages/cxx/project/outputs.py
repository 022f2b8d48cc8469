# SPDX-License-Identifier: Apache-2.0
"""What Clang holds against the output of a tree: which units are read for it, and what is known of
them already.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from portkit.languages.base import Look, Output, Project
from portkit.languages.cxx.project.jobs import LookAnswer, LookJob
from portkit.languages.cxx.project.keys import Deps, faults_key, unit_facts
from portkit.languages.cxx.project.states import decoded
from portkit.languages.cxx.project.tree import TreeReader
from portkit.languages.cxx.values.reading import UnitFaults
from portkit.languages.jobs import Lost, encode
from portkit.languages.keys import content_key
from portkit.model.spans import Edit

_answers = msgspec.msgpack.Decoder(LookAnswer)


class KeptLook(msgspec.Struct, array_like=True):
    """What is held against the output of a unit or a tree, and the files elsewhere that this rests
    on.
    """

    look: Look
    deps: list[tuple[str, str]]


class OutputReader:
    """Looks at what is to be written of a tree, a unit at a time. `outputs`: by file."""

    def __init__(self, reader: TreeReader, project: Project, outputs: Mapping[str, Output]) -> None:
        self._reader, self._project, self._outputs = reader, project, outputs
        self._deps = Deps(project.root)

    def look(self, changed: Container[str] | None = None) -> Look:
        """Return what Clang holds against the output alone, each place once, sorted. `changed`:
        read only units with one of these files.
        """
        store, key = self._project.store, b""
        if store.keeps:
            told = [(r, *_told(o.edits, o.renamed)) for r, o in sorted(self._outputs.items())]
            some = None if changed is None else [r for r in self._outputs if r in changed]
            key = content_key(self._reader.whole, "outputs", told, some)
            known = decoded(store.get([key]).get(key), KeptLook)
            if known is not None and self._deps.hold(known.deps):
                return known.look
        look, deps, whole = self._look(changed)
        if store.keeps and whole:
            store.put({key: encode(KeptLook(look, sorted(deps)))})
        return look

    def _look(self, changed: Container[str] | None) -> tuple[Look, set[tuple[str, str]], bool]:
        """Return the look, what it rests on elsewhere, and whether it may be kept."""
        jobs, store = self._jobs(changed), self._project.store
        keys = [content_key(self._reader.stamp, "output", _facts(job)) for job in jobs]
        known = store.get(keys) if store.keeps else {}
        found = {key: kept for key in keys if (kept := self._recalled(known.get(key)))}
        missing = {key: job for key, job in zip(keys, jobs, strict=True) if key not in found}
        fresh, unread = dict[bytes, bytes](), set[str]()
        results = self._project.run(self._informed(list(missing.values())))
        for (key, job), result in zip(missing.items(), results, strict=True):
            answer = (
                LookAnswer(failed=True) if isinstance(result, Lost) else _answers.decode(result)
            )
            if answer.failed:
                unread |= self._outputs.keys() & job.unit.plan.closure
                continue
            deps = self._deps.of(job.unit, [*answer.opened, *answer.tried])
            found[key] = KeptLook(Look(tuple(answer.broken)), deps)
            fresh[key] = encode(found[key])
        if store.keeps:
            store.put(fresh)
        pairs = list(zip(keys, jobs, strict=True))
        read = {rel for key, job in pairs if key in found for rel in job.unit.plan.closure}
        unread = (unread | (self._outputs.keys() - read if changed is None else set())) - read
        broken = sorted({b for kept in found.values() for b in kept.look.broken})
        deps_of_all = {d for kept in found.values() for d in kept.deps}
        look = Look(tuple(broken), len(jobs), tuple(sorted(unread)))
        return look, deps_of_all, len(found) == len({*keys})

    def _informed(self, jobs: Sequence[LookJob]) -> Sequence[LookJob]:
        """Give jobs what the reading of their units told, as far as it is known."""
        keys = [faults_key(self._reader.stamp, job.unit) for job in jobs]
        kept = self._project.store.get(keys) if self._project.store.keeps else self._project.faults
        for job, key in zip(jobs, keys, strict=True):
            job.known = decoded(kept.get(key), UnitFaults)
        return jobs

    def _jobs(self, changed: Container[str] | None) -> list[LookJob]:
        """Return a job for each unit that settles a file with edits."""
        found = []
        for unit in self._reader.units(self._outputs):
            if changed is None or any(f.rel in changed for f in unit.files):
                files = [f.rel for f in unit.files if f.rel in self._outputs]
                edits = {rel: list(self._outputs[rel].edits) for rel in files}
                found.append(LookJob(unit, edits, self._names(files)))
        return found

    def _names(self, files: Iterable[str]) -> dict[str, str]:
        return {name: to for rel in files for name, to in self._outputs[rel].renamed.items()}

    def _recalled(self, entry: bytes | None) -> KeptLook | None:
        kept = decoded(entry, KeptLook)
        return kept if kept is not None and self._deps.hold(kept.deps) else None


def _facts(job: LookJob) -> Sequence[object]:
    edits = [(rel, *_told(some)) for rel, some in job.outputs.items()]
    return unit_facts(job.unit), edits, sorted(job.names.items())


def _told(edits: Iterable[Edit], renamed: Mapping[str, str] = MappingProxyType({})) -> list[object]:
    return [[(e.span.start, e.span.end, e.new, e.group) for e in edits], sorted(renamed.items())]
