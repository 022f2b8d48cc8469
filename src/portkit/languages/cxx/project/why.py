# SPDX-License-Identifier: Apache-2.0
"""Why a word of a file was read as it was: what the letters, Clang and the ladder said of it.

For whoever looks into a wrong answer. The branches of the ladder that decided are seen from
outside, by Python's own tracing while the file is settled once more: the ladder knows nothing of
it.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import msgspec

from portkit.languages.cxx.letters.source import Candidate, SourceFile
from portkit.languages.cxx.project.jobs import FinishJob, UnitAnswer, UnitJob
from portkit.languages.cxx.project.workshop import Workshop
from portkit.languages.cxx.settle import ladder
from portkit.languages.cxx.values.reading import Verdict
from portkit.languages.jobs import Each, Job, Lost, Run
from portkit.model.reading import FileScan, Reference

_answers = msgspec.msgpack.Decoder(UnitAnswer)
_scans = msgspec.msgpack.Decoder(FileScan)


class UnitSaid(msgspec.Struct, frozen=True):
    """What Clang said in one unit: verdicts by byte offset, and the byte ranges that it skipped."""

    main: str
    verdicts: dict[int, Verdict]
    skipped: list[tuple[int, int]]


class WordSaid(msgspec.Struct, frozen=True):
    """What was said of one word. `letters`: what the bytes say; `clang`: a line a unit; `ladder`:
    the steps that decided; `reference`: what it became, None for no reference.
    """

    offset: int
    word: str
    letters: str
    clang: tuple[str, ...]
    ladder: tuple[str, ...]
    reference: Reference | None


class WordListener:
    """Runs jobs for a reader, and remembers what they say of one file of the project."""

    def __init__(self, rel: str) -> None:
        self._rel = rel
        self._units: list[UnitSaid] = []
        self._job: FinishJob | None = None

    def listen(self, run: Run) -> Run:
        """Return what runs jobs as `run` does, and is listened to."""

        def heard(jobs: Sequence[Job], each: Each | None = None, /) -> Sequence[bytes | Lost]:
            results = run(jobs, each)
            for job, result in zip(jobs, results, strict=True):
                if isinstance(job, UnitJob) and isinstance(result, bytes):
                    self._take(_answers.decode(result))
                elif isinstance(job, FinishJob) and job.files[0].rel == self._rel:
                    self._job = job
            return results

        return heard

    def _take(self, answer: UnitAnswer) -> None:
        for part in answer.answers:
            if part.rel == self._rel:
                numbers = zip(part.offsets, part.verdicts, strict=True)
                verdicts = {offset: Verdict(number) for offset, number in numbers}
                self._units.append(UnitSaid(answer.main, verdicts, part.skipped))

    def explain(self, workshop: Workshop, start: int, end: int) -> list[WordSaid] | None:
        """Return what was said of the words from byte `start` to `end`; None when the file was not
        settled as C++ is.
        """
        if self._job is None:
            return None
        source = workshop.source(self._job.files[0])
        steps = _Steps(range(start, end))
        with steps:
            scan = _scans.decode(workshop.do(self._job))
        references = {r.span.start: r for r in scan.references}
        inside = [c for c in source.candidates if start <= c.offset < end]
        said = [self._said(c, source, steps.of(c.offset), references.get(c.offset)) for c in inside]
        known = {c.offset for c in inside}
        said += [
            WordSaid(at, r.name, "an include", (), (), r)
            for at, r in references.items()
            if start <= at < end and at not in known
        ]
        return sorted(said, key=lambda word: word.offset)

    def _said(
        self,
        c: Candidate,
        source: SourceFile,
        steps: tuple[str, ...],
        reference: Reference | None,
    ) -> WordSaid:
        clang = tuple(f"{unit.main}: {_verdict(unit, c.offset)}" for unit in self._units)
        text = ", ".join(_letters(c))
        return WordSaid(c.offset, c.word, text, clang, steps, reference)


def _letters(c: Candidate) -> Iterator[str]:
    yield c.zone.name.lower().replace("_", " ")
    if c.scope:
        yield f"behind {c.scope}"
    if c.member:
        yield "a member's name"
    if c.after:
        yield f"followed by {c.after!r}"
    if c.weak:
        yield "a plain word too"
    kinds = sorted({f"{e.kind.value} of {e.library}" for e in c.entities})
    yield f"CUDA has it as {'; '.join(kinds)}" if kinds else f"of the shape of {c.shape or 'CUDA'}"


def _verdict(unit: UnitSaid, offset: int) -> str:
    if any(start <= offset < end for start, end in unit.skipped):
        return "skipped"
    return unit.verdicts.get(offset, Verdict.UNRESOLVED).name.lower()


class _Steps:
    """Sees which lines of the ladder return while it settles some candidates."""

    def __init__(self, wanted: range) -> None:
        self._wanted = wanted
        self._found: dict[int, list[str]] = {}
        self._before: Any = None

    def of(self, offset: int) -> tuple[str, ...]:
        """Return the steps that decided on a candidate, the last one first."""
        return tuple(self._found.get(offset, ()))

    def __enter__(self) -> _Steps:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(
        self, frame: FrameType, _event: str, _argument: object
    ) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != ladder.__file__:
            return None
        candidate = frame.f_locals.get("c")
        if isinstance(candidate, Candidate) and candidate.offset in self._wanted:
            return self._stepped
        return None

    def _stepped(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        told = frame.f_code.co_name in _DECIDING
        if event == "return" and told:
            line = linecache.getline(ladder.__file__, frame.f_lineno).strip()
            found = self._found.setdefault(frame.f_locals["c"].offset, [])
            found.append(f"{frame.f_code.co_name}: {line}")
        return self._stepped


_DECIDING = frozenset({"_settle", "_code", "_by_syntax", "_macro_body", "_condition", "_directive"})
