# SPDX-License-Identifier: Apache-2.0
"""One unit's work for the Clang rung: plain values in, verdicts out, so that it can run in another process."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from portkit.scan.cxx.clang import Session, Unit, UnitRequest
from portkit.scan.cxx.lexer import Lexed
from portkit.scan.cxx.libclang import load_clang
from portkit.scan.cxx.unknowns import Unknown, stand_ins
from portkit.scan.cxx.values import Verdict
from portkit.vocab.stub_files import cuda_stub, std_stub

_ROUNDS = 3  # parses with stand-ins for undeclared names, the first one included


@dataclass(slots=True)
class Question:
    """What to ask about one file: words at byte offsets, and which of them an arch macro may hide."""

    rel: str
    path: str
    words: list[tuple[int, str]]
    code: list[bool]  # in code proper, not in a directive
    wrapped: list[bool]  # cannot declare: directly behind an opening parenthesis, or behind its CUDA namespace
    device: bool = False  # the file tests an architecture macro


@dataclass(slots=True)
class UnitTask:
    """A unit to parse and the questions to ask of it."""

    request: UnitRequest
    questions: list[Question]
    texts: list[Lexed]  # of the main file and the headers of the project that it includes, for stand-ins


@dataclass(slots=True)
class Answer:
    """Clang's word on one file: a verdict a question's word, and the ranges that it skipped."""

    rel: str
    verdicts: list[Verdict]
    skipped: list[tuple[int, int]]
    seen: bool


@dataclass(slots=True)
class UnitResult:
    """The answers of a unit. `failed` says that libclang gave up on it."""

    main: str
    answers: list[Answer] = field(default_factory=list)
    failed: bool = False
    limit: bool = False
    opened: list[str] = field(default_factory=list)  # every file on disk that the unit read


@functools.cache
def _session() -> Session:
    clang = load_clang()
    assert clang is not None
    return Session(clang, std_stub(), cuda_stub())


def close_session() -> None:
    """Remove what this process's session left on disk."""
    if _session.cache_info().currsize:
        _session().close()


def run_unit(task: UnitTask) -> UnitResult:
    """Parse one unit, again with stand-ins while that helps, and once for the device where guards ask for it."""
    session, request = _session(), task.request
    unit = session.parse(request)
    result = UnitResult(task.questions[0].rel)
    if unit is None:
        result.failed = True
        return result
    answers = [_ask(unit, q) for q in task.questions]
    known = set[Unknown]()
    for _ in range(_ROUNDS - 1):
        unknown = unit.unknown_names() - known
        if not unknown or not any(_open(a, q) for a, q in zip(answers, task.questions, strict=True)):
            break
        known |= unknown
        if request.language == "c":
            break
        request.nested |= {u.name: "type" if u.type else "value" for u in known if u.member and "::" in u.owner}
        request.stand_ins = stand_ins(task.texts, known)
        again = session.parse(request)
        if again is None:
            break
        unit = again
        for answer, question in zip(answers, task.questions, strict=True):
            _improve(answer, _ask(unit, question))
    if any(_hidden(a, q) for a, q in zip(answers, task.questions, strict=True)) and request.language != "c":
        request.device = True
        device = session.parse(request)
        if device is not None:
            for answer, question in zip(answers, task.questions, strict=True):
                if question.device:
                    _improve_hidden(answer, _ask(device, question), question)
    result.answers, result.opened = answers, sorted(unit.opened())
    return result


def _ask(unit: Unit, question: Question) -> Answer:
    if not unit.has(question.path):
        return Answer(question.rel, [Verdict.UNRESOLVED] * len(question.words), [], False)
    verdicts = [
        # `third_party::check(name());` looks like a declaration of `name` while `third_party` is unknown
        Verdict.UNRESOLVED if verdict is Verdict.DECLARES and wrapped else verdict
        for verdict, wrapped in zip(unit.resolve(question.path, question.words), question.wrapped, strict=True)
    ]
    return Answer(question.rel, verdicts, unit.skipped(question.path), True)


def _open(answer: Answer, question: Question) -> bool:
    """Is there an active word of code left that Clang did not settle?"""
    if not answer.seen:
        return False
    for verdict, (offset, _), code in zip(answer.verdicts, question.words, question.code, strict=True):
        if verdict is Verdict.UNRESOLVED and code and not _inside(offset, answer.skipped):
            return True
    return False


def _hidden(answer: Answer, question: Question) -> bool:
    return question.device and any(_inside(offset, answer.skipped) for offset, _ in question.words)


def _inside(offset: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in ranges)


def _improve(answer: Answer, again: Answer) -> None:
    """Take what a later parse settled; what an earlier one settled stands."""
    answer.verdicts = [new if old is Verdict.UNRESOLVED else old for old, new in zip(answer.verdicts, again.verdicts, strict=True)]


def _improve_hidden(answer: Answer, device: Answer, question: Question) -> None:
    """Code that only the device pass compiles is active code: take its verdicts and give up its skipped ranges."""
    for i, (offset, _) in enumerate(question.words):
        if _inside(offset, answer.skipped) and not _inside(offset, device.skipped):
            answer.verdicts[i] = device.verdicts[i]
    kept = []
    for start, end in answer.skipped:
        if any(s < end and start < e for s, e in device.skipped):
            kept.append((start, end))
    answer.skipped = [r for r in kept if _overlap_all(r, device.skipped)] if kept else []


def _overlap_all(span: tuple[int, int], skipped: list[tuple[int, int]]) -> bool:
    return any(s <= span[0] and span[1] <= e for s, e in skipped)
