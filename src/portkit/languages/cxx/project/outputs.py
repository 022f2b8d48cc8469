# SPDX-License-Identifier: Apache-2.0
"""What Clang holds against the output of a tree: which units are read for it, and what is known of
them already.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec

from portkit.languages.base import Broken, Look, Output, Project
from portkit.languages.cxx.project.jobs import LookAnswer, LookJob
from portkit.languages.cxx.project.keys import Deps, faults_key, unit_facts
from portkit.languages.cxx.project.states import decoded
from portkit.languages.cxx.project.tree import TreeReader
from portkit.languages.cxx.values.reading import UnitFaults
from portkit.languages.jobs import Lost, encode
from portkit.languages.keys import content_key

_answers = msgspec.msgpack.Decoder(LookAnswer)


class KeptLook(msgspec.Struct, array_like=True):
    """What is held against a unit's output, and the files elsewhere that this rests on."""

    broken: list[Broken]
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
        jobs, store = self._jobs(changed), self._project.store
        keys = [content_key(self._reader.stamp, "output", _facts(job)) for job in jobs]
        known = store.get(keys) if store.keeps else {}
        found = {key: kept.broken for key in keys if (kept := self._recalled(known.get(key)))}
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
            found[key] = answer.broken
            deps = self._deps.of(job.unit, [*answer.opened, *answer.tried])
            fresh[key] = encode(KeptLook(answer.broken, deps))
        if store.keeps:
            store.put(fresh)
        read = {f for key, job in zip(keys, jobs, strict=True) if key in found
                for f in job.unit.plan.closure}  # fmt: skip
        unread = (unread | (self._outputs.keys() - read if changed is None else set())) - read
        broken = sorted({b for some in found.values() for b in some})
        return Look(tuple(broken), len(jobs), tuple(sorted(unread)))

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
        for unit in self._reader.units():
            if changed is not None and not any(f.rel in changed for f in unit.files):
                continue
            if self._outputs.keys() & {unit.plan.main, *unit.plan.settles}:
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
    edits = [
        (rel, [(e.span.start, e.span.end, e.new, e.group) for e in some])
        for rel, some in job.outputs.items()
    ]
    return unit_facts(job.unit), edits, sorted(job.names.items())
