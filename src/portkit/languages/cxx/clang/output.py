# SPDX-License-Identifier: Apache-2.0
"""What Clang holds against the output of a unit and not against its input: the last look before
anything is written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from portkit.files.edits import Shift
from portkit.languages.cxx.clang.diagnostics import (
    KEY_BYTES,
    QUOTED,
    Mark,
    place_key,
    spot_key,
    words_key,
)
from portkit.languages.cxx.clang.questions import UnitTask, parse_completed, process_session
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.session import ClangSession
from portkit.languages.cxx.clang.unit import Unit
from portkit.languages.cxx.values.reading import UnitFaults, Verdict
from portkit.model.spans import Edit, Span
from portkit.vocab.renamed import base_name, stand_ins_for

_NAME = re.compile(r"[A-Za-z_]\w*", re.A)
_DEFINED = re.compile(r"^#define (\w+)", re.M | re.A)
_WORD = re.compile(rb"[A-Za-z_]\w*", re.A)
_LAST = re.compile(rb"(?:\w+\s*::\s*)*(\w+)", re.A)  # a name, and its last part
_OWN = frozenset({Verdict.USER, Verdict.DECLARES, Verdict.MIXED})


class EditedFile(msgspec.Struct):
    """A file of a unit: its path for Clang, its edits, and its text as it will be."""

    path: str
    edits: Sequence[Edit]
    text: str
    # Of a file that the unit settles: names that are written into it and that the unit has already,
    # and whether an architecture macro may hide some of it from the host.
    words: Iterable[str] = ()
    tests_arch: bool = False


class Held(msgspec.Struct, frozen=True):
    """Something that Clang holds against the output. `marks`: by Clang's paths, bytes as they were
    before; the first is where it is. `words`: Clang's, "" where a name that was written (`name`) is
    the project's own there; `instead`: see Broken.
    """

    marks: tuple[Mark, ...]
    words: str
    name: str = ""
    instead: str = ""


class OutputAnswer(msgspec.Struct):
    """What came of a look at a unit's output. `failed`: libclang gave up on it."""

    held: list[Held] = msgspec.field(default_factory=list)
    failed: bool = False
    opened: list[str] = msgspec.field(default_factory=list)


def look_at_output(
    task: UnitTask,
    after: UnitRequest,
    files: Sequence[EditedFile],
    renamed: Mapping[str, str],
    known: UnitFaults | None,
) -> OutputAnswer:
    """Parse a unit as it is to be written; return what is held against that and not against the
    unit as it is. `known` of the latter: it is parsed only for what is not. `renamed`: see
    vocab.renamed.
    """
    clang = process_session()
    if known is None:
        known = _faults(clang, task)
        if known is None:
            return OutputAnswer(failed=True)
    before = task.request
    before.nested, before.stand_ins = known.nested, known.stand_ins
    after.nested, after.stand_ins = known.nested, stand_ins_for(known.stand_ins, renamed)
    found = _Comparison(clang, before, after, known, files, renamed)
    held = found.compare()
    if held is None:
        return OutputAnswer(failed=True)
    return OutputAnswer(list(dict.fromkeys(held)), opened=sorted(found.opened))


def _faults(clang: ClangSession, task: UnitTask) -> UnitFaults | None:
    """Return what the reading of the unit would tell; None when libclang gives up on it."""
    request = task.request
    unit = clang.parse(request)
    if unit is None:
        return None
    unit = parse_completed(clang, task, unit) or unit
    return UnitFaults(unit.error_keys(), None, request.stand_ins, request.nested)


class _Comparison:
    """Two requests of one unit, before and after, on the host's side and on the device's."""

    def __init__(
        self,
        clang: ClangSession,
        before: UnitRequest,
        after: UnitRequest,
        known: UnitFaults,
        files: Sequence[EditedFile],
        renamed: Mapping[str, str],
    ) -> None:
        self._clang, self._before, self._after, self._known = clang, before, after, known
        self._files = {posixpath.normpath(f.path): f for f in files}
        self._back = {path: Shift(_inverse(f.edits)) for path, f in self._files.items()}
        self._shift = {path: Shift(f.edits) for path, f in self._files.items()}
        self._pairs = {
            (base_name(old.rpartition("::")[2]), base_name(new.rpartition("::")[2]))
            for old, new in renamed.items()
        }
        self._inputs: dict[bool, Unit | None] = {}
        self._macros = set(_DEFINED.findall(after.stubs))
        self.opened: set[str] = set()

    def compare(self) -> list[Held] | None:
        """Return what is held against the output; None when libclang gave up."""
        output = self._clang.parse(self._after)
        if output is None:
            return None
        found = [*self._held(output, self._known.host)]
        if self._before.language == "c" or not self._hides(output):
            return found
        self._before.device = self._after.device = True
        device = self._clang.parse(self._after)
        if device is None:
            return found
        known = self._known.device
        if known is None:
            before = self._input()
            known = before.error_keys() if before is not None else None
        return found if known is None else [*found, *self._held(device, known)]

    def _hides(self, output: Unit) -> bool:
        """Does the host's side skip an edit that the device's may see?"""
        return any(
            start <= self._shift[path](edit.span.start) < end
            for path, file in self._files.items()
            if file.tests_arch
            for start, end in output.skipped(file.path)
            for edit in file.edits
        )

    def _held(self, output: Unit, known: bytes) -> Iterator[Held]:
        """Yield what is held against one side of the output; `known`: keys of the input's errors."""
        self.opened |= output.opened()
        old = {known[i : i + KEY_BYTES] for i in range(0, len(known), KEY_BYTES)}
        for error in output.errors():
            at = self._mark(error.at)
            if place_key(at.path, at.start, error.text) in old:
                continue
            # how a declaration of the project's goes against a stub depends on the stub's shape,
            # which a rename may change
            if output.blames_stub(error) and spot_key(at.path, at.start) in old:
                continue
            if words_key(at.path, error.text) in old and self._is_moved(error.at):
                continue
            if self._mixes(f"{error.text}\n{error.notes}") or not self._was_read(at):
                continue
            marks = (at, *map(self._mark, error.marks))
            yield Held(tuple(dict.fromkeys(marks)), error.text)
        yield from self._captured(output)

    def _was_read(self, mark: Mark) -> bool:
        """Did the input's reading see that place? A switch that gets another name opens another
        branch, which nothing can be compared with.
        """
        before = self._input()
        return before is None or before.includes_at(posixpath.normpath(mark.path), mark.start)

    def _input(self) -> Unit | None:
        """Return the unit as it is, on the side that is looked at."""
        side = self._before.device
        if side not in self._inputs:
            self._inputs[side] = self._clang.parse(self._before)
        return self._inputs[side]

    def _is_moved(self, mark: Mark) -> bool:
        """Does a mark in the output lie in what a group of edits puts together?"""
        path = posixpath.normpath(mark.path)
        file, shift = self._files.get(path), self._shift.get(path)
        if file is None or shift is None:
            return False
        return any(
            (start := shift(e.span.start)) <= mark.start < start + len(e.new)
            for e in file.edits
            if e.group
        )

    def _mixes(self, text: str) -> bool:
        """Is an error about an old name beside its new one? Where the old one stands, it was left
        to a person, and is said already.
        """
        quoted = {w for q in QUOTED.findall(text) for w in map(base_name, _NAME.findall(q))}
        return any(old in quoted and new in quoted for old, new in self._pairs)

    def _mark(self, mark: Mark) -> Mark:
        """Return a mark in the output as one in the input."""
        back = self._back.get(posixpath.normpath(mark.path))
        return Mark(mark.path, back(mark.start), back(mark.end)) if back is not None else mark

    def _captured(self, output: Unit) -> Iterator[Held]:
        """Yield the names written that mean something of the project's own where they land."""
        for path, file in self._files.items():
            words, shift = set(file.words), self._shift[path]
            asked = [
                (shift(edit.span.start) + m.start(), m.group().decode(), edit)
                for edit in file.edits
                if words
                for m in _WORD.finditer(edit.new)
                # of a qualified name the last part: what has the others is looked up in full
                if m.group().decode() in words and edit.new[m.end() : m.end() + 2] != b"::"
            ]
            if not asked:
                continue
            places = [(offset, word) for offset, word, _ in asked]
            verdicts = output.resolve(file.path, places, file.text)
            for (_, word, edit), verdict in zip(asked, verdicts, strict=True):
                if verdict in _OWN and not self._was_own(file, edit):
                    mark = Mark(file.path, edit.span.start, edit.span.end)
                    yield Held((mark,), "", word, self._instead(file, edit, word))

    def _instead(self, file: EditedFile, edit: Edit, word: str) -> str:
        """Return the word with what leads to the outermost scope, where it stands alone and the
        language has such a thing.
        """
        alone = edit.new == word.encode() and not edit.group
        if not alone or self._before.language == "c" or word in self._macros:
            return ""
        before = file.text[: self._shift[posixpath.normpath(file.path)](edit.span.start)].rstrip()
        return "" if before.endswith(("::", ".", "->", "#")) else f"::{word}"

    def _was_own(self, file: EditedFile, edit: Edit) -> bool:
        """Was what stood there the project's own before?"""
        before, word = self._input(), _LAST.fullmatch(edit.expect)
        if before is None or word is None:
            return False
        place = [(edit.span.start + word.start(1), word.group(1).decode())]
        return before.resolve(file.path, place, "")[0] in _OWN


def _inverse(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the edits that lead back."""
    edits = sorted(edits)
    grown = 0
    for edit in edits:
        start = edit.span.start + grown
        yield Edit(Span(start, start + len(edit.new)), edit.new, edit.expect)
        grown += len(edit.new) - len(edit.span)


def written_words(edits: Sequence[Edit]) -> dict[str, bool]:
    """Return the words that edits bring in, and whether one is called there. What a group of edits
    moves from one place to another is not among them.
    """
    stood: dict[str, set[bytes]] = {}
    for edit in edits:
        stood.setdefault(edit.group, set()).update(_WORD.findall(edit.expect))
    found = dict[str, bool]()
    for edit in edits:
        here = stood[edit.group] if edit.group else {*_WORD.findall(edit.expect)}
        for match in _WORD.finditer(edit.new):
            if match.group() not in here and len(match.group()) > 1:
                called = edit.new[match.end() : match.end() + 1] == b"("
                word = match.group().decode()
                found[word] = found.get(word, False) or called
    return found
