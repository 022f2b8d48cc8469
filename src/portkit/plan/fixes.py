# SPDX-License-Identifier: Apache-2.0
"""Automatic fixes of findings, on request: which of them a plan can take in beside its renames.

A fix is taken whole or not at all. It gives way to a rename, to a fix before it in the file, and to
anything that would bring in a name that the target lacks. What was fixed stays in the report,
marked so.
"""

from __future__ import annotations

import functools
import re

import msgspec

from portkit.model.plans import Decision, FilePlan, Plan, Suppression
from portkit.model.spans import Edit, Span, overlap
from portkit.model.words import Action, Kind, Reason, Silenced, Status
from portkit.plan.decide import Policy
from portkit.targets.floors import Floors
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity, Vocabulary

GROUP = "fix "  # starts the group of each edit that is a fix
FIXED = Suppression(Silenced.FIX, "fixed")
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_HAS_INCLUDE = re.compile(r"__has_include\(<([^<>\n]+)>\)")


def apply_fixes(
    plan: Plan, target: Target, vocabulary: Vocabulary, policy: Policy, *, unsafe: bool
) -> tuple[Plan, int]:
    """Return the plan with the fixes of its findings among its edits, and how many findings that
    settles. Names that they bring in pass the floors of `policy`, as those of edits do.

    `unsafe` takes the ones too that may change what the program does.
    """
    files, count, known = [], 0, dict[Floors, FixNames]()
    for file in plan.files:
        floors = policy.at(file.scan.path).floors
        if floors not in known:
            known[floors] = FixNames(target, vocabulary, floors)
        made, fixed = _fix_file(file, known[floors], unsafe)
        files.append(made)
        count += fixed
    return msgspec.structs.replace(plan, files=tuple(files)), count


def _fix_file(file: FilePlan, names: FixNames, unsafe: bool) -> tuple[FilePlan, int]:
    replaced: dict[Span, str] = {}
    edits, findings, count = list(file.edits), [], 0
    for item in file.findings:
        wanted = [msgspec.structs.replace(e, group=f"{GROUP}{item.fingerprint}") for e in item.fix]
        if not wanted or item.suppressed or not (item.fix_safe or unsafe):
            findings.append(item)
            continue
        made = all(replaced.get(e.span) == e.new.decode("latin-1") for e in wanted)
        if made or _fits(wanted, edits, names):
            edits += () if made else wanted  # two findings may have one fix
            replaced |= {e.span: e.new.decode("latin-1") for e in wanted}
            count += 1
            item = msgspec.structs.replace(item, suppressed=FIXED)
        findings.append(item)
    if not count:
        return file, 0
    decisions = tuple(
        Decision(Action.EDIT, Reason.MAPPED, replaced[r.span], d.row)
        if d.action is Action.MANUAL and r.span in replaced
        else d
        for r, d in zip(file.scan.references, file.decisions, strict=True)
    )
    return FilePlan(file.scan, decisions, tuple(sorted(edits)), tuple(findings)), count


def _fits(wanted: list[Edit], edits: list[Edit], names: FixNames) -> bool:
    if any(overlap(e, other) for e in wanted for other in edits):
        return False
    return all(names.may_write(e) for e in wanted)


class FixNames:
    """Which names a fix may write for a target: those that an edit might, by the same floors."""

    def __init__(self, target: Target, vocabulary: Vocabulary, floors: Floors) -> None:
        self._target, self._vocabulary, self._floors = target, vocabulary, floors

    def may_write(self, edit: Edit) -> bool:
        """Return whether each word of the new bytes stood there before, is nobody's, or is known to
        be on the target.
        """
        old, new = edit.expect.decode("latin-1"), edit.new.decode("latin-1")
        asked = _HAS_INCLUDE.findall(new)
        if not all(self._is_header(spelling) for spelling in asked):
            return False
        before = set(_WORD.findall(old))
        return all(w in before or self._known(w) for w in _WORD.findall(_HAS_INCLUDE.sub("", new)))

    def _known(self, word: str) -> bool:
        if word in self._vocabulary:
            return any(self._is_there(e, word) for e in self._vocabulary.get(word))
        return not self._target.is_own_name(word) or word in self._accepted

    def _is_there(self, entity: Entity, word: str) -> bool:
        row = self._target.row(entity.name, entity.kind, entity.library, entity.qualifier)
        if row is None or not (row.status is Status.SAME or row.target == word):
            return False
        kept = entity.kind is Kind.BUILTIN and row.status is Status.SAME
        return kept or self._floors.accepts(row)

    def _is_header(self, spelling: str) -> bool:
        return self._target.as_is or spelling in self._accepted

    @functools.cached_property
    def _accepted(self) -> frozenset[str]:
        """The target's names that rows within the floors have, and its macros for CUDA's guards."""
        target, floors = self._target, self._floors
        rows = (target.table.row(key) for key in target.table.lines)
        listed = {r.target for r in (*rows, *target.user_rows.values()) if r and floors.accepts(r)}
        for name, group in target.table.bulk.items():
            if group.exists >= floors.exists and group.pairs >= floors.pairs:
                listed.add(target.naming.derive(name) or name)
        listed |= {guard.target for guard in target.guards.values()}
        return frozenset({*listed, *(name.rpartition("::")[2] for name in listed)})
