# SPDX-License-Identifier: Apache-2.0
"""Automatic fixes of findings, on request: which of them a plan can take in beside its renames.

A fix is taken whole or not at all. It gives way to a rename, to a fix before it in the file, and to
anything that would bring in a name that the target lacks. What was fixed stays in the report,
marked so.
"""

from __future__ import annotations

import re

import msgspec

from portkit.model.plans import Decision, FilePlan, Plan, Suppression
from portkit.model.spans import Edit, Span, overlap
from portkit.model.words import Action, Reason, Silenced, Status
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

GROUP = "fix "  # starts the group of each edit that is a fix
FIXED = Suppression(Silenced.FIX, "fixed")
_WORD = re.compile(rb"[A-Za-z_]\w*", re.A)


def apply_fixes(
    plan: Plan, target: Target, vocabulary: Vocabulary, *, unsafe: bool
) -> tuple[Plan, int]:
    """Return the plan with the fixes of its findings among its edits, and how many findings that
    settles.

    `unsafe` takes the ones too that may change what the program does.
    """
    files, count = [], 0
    for file in plan.files:
        made, fixed = _fix_file(file, target, vocabulary, unsafe)
        files.append(made)
        count += fixed
    return msgspec.structs.replace(plan, files=tuple(files)), count


def _fix_file(
    file: FilePlan, target: Target, vocabulary: Vocabulary, unsafe: bool
) -> tuple[FilePlan, int]:
    replaced: dict[Span, str] = {}
    edits, findings, count = list(file.edits), [], 0
    for item in file.findings:
        wanted = [msgspec.structs.replace(e, group=f"{GROUP}{item.fingerprint}") for e in item.fix]
        if not wanted or item.suppressed or not (item.fix_safe or unsafe):
            findings.append(item)
            continue
        made = all(replaced.get(e.span) == e.new.decode("latin-1") for e in wanted)
        if made or _fits(wanted, edits, file, target, vocabulary):
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


def _fits(
    wanted: list[Edit], edits: list[Edit], file: FilePlan, target: Target, vocabulary: Vocabulary
) -> bool:
    if any(overlap(e, other) for e in wanted for other in edits):
        return False
    return all(
        _known(w.decode("ascii"), e, file, target, vocabulary)
        for e in wanted
        for w in _WORD.findall(e.new)
    )


def _known(word: str, edit: Edit, file: FilePlan, target: Target, vocabulary: Vocabulary) -> bool:
    """Return whether a word of the new bytes stood there before, is no name of CUDA's, or is spelt
    so on the target too.
    """
    if word in vocabulary and not re.search(
        rf"(?<!\w){re.escape(word)}(?!\w)", edit.expect.decode("latin-1"), re.A
    ):
        rows = [target.row(e.name, e.kind, e.library, e.qualifier) for e in vocabulary.get(word)]
        return any(
            row is not None and (row.status is Status.SAME or row.target == word) for row in rows
        )
    return True
