# SPDX-License-Identifier: Apache-2.0
"""Reads a rewritten file again before it is written: every CUDA name left must be one that was decided to stay."""

from __future__ import annotations

from portkit.model import Action, FilePlan, PortkitError
from portkit.plan.fixes import GROUP
from portkit.rewrite.edits import Shift, apply_edits
from portkit.scan.cxx.source import Zone, read_source
from portkit.vocab.vocabulary import Vocabulary


class VerificationError(PortkitError):
    """The output holds a CUDA name that no decision accounts for: portkit's own fault, nothing is written."""


def rewritten(plan: FilePlan, data: bytes, vocabulary: Vocabulary) -> bytes:
    """Return the file's new bytes, verified. Raises VerificationError or EditMismatch."""
    after = apply_edits(data, plan.edits)
    scan, shift = plan.scan, Shift(plan.edits)
    before = read_source(scan.path, scan.path, data, scan.encoding, vocabulary)
    output = read_source(scan.path, scan.path, after, scan.encoding, vocabulary)
    edited = {r.span.start for r, d in zip(scan.references, plan.decisions, strict=True) if d.action is Action.EDIT}
    accounted = {(shift(c.offset), c.word) for c in before.candidates if c.offset not in edited}
    written = {shift(e.span.start) for e in plan.edits}
    fixed = [(start := shift(e.span.start), start + len(e.new)) for e in plan.edits if e.group.startswith(GROUP)]
    for candidate in output.candidates:
        if candidate.weak or candidate.zone is Zone.STRING:
            continue
        if (candidate.offset, candidate.word) not in accounted and candidate.offset not in written:
            if any(start <= candidate.offset < end for start, end in fixed):
                continue  # the names in a fix were checked against the target when it was taken
            raise VerificationError(
                f"after the rewrite, {candidate.word} at byte {candidate.offset} is not accounted for", scan.path, "please report this"
            )
    return after
