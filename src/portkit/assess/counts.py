# SPDX-License-Identifier: Apache-2.0
"""Counting references by what became of them: alike ones together, since a tree has few kinds of
them and very many of each.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from portkit.model.plans import Decision, FilePlan, Plan
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import BUILD_LIBRARY, Action, Kind, Reason
from portkit.vocab.vocabulary import load_vocabulary

WORKS = frozenset({
    Reason.SAME_SPELLING, Reason.ASSUMED_SAME, Reason.AS_IS, Reason.COMPAT_HEADER, Reason.DROPPED, Reason.ROUTE,
})  # fmt: skip
APART = frozenset({Reason.IN_COMMENT, Reason.OTHER_VENDOR})
OWN = frozenset({Reason.USER_DECLARED, Reason.PROJECT_HEADER})
# Neither that the target has it is known nor that it lacks it: no row, none that is proved well
# enough, or it was looked for and not found.
NOT_KNOWN = frozenset({Reason.UNKNOWN, Reason.UNPROVEN, Reason.NOT_FOUND})
_SPELT_ALIKE = frozenset({Reason.SAME_SPELLING, Reason.ASSUMED_SAME})
_LANGUAGE = frozenset({Kind.BUILTIN, Kind.DEVICE_FUNCTION, Kind.FIELD})
_FAMILY = attrgetter("kind", "library")
# in this order behind the span
_PLACELESS = attrgetter("name", "kind", "context", "rung", "proof", "library", "qualifier", "user")
_NOWHERE = Span(0, 0)


class Totals(msgspec.Struct, frozen=True):
    """Counts of references by decision; `user_declared` of the kept ones are the project's own."""

    references: int
    edit: int
    manual: int
    keep: int
    user_declared: int


class Standing(enum.IntEnum):
    """How a reference counts towards readiness."""

    __hash__ = int.__hash__  # Enum's own is a Python function

    OWN = enum.auto()  # the project's own: does not count
    # in a comment, in another vendor's code, or of a build file: does not count
    ASIDE = enum.auto()
    STAYS = enum.auto()  # a word of the language that is spelt alike: counts in `all` only
    MOVED = enum.auto()  # ported already
    MOVES = enum.auto()  # ready by an edit, unless a finding blocks it, or as it is
    PERSON = enum.auto()  # not ready: known to lack or differ, or left out by who asked
    UNKNOWN = enum.auto()  # not ready: no source says enough


Label = tuple[Action, Standing]


def label(decision: Decision, language: bool, build: bool = False) -> Label:
    """Return what a decision counts as; `language`: the name is a word of CUDA's C++, `build`: it
    is a construct of a build file, which counts by itself (assess.build).
    """
    action, reason = decision.action, decision.reason
    if build:
        return action, Standing.OWN if reason in OWN else Standing.ASIDE
    if reason in OWN:
        return action, Standing.OWN
    if reason in APART:
        return action, Standing.ASIDE
    if reason is Reason.VENDOR_CODE:
        return action, Standing.MOVED
    if action is Action.EDIT:
        return action, Standing.MOVES
    if action is Action.KEEP and reason in WORKS:
        stays = language and reason in _SPELT_ALIKE
        return action, Standing.STAYS if stays else Standing.MOVES
    return action, Standing.UNKNOWN if reason in NOT_KNOWN else Standing.PERSON


def is_language(kind: Kind, library: str) -> bool:
    """Return whether a name is a word of CUDA's C++: a built-in, a vector type, mathematics of
    device code, a field; which says little of how far a port is where it stays.
    """
    if kind in _LANGUAGE:
        return True
    return kind is not Kind.HEADER and library in load_vocabulary().language_libraries


class Count:
    """Counts over references: one instance for the tree, one a file, one a library."""

    __slots__ = ("actions", "standings")

    def __init__(self) -> None:
        self.actions = dict.fromkeys(Action, 0)
        self.standings = dict.fromkeys(Standing, 0)

    def add(self, kind: Label, count: int) -> None:
        """Add references of one label."""
        self.actions[kind[0]] += count
        self.standings[kind[1]] += count

    def hinder(self, counted: Standing, count: int) -> None:
        """Take so many that counted otherwise for a person's: findings say so."""
        self.standings[counted] -= count
        self.standings[Standing.PERSON] += count

    def totals(self) -> Totals:
        """Return the counts by decision."""
        edit, manual, keep = (self.actions[a] for a in (Action.EDIT, Action.MANUAL, Action.KEEP))
        own = self.standings[Standing.OWN]
        return Totals(edit + manual + keep, edit, manual, keep, own)


def hindered(file: FilePlan) -> Iterator[tuple[Reference, Standing]]:
    """Yield the references that need a person for what findings say, with what their decisions
    count as: edits that are blocked all the same, and names without a row of their own of a feature
    that the target is known to lack.
    """
    blocks = [f for f in file.findings if f.blocking and not f.suppressed]
    lacks = {i for f in blocks if f.args.get("feature") for i in f.references}
    for i in {i for f in blocks for i in f.references}:
        ref, decision = file.scan.references[i], file.decisions[i]
        if ref.library == BUILD_LIBRARY:
            continue  # counts by itself
        if decision.action is Action.EDIT:
            yield ref, Standing.MOVES
        elif i in lacks and label(decision, False)[1] is Standing.UNKNOWN:
            yield ref, Standing.UNKNOWN


class Labels:
    """The labels of a plan's decisions, of which references share most: each is looked at once."""

    def __init__(self, plan: Plan) -> None:
        distinct = {id(decision): decision for file in plan.files for decision in file.decisions}
        self._known = {
            number: (label(decision, False), label(decision, True), label(decision, False, True))
            for number, decision in distinct.items()
        }

    def count(self, file: FilePlan) -> Count:
        """Return the counts of one file of the plan."""
        made = Count()
        kinds = Counter(
            zip(map(id, file.decisions), map(_FAMILY, file.scan.references), strict=True)
        )
        for (number, family), count in kinds.items():
            which = 2 if family[1] == BUILD_LIBRARY else is_language(*family)
            made.add(self._known[number][which], count)
        return made


def alike(plan: Plan) -> Iterator[tuple[Reference, Decision, int]]:
    """Yield the plan's references without their place, each once, with its decision and how many
    there are.
    """
    counts: Counter[tuple[int, tuple[Any, ...]]] = Counter()
    for file in plan.files:
        counts.update(
            zip(map(id, file.decisions), map(_PLACELESS, file.scan.references), strict=True)
        )
    decisions = {id(decision): decision for file in plan.files for decision in file.decisions}
    for (number, fields), count in counts.items():
        yield Reference(_NOWHERE, *fields), decisions[number], count
