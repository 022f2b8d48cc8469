# SPDX-License-Identifier: Apache-2.0
"""What becomes of a list of nvcc's options on a target: the one translation that all build languages
use. Words with their bytes go in; for each option that is a construct of CUDA's comes a decision,
the words in its place, and the bytes that it stands on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from portkit.languages.nvcc_flags import FlagUse, read_flags
from portkit.model.plans import Decision
from portkit.model.rows import Row
from portkit.model.spans import Span
from portkit.model.words import Action, Kind, Pairs, Reason, Status
from portkit.targets.build import Build
from portkit.targets.floors import Floors
from portkit.vocab.columns import libraries


class PlacedWord(Protocol):
    """A word of a list with its bytes."""

    @property
    def text(self) -> str: ...
    @property
    def span(self) -> Span: ...


class FlagFate(msgspec.Struct, frozen=True):
    """What becomes of one option. `words`: what is written for it, as it is where it stays; `step`:
    on which line that may stand (compile | host | link | device-link | all); `repeat`: whether
    more than once. `decision` is None for an option that other compilers share: it stays, and is no
    construct of CUDA's.
    """

    use: FlagUse
    span: Span
    words: tuple[str, ...]
    step: str
    repeat: bool
    decision: Decision | None

    @property
    def is_left(self) -> bool:
        """Whether a person has to look at it."""
        return self.decision is not None and self.decision.action is Action.MANUAL


def flag_fates(words: Sequence[PlacedWord], build: Build, floors: Floors) -> Iterator[FlagFate]:
    """Yield what becomes of each option in a list of words, in order; other words are passed over.

    An option that the target takes once only is written for its first use: the later ones are left
    out.
    """
    seen = set[tuple[str, ...]]()
    for use in read_flags([w.text for w in words]):
        span = Span(words[use.first].span.start, words[use.end - 1].span.end)
        fate = _fate(use, span, build, floors)
        edited = fate.decision is not None and fate.decision.action is Action.EDIT
        if (
            edited
            and fate.words in seen
            and not (fate.repeat and "{arch}" not in _gives(use, build))
        ):
            fate = msgspec.structs.replace(fate, words=())
        if edited and fate.words:
            seen.add(fate.words)
        yield fate


def _gives(use: FlagUse, build: Build) -> str:
    found = build.flags.find(use)
    return found.gives if found is not None else ""


def _fate(use: FlagUse, span: Span, build: Build, floors: Floors) -> FlagFate:
    as_written = tuple(use.written.split(" ", 1))
    if use.is_library:
        return _library(use, span, build, floors)
    if use.flag is None or not use.flag.own:
        return FlagFate(use, span, as_written, _step(use), True, _shared(use))
    found = build.flags.find(use)
    if found is None:
        return FlagFate(use, span, as_written, _step(use), True, _manual(Reason.UNKNOWN))
    row = found.row
    decision = decided(row, floors, " ".join(found.written(use, build.arch)))
    if decision.action is Action.EDIT and "{arch}" in found.gives and not build.arch:
        decision = _manual(Reason.UNKNOWN, row)
    if decision.action is Action.EDIT and found.form in ("words", "comma") and "$" in use.value:
        # what a variable holds may be joined by commas, as nvcc takes it
        decision = Decision(Action.MANUAL, Reason.STRUCTURE, row=row)
    new = as_written
    if decision.action is Action.EDIT:
        new = found.written(use, build.arch) if row.status is not Status.DROPPED else ()
    elif decision.action is Action.KEEP:
        spelt = found.written(use, build.arch)
        alike = " ".join(spelt).replace("=", " ") == " ".join(as_written).replace("=", " ")
        if not alike:
            decision, new = Decision(Action.EDIT, Reason.MAPPED, " ".join(spelt), row), spelt
    return FlagFate(use, span, new, found.step, found.repeat, decision)


def _step(use: FlagUse) -> str:
    return use.flag.step if use.flag is not None else "compile"


def _shared(use: FlagUse) -> Decision | None:
    """Return None for an option of GCC's and Clang's; one that nobody is known to have needs a
    person.
    """
    if use.flag is not None or use.written[1:2] in ("W", "f", "m"):
        return None
    return _manual(Reason.UNKNOWN)


def _library(use: FlagUse, span: Span, build: Build, floors: Floors) -> FlagFate:
    as_written = (use.written,)
    row = build.rows.row(Kind.LINK_LIBRARY, ("lib",), use.value)
    if row is None:
        decision = _manual(Reason.UNKNOWN) if use.value in libraries() else None
        return FlagFate(use, span, as_written, "link", True, decision)
    decision = decided(row, floors, f"-l{row.target}")
    new = (f"-l{row.target}",) if decision.action is Action.EDIT else as_written
    return FlagFate(use, span, new, "link", True, decision)


def _manual(reason: Reason, row: Row | None = None) -> Decision:
    return Decision(Action.MANUAL, reason, row=row)


def decided(row: Row | None, floors: Floors, replacement: str) -> Decision:
    """Return the decision that a row of a build makes by itself. What is to be left out is an edit
    with nothing in its place: a compiler refuses what it does not know.
    """
    if row is None:
        return _manual(Reason.UNKNOWN)
    match row.status:
        case Status.NONE:
            return _manual(Reason.NO_EQUIVALENT, row)
        case Status.MANUAL:
            return Decision(Action.MANUAL, Reason.ROW_MANUAL, row.target, row)
        case Status.DROPPED:
            return Decision(Action.EDIT, Reason.DROPPED, "", row)
        case Status.SAME:
            return Decision(Action.KEEP, Reason.SAME_SPELLING, row=row)
    if row.pairs is Pairs.NO:
        return Decision(Action.MANUAL, Reason.DIFFERS, replacement, row)
    if not floors.accepts(row):
        return Decision(Action.MANUAL, Reason.UNPROVEN, replacement, row)
    return Decision(Action.EDIT, Reason.MAPPED, replacement, row)
