# SPDX-License-Identifier: Apache-2.0
"""What Clang holds against the output of a tree: which units are read for it, and what is known of
them already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from portkit.languages.base import Asked, Look, Output, Project
from portkit.languages.cxx.project.first_looks import first_looks
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


class NoClang:
    """Where Clang is not to be had, no output is read."""

    def look(self, outputs: Mapping[str, Output], asked: Asked) -> Look:
        """Return that nothing was read."""
        return Look()


class OutputReader:
    """Looks at what is to be written of a tree, a unit at a time."""

    def __init__(self, reader: TreeReader, project: Project) -> None:
        self._reader, self._project = reader, project
        self._deps = Deps(project.root)
        self._digest: tuple[Mapping[str, Output], bytes] = {}, b""

    def look(self, outputs: Mapping[str, Output], asked: Asked) -> Look:
        """Return what Clang holds against the outputs, by file, and not against the files."""
        store, key = self._project.store, b""
        if store.keeps:
            which = asked.few, sorted(asked.seen), sorted(asked.changed)
            key = content_key(self._reader.whole, "outputs", self._digest_of(outputs), which)
            known = decoded(store.get([key]).get(key), KeptLook)
            if known is not None and self._deps.hold(known.deps):
                return known.look
        look, deps, whole = self._look(outputs, asked)
        if store.keeps and whole:
            store.put({key: encode(KeptLook(look, sorted(deps)))})
        return look

    def _digest_of(self, outputs: Mapping[str, Output]) -> bytes:
        if self._digest[0] is not outputs:
            told = [(r, *_told(o.edits, o.renamed)) for r, o in sorted(outputs.items())]
            self._digest = outputs, content_key(told)
        return self._digest[1]

    def _look(
        self, outputs: Mapping[str, Output], asked: Asked
    ) -> tuple[Look, set[tuple[str, str]], bool]:
        """Return the look, what it rests on elsewhere, and whether it may be kept."""
        jobs, store = self._jobs(outputs, asked), self._project.store
        keys = [content_key(self._reader.stamp, "output", _facts(job)) for job in jobs]
        known = store.get(keys) if store.keeps else {}
        found = {key: kept for key in keys if (kept := self._recalled(known.get(key)))}
        missing = {key: job for key, job in zip(keys, jobs, strict=True) if key not in found}
        fresh, failed = dict[bytes, bytes](), set[str]()
        results = self._project.run(self._informed(list(missing.values())))
        for (key, job), result in zip(missing.items(), results, strict=True):
            answer = (
                LookAnswer(failed=True) if isinstance(result, Lost) else _answers.decode(result)
            )
            if answer.failed:
                failed |= outputs.keys() & job.unit.plan.closure
                continue
            deps = self._deps.of(job.unit, [*answer.opened, *answer.tried])
            found[key] = KeptLook(Look(tuple(answer.broken)), deps)
            fresh[key] = encode(found[key])
        if store.keeps:
            store.put(fresh)
        pairs = list(zip(keys, jobs, strict=True))
        closures = [job.unit.plan.closure for key, job in pairs if key in found]
        look = Look(
            tuple(sorted({b for kept in found.values() for b in kept.look.broken})),
            tuple(job.unit.plan.main for job in jobs),
            tuple(sorted(outputs.keys() & {rel for closure in closures for rel in closure})),
            tuple(sorted(failed)),
        )
        deps_of_all = {d for kept in found.values() for d in kept.deps}
        return look, deps_of_all, len(found) == len({*keys})

    def _informed(self, jobs: Sequence[LookJob]) -> Sequence[LookJob]:
        """Give jobs what the reading of their units told, as far as it is known."""
        keys = [faults_key(self._reader.stamp, job.unit) for job in jobs]
        kept = self._project.store.get(keys) if self._project.store.keeps else self._reader.told
        for job, key in zip(jobs, keys, strict=True):
            job.known = decoded(kept.get(key), UnitFaults)
        return jobs

    def _jobs(self, outputs: Mapping[str, Output], asked: Asked) -> list[LookJob]:
        """Return a job for each unit that settles a file with edits, of those asked for."""
        units = self._reader.units(outputs)
        wanted = {u.plan.main for u in units}
        if asked.few:
            summaries = {rel: state.summary for rel, state in self._reader.states.items()}
            wanted = first_looks(units, outputs, summaries, self._project.vocabulary)
        wanted -= {
            u.plan.main
            for u in units
            if u.plan.main in asked.seen and not any(f.rel in asked.changed for f in u.files)
        }
        found = []
        for unit in units:
            if unit.plan.main in wanted:
                edited = {f.rel: outputs[f.rel] for f in unit.files if f.rel in outputs}
                names = {n: to for output in edited.values() for n, to in output.renamed.items()}
                edits = {rel: list(output.edits) for rel, output in edited.items()}
                found.append(LookJob(unit, edits, names))
        return found

    def _recalled(self, entry: bytes | None) -> KeptLook | None:
        kept = decoded(entry, KeptLook)
        return kept if kept is not None and self._deps.hold(kept.deps) else None


def _facts(job: LookJob) -> Sequence[object]:
    edits = [(rel, *_told(some)) for rel, some in job.outputs.items()]
    return unit_facts(job.unit), edits, sorted(job.names.items())


def _told(edits: Iterable[Edit], renamed: Mapping[str, str] = MappingProxyType({})) -> list[object]:
    return [[(e.span.start, e.span.end, e.new, e.group) for e in edits], sorted(renamed.items())]
