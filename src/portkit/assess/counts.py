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
from portkit.model.words import Action, Kind, Reason

WORKS = frozenset({
    Reason.SAME_SPELLING, Reason.AS_IS, Reason.COMPAT_HEADER, Reason.DROPPED, Reason.VENDOR_CODE,
})  # fmt: skip
APART = frozenset({Reason.IN_COMMENT, Reason.OTHER_VENDOR})
OWN = frozenset({Reason.USER_DECLARED, Reason.PROJECT_HEADER})
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
    ASIDE = enum.auto()  # in a comment, or in another vendor's code: does not count
    EDIT = enum.auto()  # ready, unless a finding blocks it
    # ready as it is; of a built-in word of the language nothing is counted as the API's
    KEPT = enum.auto()
    OPEN = enum.auto()  # not ready


Label = tuple[Action, Standing]


def label(decision: Decision) -> Label:
    """Return what a decision counts as."""
    action, reason = decision.action, decision.reason
    if reason in OWN:
        return action, Standing.OWN
    if reason in APART:
        return action, Standing.ASIDE
    if action is Action.EDIT:
        return action, Standing.EDIT
    return action, Standing.KEPT if action is Action.KEEP and reason in WORKS else Standing.OPEN


class Count:
    """Counts over references: one instance for the tree, one a file, one a library."""

    __slots__ = ("actions", "all", "all_ready", "api", "api_ready", "own")

    def __init__(self) -> None:
        self.actions = dict.fromkeys(Action, 0)
        self.own = self.api = self.api_ready = self.all = self.all_ready = 0

    def add(self, kind: Label, count: int, builtin: int) -> None:
        """Add references of one label, so many of them being words of the language."""
        action, standing = kind
        self.actions[action] += count
        if standing is Standing.OWN:
            self.own += count
        elif standing is not Standing.ASIDE:
            ready = standing is not Standing.OPEN
            api = count - builtin if standing is Standing.KEPT else count
            self.all += count
            self.api += api
            self.all_ready += count if ready else 0
            self.api_ready += api if ready else 0

    def block(self, count: int) -> None:
        """Take so many edits for not ready: findings block them."""
        self.all_ready -= count
        self.api_ready -= count

    def totals(self) -> Totals:
        """Return the counts by decision."""
        edit, manual, keep = (self.actions[a] for a in (Action.EDIT, Action.MANUAL, Action.KEEP))
        return Totals(edit + manual + keep, edit, manual, keep, self.own)


def blocked(file: FilePlan) -> list[Reference]:
    """Return the references that are edited, and that a finding blocks all the same."""
    indexes = {i for f in file.findings if f.blocking and not f.suppressed for i in f.references}
    return [
        file.scan.references[i] for i in indexes if label(file.decisions[i])[1] is Standing.EDIT
    ]


class Labels:
    """The labels of a plan's decisions, of which references share most: each is looked at once."""

    def __init__(self, plan: Plan) -> None:
        distinct = {id(decision): decision for file in plan.files for decision in file.decisions}
        self._known = {number: label(decision) for number, decision in distinct.items()}

    def count(self, file: FilePlan) -> Count:
        """Return the counts of one file of the plan."""
        made, kinds = Count(), [self._known[number] for number in map(id, file.decisions)]
        builtin = Counter(
            kind
            for kind, ref in zip(kinds, file.scan.references, strict=True)
            if ref.kind is Kind.BUILTIN
        )
        for kind, count in Counter(kinds).items():
            made.add(kind, count, builtin[kind])
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
