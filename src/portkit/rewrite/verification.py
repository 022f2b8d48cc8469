# SPDX-License-Identifier: Apache-2.0
"""Reads a rewritten file again before it is written: every CUDA name left must be one that was decided to stay."""

from __future__ import annotations

from portkit.languages.cxx.letters.source import SourceFile, Zone, read_source
from portkit.model.errors import PortkitError
from portkit.model.plans import FilePlan
from portkit.model.spans import Edit
from portkit.model.words import Action
from portkit.plan.fixes import GROUP
from portkit.plan.site import RECIPE
from portkit.rewrite.edits import Shift, apply_edits
from portkit.vocab.vocabulary import Vocabulary


class VerificationError(PortkitError):
    """The output holds a CUDA name that no decision accounts for: portkit's own fault, nothing is written."""


def rewritten(plan: FilePlan, data: bytes, vocabulary: Vocabulary) -> bytes:
    """Return the file's new bytes, verified. Raises VerificationError or EditMismatch."""
    after = apply_edits(data, plan.edits)
    scan, shift = plan.scan, Shift(plan.edits)
    before = read_source(scan.path, scan.path, data, scan.encoding, vocabulary, plain=False)
    output = read_source(scan.path, scan.path, after, scan.encoding, vocabulary, plain=False)
    edited = {r.span.start for r, d in zip(scan.references, plan.decisions, strict=True) if d.action is Action.EDIT}
    accounted = {(shift(c.offset), c.word) for c in before.candidates if c.offset not in edited}
    written = {shift(e.span.start) for e in plan.edits}
    fixed = [(start := shift(e.span.start), start + len(e.new)) for e in plan.edits if e.group.startswith(GROUP)]
    moved = _moved(plan, before, edited, shift)
    for candidate in output.candidates:
        if candidate.weak or candidate.zone is Zone.STRING:
            continue
        if candidate.word in moved and any(start <= candidate.offset < end for start, end in moved[candidate.word]):
            continue
        if (candidate.offset, candidate.word) not in accounted and candidate.offset not in written:
            if any(start <= candidate.offset < end for start, end in fixed):
                continue  # the names in a fix were checked against the target when it was taken
            raise VerificationError(
                f"after the rewrite, {candidate.word} at byte {candidate.offset} is not accounted for", scan.path, "please report this"
            )
    return after


def _moved(plan: FilePlan, before: SourceFile, edited: set[int], shift: Shift) -> dict[str, list[tuple[int, int]]]:
    """Return, for each name left inside of arguments that a recipe moved, the new ranges of that recipe's edits."""
    groups: dict[str, list[Edit]] = {}
    for edit in plan.edits:
        if edit.group.startswith(RECIPE):
            groups.setdefault(edit.group, []).append(edit)
    found: dict[str, list[tuple[int, int]]] = {}
    for edits in groups.values():
        spans = [e.span for e in edits]
        left = {c.word for c in before.candidates if c.offset not in edited and any(s.start <= c.offset < s.end for s in spans)}
        ranges = [(start, start + len(e.new)) for e in edits for start in (shift(e.span.start),)]
        for word in left:
            found.setdefault(word, []).extend(ranges)
    return found
