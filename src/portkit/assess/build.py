# SPDX-License-Identifier: Apache-2.0
"""What of a tree's build asks for CUDA, and what becomes of it: the build line of a report."""

from __future__ import annotations

from collections import Counter

import msgspec

from portkit.model.plans import Finding, Plan
from portkit.model.words import BUILD_LIBRARY, Action, Reason

_RULES = "PK7"
_OF_SOURCES = frozenset({"PK702"})  # an include: no part of a build file
_SETTLED = frozenset({Reason.VENDOR_CODE, Reason.OTHER_VENDOR, Reason.SUPPRESSED})


class Building(msgspec.Struct, frozen=True):
    """Constructs of build files that ask for CUDA, in so many `files`, by what becomes of them:
    `edit`, `manual`, `keep` (works as it is). `blocking`: findings on them; `by_kind`: constructs;
    `by_file`: the files in which a person has to change something, with how many places.

    The project's own names, and what is ported already, are in none of them.
    """

    constructs: int = 0
    files: int = 0
    edit: int = 0
    manual: int = 0
    keep: int = 0
    blocking: int = 0
    by_kind: dict[str, int] = {}
    by_file: dict[str, int] = {}

    @property
    def open(self) -> int:
        """How many constructs keep the tree from building as it is."""
        return self.edit + self.manual


def is_of_build(item: Finding) -> bool:
    """Return whether a finding speaks of a build."""
    return item.rule.startswith(_RULES) and item.rule not in _OF_SOURCES


def build_of(plan: Plan) -> Building:
    """Return what a plan makes of the build."""
    actions, kinds, left = Counter[Action](), Counter[str](), Counter[str]()
    files, blocking = set[str](), 0
    for file in plan.files:
        path = file.scan.path
        blocking += sum(f.blocking and not f.suppressed and is_of_build(f) for f in file.findings)
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            if ref.library != BUILD_LIBRARY or ref.user or decision.reason in _SETTLED:
                continue
            actions[decision.action] += 1
            kinds[ref.kind.value] += 1
            files.add(path)
            left[path] += decision.action is Action.MANUAL
    return Building(
        actions.total(),
        len(files),
        actions[Action.EDIT],
        actions[Action.MANUAL],
        actions[Action.KEEP],
        blocking,
        {kind: kinds[kind] for kind in sorted(kinds)},
        {path: left[path] for path in sorted(left) if left[path]},
    )
