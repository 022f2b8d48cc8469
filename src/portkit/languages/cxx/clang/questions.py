# SPDX-License-Identifier: Apache-2.0
"""One unit's work for the Clang rung: plain values in, verdicts out, so that it can run in another
process.
"""

from __future__ import annotations

import functools
import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

import msgspec

from portkit.languages.cxx.clang.agreement import Tokens
from portkit.languages.cxx.clang.caught import caught
from portkit.languages.cxx.clang.expansions import MacroBodies
from portkit.languages.cxx.clang.libclang import load_clang
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.session import ClangSession
from portkit.languages.cxx.clang.stand_ins import stand_ins
from portkit.languages.cxx.clang.unit import Unit
from portkit.languages.cxx.letters.candidates import Candidate
from portkit.languages.cxx.letters.lexer import Lexed
from portkit.languages.cxx.values.reading import Declared, Difference, UnitFaults, Verdict
from portkit.model.spans import Span
from portkit.model.words import Kind
from portkit.vocab.stub_files import cuda_stub, std_stub
from portkit.vocab.vocabulary import Entity

log = logging.getLogger(__name__)

_OWN = (Verdict.USER, Verdict.DECLARES)
_OVERLOADS = (Declared.OVERLOADS, Declared.MAY_MENTION)
_ARITY = re.compile(r"(\d+)(?:-(\d+))?")
# prototypes, and what they are where they speak of none of CUDA's types and a linker does not take
# them for CUDA's
_PROTOTYPES = {Declared.MENTIONS: Declared.OWNS, Declared.MAY_MENTION: Declared.BESIDE}
_TAGS, _TAG_WINDOW = ("struct", "union", "enum", "class"), 24


class Question(msgspec.Struct):
    """What to ask about one file: its words, its text, and whether an architecture macro may hide
    some of them.
    """

    rel: str
    path: str
    asked: list[Candidate]
    text: str
    device: bool = False  # the file tests an architecture macro
    # finds where Clang's tokens are others
    compare: Callable[[Tokens], list[Difference]] | None = None
    templates: Sequence[Span] = ()  # literals that may be those of assembly, which macros hide

    def tells(self, number: int) -> bool:
        """Is the word worth another parse: is it, or leads it to, something of CUDA's?"""
        c = self.asked[number]
        return c.telling or (
            c.after == ":" and any(e.kind is Kind.NAMESPACE and not e.qualifier for e in c.entities)
        )

    def wrapped(self, number: int) -> bool:
        """Can the word declare nothing: stands it directly behind an opening parenthesis, or behind
        its CUDA namespace?
        """
        c = self.asked[number]
        scoped = c.named and c.scope != ""
        return scoped or self.text[max(0, c.offset - 8) : c.offset].rstrip().endswith("(")

    def names_more(self, number: int, start: int, end: int) -> bool:
        """Stands another word of CUDA's from byte `start` to `end`?"""
        low = bisect_left(self.asked, start, key=lambda c: c.offset)
        high = bisect_left(self.asked, end, key=lambda c: c.offset)
        return any(n != number and not self.asked[n].weak for n in range(low, high))

    def tagged(self, number: int) -> bool:
        """Stands the word behind `struct` or its like, and is no class's head?"""
        c = self.asked[number]
        if not c.sense.types or c.after in ("{", ":"):
            return False
        return self.text[max(0, c.offset - _TAG_WINDOW) : c.offset].rstrip().endswith(_TAGS)


class UnitTask(msgspec.Struct):
    """A unit to parse and the questions to ask of it."""

    request: UnitRequest
    questions: list[Question]
    # of the main file and the headers of the project that it includes, for stand-ins
    texts: list[Lexed]
    bodies: MacroBodies | None = None


class Answer(msgspec.Struct):
    """Clang's word on one file: a verdict a question's word, and the ranges that it skipped."""

    rel: str
    verdicts: list[Verdict]
    skipped: list[tuple[int, int]]
    seen: bool
    differing: list[Difference] = msgspec.field(default_factory=list)
    owners: dict[int, str] = msgspec.field(default_factory=dict)  # of names: their scope
    # what the words of CUDA's that the file declares are declared as, by offset
    declared: dict[int, Declared] = msgspec.field(default_factory=dict)
    bodies: dict[int, Verdict] = msgspec.field(default_factory=dict)  # of words of macro bodies


class UnitResult(msgspec.Struct):
    """The answers of a unit. `failed` says that libclang gave up on it."""

    main: str
    answers: list[Answer] = msgspec.field(default_factory=list)
    failed: bool = False
    limit: bool = False
    opened: list[str] = msgspec.field(default_factory=list)  # every file on disk that the unit read
    faults: UnitFaults | None = None


@functools.cache
def process_session() -> ClangSession:
    """Return the session of this process."""
    clang = load_clang()
    assert clang is not None
    return ClangSession(clang, std_stub(), cuda_stub())


def run_unit(task: UnitTask) -> UnitResult:
    """Parse one unit, again with stand-ins while that helps, and once for the device where guards
    ask for it.

    What libclang prints meanwhile goes to the log only.
    """
    with caught() as said:
        result = _run_unit(task)
    for line in said():
        log.info("libclang on %s: %s", result.main, line)
    return result


def _run_unit(task: UnitTask) -> UnitResult:
    session, request = process_session(), task.request
    unit = session.parse(request)
    result = UnitResult(task.questions[0].rel)
    if unit is None:
        result.failed = True
        return result
    answers = [_ask(unit, q) for q in task.questions]
    unit = _with_stand_ins(session, task, unit, answers) or unit
    faults = UnitFaults(unit.error_keys(), None, request.stand_ins, request.nested)
    if (
        any(_hidden(a, q) for a, q in zip(answers, task.questions, strict=True))
        and request.language != "c"
    ):
        request.device = True
        device = session.parse(request)
        if device is not None:
            faults.device = device.error_keys()
            for answer, question in zip(answers, task.questions, strict=True):
                if question.device:
                    _improve_hidden(answer, device, question)
    if task.bodies is not None:
        _ask_bodies(unit, task.bodies, task.questions, answers)
    result.answers, result.opened, result.faults = answers, sorted(unit.opened()), faults
    return result


def _with_stand_ins(
    session: ClangSession, task: UnitTask, unit: Unit, answers: list[Answer]
) -> Unit | None:
    """Parse a unit once more, with stand-ins for what it found undeclared, where an answer is open;
    improve the answers.

    None: nothing was to be gained. Names that come to light only then are left: another parse
    settled nothing in the four code bases that portkit is measured on.
    """
    if not any(_open(a, q) for a, q in zip(answers, task.questions, strict=True)):
        return None
    again = parse_completed(session, task, unit)
    if again is not None:
        for answer, question in zip(answers, task.questions, strict=True):
            _improve(answer, again, question)
    return again


def parse_completed(session: ClangSession, task: UnitTask, unit: Unit) -> Unit | None:
    """Parse a unit with stand-ins for what `unit`, its first parse, found undeclared. None: nothing
    can be declared for it, or libclang gave up.
    """
    request = task.request
    unknown = unit.unknown_names() if request.language != "c" else set()
    if not unknown:
        return None
    request.nested |= {
        u.name: "type" if u.type else "value" for u in unknown if u.member and "::" in u.owner
    }
    request.stand_ins = stand_ins(task.texts, unknown)
    return session.parse(request)


def _ask(unit: Unit, question: Question) -> Answer:
    seen = unit.has(question.path)
    verdicts = _verdicts(unit, question, range(len(question.asked)))
    if not seen:
        return Answer(question.rel, verdicts, [], False)
    differing = (
        question.compare(unit.tokens(question.path, len(question.text)))
        if question.compare is not None
        else []
    )
    differing += _assembly(unit, question)
    skipped, owners = unit.skipped(question.path), unit.owners(question.path)
    answer = Answer(question.rel, verdicts, skipped, True, differing, dict(owners))
    _note_declared(answer, unit, question, range(len(verdicts)))
    return answer


def _ask_bodies(
    unit: Unit, bodies: MacroBodies, questions: list[Question], answers: list[Answer]
) -> None:
    """Have the answers say what the words of macro bodies are where the macros are used."""
    own = {
        c.word
        for question, answer in zip(questions, answers, strict=True)
        for c, verdict in zip(question.asked, answer.verdicts, strict=True)
        if verdict in _OWN and not c.weak
    }
    told = bodies.verdicts(unit, own)
    for answer in answers:
        answer.bodies = told.get(answer.rel, {})


def _note_declared(answer: Answer, unit: Unit, question: Question, numbers: Iterable[int]) -> None:
    """Have an answer say what its declarations of CUDA's names are."""
    for number in numbers:
        c, verdict = question.asked[number], answer.verdicts[number]
        if not c.entities or not (
            verdict is Verdict.DECLARES or (verdict is Verdict.USER and question.tagged(number))
        ):
            continue
        told = unit.declared(question.path, c.offset, c.word)
        if told is None:
            continue
        declared, start, end, parameters = told
        functions = c.sense.called
        if (functions and start == c.offset) or (c.sense.types and c.after[:1].isidentifier()):
            continue  # a call that stands alone, or a type behind an unknown macro
        if (
            functions
            and declared in _PROTOTYPES
            and not question.names_more(number, start, end)
            and not (declared is Declared.MENTIONS and _links(c.entities, parameters))
        ):
            declared = _PROTOTYPES[declared]
        if declared in _OVERLOADS and functions and not _takes(c.entities, parameters):
            declared = Declared.BESIDE
        if declared is Declared.MAY_MENTION:
            declared = Declared.MENTIONS
        answer.declared[c.offset] = declared


def _links(entities: Iterable[Entity], parameters: int) -> bool:
    """Does a function of C's linkage with a name of these and so many parameters come from CUDA's
    libraries, where nothing else defines it?
    """
    host = [e for e in entities if e.kind is Kind.FUNCTION and not e.qualifier and e.arity]
    return bool(host) and _takes(host, parameters)


def _takes(entities: Iterable[Entity], parameters: int) -> bool:
    """Can a function of CUDA's of that name have so many parameters, as far as is known?"""
    for entity in entities:
        match = _ARITY.fullmatch(entity.arity)
        if match is None or int(match.group(1)) <= parameters <= int(match.group(2) or match[1]):
            return True
    return False


def _assembly(unit: Unit, question: Question) -> list[Difference]:
    """Return the templates of assembly that Clang has and the letters do not."""
    told = (s for s in question.templates if unit.is_assembly(question.path, s.start))
    return [Difference(s.start, s.end, "asm", True) for s in told]


def _verdicts(unit: Unit, question: Question, numbers: Sequence[int]) -> list[Verdict]:
    """Return Clang's word on those of a question's words that have these numbers."""
    if not unit.has(question.path):
        return [Verdict.UNRESOLVED] * len(numbers)
    asked = question.asked
    shared = {asked[n].word for n in numbers if asked[n].sense.shared}
    found = unit.resolve(
        question.path, [(asked[n].offset, asked[n].word) for n in numbers], question.text, shared
    )
    return [
        # `third_party::check(name());` looks like a declaration of `name` while `third_party` is
        # unknown
        Verdict.UNRESOLVED if verdict is Verdict.DECLARES and question.wrapped(number) else verdict
        for number, verdict in zip(numbers, found, strict=True)
    ]


def _open(answer: Answer, question: Question) -> bool:
    """Is there an active word of code left that Clang did not settle?"""
    if not answer.seen:
        return False
    for number, verdict in enumerate(answer.verdicts):
        if (
            verdict is Verdict.UNRESOLVED
            and question.tells(number)
            and not _inside(question.asked[number].offset, answer.skipped)
        ):
            return True
    return False


def _hidden(answer: Answer, question: Question) -> bool:
    return question.device and any(_inside(c.offset, answer.skipped) for c in question.asked)


def _inside(offset: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in ranges)


def _improve(answer: Answer, again: Unit, question: Question) -> None:
    """Take what a later parse settled; what an earlier one settled stands."""
    left = [
        number for number, verdict in enumerate(answer.verdicts) if verdict is Verdict.UNRESOLVED
    ]
    for number, verdict in zip(left, _verdicts(again, question, left), strict=True):
        answer.verdicts[number] = verdict
    answer.owners |= again.owners(question.path)
    _note_declared(answer, again, question, left)


def _improve_hidden(answer: Answer, device: Unit, question: Question) -> None:
    """Code that only the device pass compiles is active code: take its verdicts and give up its
    skipped ranges.
    """
    answer.differing += [d for d in _assembly(device, question) if d not in answer.differing]
    skipped = device.skipped(question.path) if device.has(question.path) else []
    shown = [
        n
        for n, c in enumerate(question.asked)
        if _inside(c.offset, answer.skipped) and not _inside(c.offset, skipped)
    ]
    for number, verdict in zip(shown, _verdicts(device, question, shown), strict=True):
        answer.verdicts[number] = verdict
    answer.owners |= device.owners(question.path)
    _note_declared(answer, device, question, shown)
    kept = []
    for start, end in answer.skipped:
        if any(s < end and start < e for s, e in skipped):
            kept.append((start, end))
    answer.skipped = [r for r in kept if _overlap_all(r, skipped)] if kept else []


def _overlap_all(span: tuple[int, int], skipped: list[tuple[int, int]]) -> bool:
    return any(s <= span[0] and span[1] <= e for s, e in skipped)
