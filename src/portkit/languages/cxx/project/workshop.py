# SPDX-License-Identifier: Apache-2.0
"""The work on single files and units, as jobs of plain values: it runs in this process, in a child
or on another machine.

A workshop keeps files as lexed (see lexed_files.py); any workshop can do any job, it only reads the file
again if need be.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from portkit.files.edits import apply_edits
from portkit.files.regular import SOURCE_BYTES, read_regular
from portkit.languages.cxx.clang.questions import Answer, UnitResult, UnitTask, run_unit
from portkit.languages.cxx.clang.sight import Sights
from portkit.languages.cxx.clang.view import RefusedOpening
from portkit.languages.cxx.letters.arch_guards import under_arch_guard
from portkit.languages.cxx.letters.source import SourceFile, read_source
from portkit.languages.cxx.project.jobs import (
    DeclareJob,
    FileAnswer,
    FinishJob,
    Job,
    LexJob,
    LookAnswer,
    LookJob,
    UnitAnswer,
    UnitJob,
)
from portkit.languages.cxx.project.lexed_files import LexedFiles
from portkit.languages.cxx.project.look import look_at
from portkit.languages.cxx.project.summary import summarise
from portkit.languages.cxx.settle.other_readings import otherwise
from portkit.languages.cxx.settle.reader import finish
from portkit.languages.cxx.settle.substitutes import declared_in
from portkit.languages.cxx.settle.unit_task import asked_words, unit_task
from portkit.languages.cxx.values.reading import (
    CxxOptions,
    Declared,
    OwnName,
    RefusedInclude,
    UnitFlags,
    Verdict,
)
from portkit.languages.cxx.values.units import IncludeGraph
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import encode
from portkit.languages.keys import content_key
from portkit.model.reading import FileScan
from portkit.model.spans import Edit
from portkit.model.words import Rung
from portkit.printable import printable_name
from portkit.vocab.stubs import STUB_ROOT
from portkit.vocab.vocabulary import Vocabulary

_jobs = msgspec.msgpack.Decoder(Job)


class Workshop:
    """Does jobs. `read` gives a file's bytes (default: from disk).

    `place` says where a file lies for Clang (default: below `root`).
    """

    def __init__(
        self,
        root: Path,
        rung: Rung,
        vocabulary: Vocabulary,
        read: Callable[[FileRef], bytes] | None = None,
        place: Callable[[FileRef], str] | None = None,
    ) -> None:
        self.root, self.rung, self.vocabulary = root, rung, vocabulary
        self.read = read or (lambda f: read_regular(f.on_disk, SOURCE_BYTES))
        # files of a cluster come with the jobs
        self._place, self._grows = place or (lambda f: f.path), place is not None
        self._kept = LexedFiles()
        self._sights = Sights(str(root))

    def do(self, job: Job) -> bytes:
        """Return the encoded result of a job: summaries, a unit's answer, declarations by offset,
        or a file's scan.
        """
        match job:
            case LexJob():
                return encode([summarise(self.source(f), self.vocabulary) for f in job.files])
            case UnitJob():
                return encode(self._unit(job))
            case LookJob():
                return encode(self._look(job))
            case DeclareJob():
                return encode(declared_in(self.source(job.files[0]), job.branches, own=job.own))
            case FinishJob():
                return encode(self._finish(job))

    def do_encoded(self, job: bytes) -> bytes:
        """Do a job that came over a wire."""
        return self.do(_jobs.decode(job))

    def source(self, ref: FileRef) -> SourceFile:
        """Return a file as lexed, from those kept or read again."""
        key = (ref.rel, ref.sha256)
        source = self._kept.get(key)
        if source is None:
            source = read_source(
                ref.rel,
                self._place(ref),
                self.read(ref),
                ref.encoding,
                self.vocabulary,
                self.rung is Rung.CLANG,
            )
            self._kept.put(key, source)
        return source

    def _options(self, flags: UnitFlags) -> CxxOptions:
        return CxxOptions(self.root, self.rung, lambda rel, include: None, lambda path: flags)

    def _task(self, job: UnitJob, sources: Mapping[str, SourceFile]) -> UnitTask:
        sights = Sights(str(self.root)) if self._grows else self._sights
        graph, options = IncludeGraph(job.edges), self._options(job.flags)
        return unit_task(job.plan, sources, graph, self.vocabulary, options, sights)

    def _look(self, job: LookJob) -> LookAnswer:
        sources = self._sources(job.unit)
        refs = {f.rel: f for f in job.files}
        outputs = {rel: self._output(refs[rel], edits) for rel, edits in job.outputs.items()}
        return look_at(job, self._task(job.unit, sources), sources, outputs, self.vocabulary)

    def _output(self, ref: FileRef, edits: Sequence[Edit]) -> SourceFile:
        """Return a file with its edits as lexed."""
        told = [(e.span.start, e.span.end, e.new) for e in edits]
        key = ref.rel, content_key(ref.sha256, told).hex()
        source = self._kept.get(key)
        if source is None:
            data, plain = apply_edits(self.read(ref), edits), self.rung is Rung.CLANG
            args = ref.rel, self._place(ref), data, ref.encoding, self.vocabulary, plain
            source = read_source(*args)
            self._kept.put(key, source)
        return source

    def _sources(self, job: UnitJob) -> Mapping[str, SourceFile]:
        return _Sources(self, {f.rel: f for f in job.files})

    def _unit(self, job: UnitJob) -> UnitAnswer:
        sources = self._sources(job)
        task = self._task(job, sources)
        answer = answer_of(
            run_unit(task),
            sources,
            {posixpath.normpath(self._place(f)) for f in job.files},
            self.vocabulary,
        )
        if not answer.failed and (view := task.request.view) is not None:
            answer.tried = sorted(view.tried)
            answer.refused = self._refused(job, task.request.refused)
        return answer

    def _refused(
        self, job: UnitJob, found: Iterable[RefusedOpening]
    ) -> list[tuple[str, RefusedInclude]]:
        """Return includes that were not followed, by file: those of files that the unit does not
        settle go to its first.
        """
        names, first = {self._place(f): f.rel for f in job.files}, job.plan.settles[0]
        told = set()
        for refused in found:
            rel = names.get(refused.path)
            if rel in job.plan.settles:
                told.add(
                    (rel, RefusedInclude(refused.start, refused.end, refused.name, refused.reason))
                )
            else:
                inside = not refused.path.startswith(STUB_ROOT)
                by = rel or (
                    posixpath.relpath(refused.path, printable_name(self.root))
                    if inside
                    else "-include"
                )
                told.add((first, RefusedInclude(0, 0, f"{by}: {refused.name}", refused.reason)))
        return sorted(told)

    def _finish(self, job: FinishJob) -> FileScan:
        ref = job.files[0]
        source = self.source(ref)
        graph = IncludeGraph({ref.rel: job.edges})
        options = replace(self._options(UnitFlags()), rung=job.rung or self.rung)
        scan = finish(
            ref,
            source,
            graph,
            self.vocabulary,
            options,
            job.clang,
            job.declared,
            job.loading,
            job.opened,
            job.substitutes,
            job.fate,
            job.spaces,
            job.ownership,
            job.bare,
            (job.constants, job.helpers),
            job.pastes,
        )
        plain = self.rung is Rung.CLANG
        told = otherwise(source, lambda: self.read(ref), self.vocabulary, plain, job.trigraphs)
        return msgspec.structs.replace(scan, issues=(*scan.issues, *told)) if told else scan


class _Sources(Mapping[str, SourceFile]):
    """A workshop's files by their path in the project."""

    def __init__(self, workshop: Workshop, refs: dict[str, FileRef]) -> None:
        self._workshop, self._refs = workshop, refs

    def __getitem__(self, rel: str) -> SourceFile:
        return self._workshop.source(self._refs[rel])

    def __iter__(self) -> Iterator[str]:
        return iter(self._refs)

    def __len__(self) -> int:
        return len(self._refs)


_FUNCTIONS = (Declared.FILE, Declared.OWNS, Declared.OVERLOADS, Declared.BESIDE)


def _owned(answer: Answer, source: SourceFile, vocabulary: Vocabulary) -> dict[int, OwnName]:
    """Return what a file declares of CUDA's words."""
    if not answer.declared:
        return {}
    found = {}
    for c in asked_words(source):
        declared = answer.declared.get(c.offset)
        if declared is None:
            continue
        functions = c.sense.functions and declared in _FUNCTIONS
        if functions and under_arch_guard(source, c.offset, vocabulary.arch_macros):
            declared = Declared.GUARDED
        found[c.offset] = OwnName(c.word, declared)
    return found


def answer_of(
    result: UnitResult, sources: Mapping[str, SourceFile], own: set[str], vocabulary: Vocabulary
) -> UnitAnswer:
    """Return a unit's result without the objects that made it."""
    answers = []
    for answer in result.answers:
        if not answer.seen:
            continue
        asked = asked_words(sources[answer.rel])
        declares = {
            c.offset: c.word for c, v in zip(asked, answer.verdicts,
            strict=True) if v is Verdict.DECLARES and not c.entities
        } if answer.verdicts else {}  # fmt: skip
        offsets = [c.offset for c in asked] if answer.verdicts else []
        owned = _owned(answer, sources[answer.rel], vocabulary)
        answers.append(
            FileAnswer(
                answer.rel,
                offsets,
                bytes(answer.verdicts),
                answer.skipped,
                declares,
                answer.differing,
                answer.owners,
                owned,
                answer.bodies,
            )
        )
    opened = [p for p in result.opened if p not in own]
    return UnitAnswer(
        result.main,
        answers,
        opened,
        faults=result.faults,
        failed=result.failed,
        limit=result.limit,
    )
