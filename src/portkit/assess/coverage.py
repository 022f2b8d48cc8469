# SPDX-License-Identifier: Apache-2.0
"""What portkit's tables do not know of a tree: the names that would matter most if they were known.
It is the list to send to a vendor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import msgspec

from portkit.assess.counts import NOT_KNOWN
from portkit.model.plans import Plan
from portkit.model.rows import Row
from portkit.model.words import Action, Reason
from portkit.targets.sdk import is_seen

# Kept, on no source of the target's: a vendor's word would settle these too.
_OPEN = NOT_KNOWN | {Reason.ASSUMED_SAME}


class Wanted(msgspec.Struct, frozen=True):
    """A name that no source of the target's settles. `name` is qualified; `uses`: references in so
    many `files`; `candidate`: what the target's name would be, "" where nothing leads to one;
    `exists`: its grade, "" without a row; `note`: where it was looked for, or why it is assumed.
    """

    name: str
    kind: str
    library: str
    uses: int
    files: int
    reason: str
    candidate: str
    exists: str
    note: str


class _Seen:
    """One name while it is counted."""

    __slots__ = ("files", "row", "uses")

    def __init__(self, row: Row | None) -> None:
        self.row, self.uses, self.files = row, 0, set[str]()


def wanted(plan: Plan) -> list[Wanted]:
    """Return the names of a plan that are not known, the most used first; then those assumed."""
    seen: dict[tuple[Reason, str, str, str], _Seen] = {}
    for file in plan.files:
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            if decision.reason not in _OPEN:
                continue
            full = f"{ref.qualifier}::{ref.name}" if ref.qualifier else ref.name
            key = (decision.reason, full, ref.kind.value, ref.library)
            one = seen.get(key)
            if one is None:
                one = seen[key] = _Seen(decision.row)
            one.uses += 1
            one.files.add(file.scan.path)
    found = [_wanted(*key, one) for key, one in seen.items()]
    assumed = Reason.ASSUMED_SAME.value
    return sorted(found, key=lambda w: (w.reason == assumed, -w.uses, w.name, w.kind))


def unknown(names: Iterable[Wanted]) -> list[Wanted]:
    """Return those that are not known, without those that are assumed."""
    return [w for w in names if w.reason != Reason.ASSUMED_SAME.value]


def lacking(plan: Plan, has: Collection[str]) -> list[tuple[str, str, int]]:
    """Return what a plan writes, or would write, and an SDK that `has` these names lacks: the
    target's name, CUDA's, and the uses; the most used first.
    """
    uses: Counter[tuple[str, str]] = Counter()
    for file in plan.files:
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            row = decision.row
            if row is None or not (decision.replacement or decision.action is Action.EDIT):
                continue
            if is_seen(ref.kind, row.target) and row.target not in has:
                uses[row.target, f"{ref.qualifier}::{ref.name}" if ref.qualifier else ref.name] += 1
    return [
        (there, name, count)
        for (there, name), count in sorted(uses.items(), key=lambda item: (-item[1], item[0]))
    ]


def _wanted(reason: Reason, name: str, kind: str, library: str, one: _Seen) -> Wanted:
    row = one.row
    candidate = row.target if row is not None else ""
    exists = row.exists.name.lower() if row is not None and row.target else ""
    note = row.note if row is not None else ""
    return Wanted(
        name, kind, library, one.uses, len(one.files), reason.value, candidate, exists, note
    )
