# SPDX-License-Identifier: Apache-2.0
"""What Clang holds against the output of a unit and not against its input: the last look before
anything is written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from portkit.files.edits import Shift
from portkit.languages.cxx.clang.diagnostics import ClangError, Mark
from portkit.languages.cxx.clang.questions import UnitTask, process_session
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.session import ClangSession
from portkit.languages.cxx.clang.stand_ins import stand_ins
from portkit.languages.cxx.clang.unit import Unit
from portkit.languages.cxx.values.reading import Verdict
from portkit.model.spans import Edit, Span

_QUOTED = re.compile(r"'[^']*'")
_WORD = re.compile(rb"[A-Za-z_]\w*", re.A)
_OWN = frozenset({Verdict.USER, Verdict.DECLARES, Verdict.MIXED})


class EditedFile(msgspec.Struct):
    """A file of a unit: its path for Clang, its edits, and its text as it will be."""

    path: str
    edits: Sequence[Edit]
    text: str
    words: Iterable[str] = ()  # names that are written into it, and that the unit has already
    tests_arch: bool = False  # an architecture macro may hide some of it from the host


class Held(msgspec.Struct, frozen=True):
    """Something that Clang holds against the output. `marks`: by Clang's paths, bytes as they were
    before; the first is where it is. `words`: Clang's, "" where a name that was written (`name`) is
    the project's own there.
    """

    marks: tuple[Mark, ...]
    words: str
    name: str = ""


class OutputAnswer(msgspec.Struct):
    """What came of a look at a unit's output. `failed`: libclang gave up on it."""

    held: list[Held] = msgspec.field(default_factory=list)
    failed: bool = False
    opened: list[str] = msgspec.field(default_factory=list)


def look_at_output(task: UnitTask, after: UnitRequest, files: Sequence[EditedFile]) -> OutputAnswer:
    """Parse a unit as it is and as it will be; return what is held against the second alone."""
    clang, before = process_session(), task.request
    unit = clang.parse(before)
    if unit is None:
        return OutputAnswer(failed=True)
    unknown = unit.unknown_names() if before.language != "c" else set()
    if unknown:
        nested = {u.name: "type" if u.type else "value" for u in unknown if "::" in u.owner}
        before.nested |= nested
        before.stand_ins = stand_ins(task.texts, unknown)
        after.nested, after.stand_ins = before.nested, before.stand_ins
    output = _Comparison(clang, before, after, unit if not unknown else None, files)
    found = output.compare()
    if found is None:
        return OutputAnswer(failed=True)
    held = list(dict.fromkeys(found))
    return OutputAnswer(held, opened=sorted(unit.opened()))


class _Comparison:
    """Two requests of one unit, before and after, on the host's side and on the device's."""

    def __init__(
        self,
        clang: ClangSession,
        before: UnitRequest,
        after: UnitRequest,
        unit: Unit | None,
        files: Sequence[EditedFile],
    ) -> None:
        self._clang, self._before, self._after, self._unit = clang, before, after, unit
        self._files = {posixpath.normpath(f.path): f for f in files}
        self._back = {path: Shift(_inverse(f.edits)) for path, f in self._files.items()}
        self._shift = {path: Shift(f.edits) for path, f in self._files.items()}

    def compare(self) -> list[Held] | None:
        """Return what is held against the output; None when libclang gave up."""
        output = self._clang.parse(self._after)
        if output is None:
            return None
        found = [*self._held(output)]
        if self._before.language == "c" or not self._hides(output):
            return found
        self._before.device = self._after.device = True
        self._unit = None
        device = self._clang.parse(self._after)
        return found if device is None else [*found, *self._held(device)]

    def _hides(self, output: Unit) -> bool:
        """Does the host's side skip an edit that the device's may see?"""
        return any(
            start <= self._shift[path](edit.span.start) < end
            for path, file in self._files.items()
            if file.tests_arch
            for start, end in output.skipped(file.path)
            for edit in file.edits
        )

    def _held(self, output: Unit) -> Iterator[Held]:
        errors = [e for e in output.errors() if e.at.path in self._known(output)]
        if errors:
            before = self._input()
            if before is None:
                return
            known = {self._key(e, back=False) for e in before.errors()}
            for error in errors:
                if self._key(error, back=True) not in known:
                    marks = tuple(self._mark(m) for m in (error.at, *error.marks))
                    yield Held(tuple(dict.fromkeys(marks)), error.text)
        yield from self._captured(output)

    def _known(self, output: Unit) -> set[str]:
        return output.opened() | {self._after.path}

    def _input(self) -> Unit | None:
        if self._unit is None:
            self._unit = self._clang.parse(self._before)
        return self._unit

    def _key(self, error: ClangError, *, back: bool) -> tuple[str, int, str]:
        at = self._mark(error.at) if back else error.at
        return posixpath.normpath(at.path), at.start, _QUOTED.sub("''", error.text)

    def _mark(self, mark: Mark) -> Mark:
        """Return a mark in the output as one in the input."""
        back = self._back.get(posixpath.normpath(mark.path))
        return Mark(mark.path, back(mark.start), back(mark.end)) if back is not None else mark

    def _captured(self, output: Unit) -> Iterator[Held]:
        """Yield the names written that mean something of the project's own where they land."""
        for path, file in self._files.items():
            words, shift = set(file.words), self._shift[path]
            asked = [
                (shift(edit.span.start) + m.start(), m.group().decode(), edit.span)
                for edit in file.edits
                if words
                for m in _WORD.finditer(edit.new)
                if m.group().decode() in words
            ]
            if not asked:
                continue
            places = [(offset, word) for offset, word, _ in asked]
            verdicts = output.resolve(file.path, places, file.text)
            for (_, word, span), verdict in zip(asked, verdicts, strict=True):
                if verdict in _OWN and not self._was_own(file, span):
                    yield Held((Mark(file.path, span.start, span.end),), "", word)

    def _was_own(self, file: EditedFile, span: Span) -> bool:
        """Was what stood there the project's own before?"""
        before = self._input()
        edit = next((e for e in file.edits if e.span == span), None)
        word = _WORD.fullmatch(edit.expect) if edit is not None else None
        if before is None or word is None:
            return False
        place = [(span.start, word.group().decode())]
        return before.resolve(file.path, place, "")[0] in _OWN


def _inverse(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the edits that lead back."""
    edits = sorted(edits)
    grown = 0
    for edit in edits:
        start = edit.span.start + grown
        yield Edit(Span(start, start + len(edit.new)), edit.new, edit.expect)
        grown += len(edit.new) - len(edit.span)


def written_words(edits: Iterable[Edit]) -> frozenset[str]:
    """Return the words that edits write."""
    return frozenset(m.group().decode() for e in edits for m in _WORD.finditer(e.new))
