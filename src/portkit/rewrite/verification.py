# SPDX-License-Identifier: Apache-2.0
"""Reads a rewritten file again before it is written: every CUDA name left must be one that was
decided to stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from portkit.files.edits import Shift, apply_edits
from portkit.languages.base import Word
from portkit.languages.registry import LANGUAGES
from portkit.model.errors import PortkitError
from portkit.model.plans import FilePlan
from portkit.model.spans import Edit
from portkit.model.words import Action, Context
from portkit.plan.building.made import GROUP as BUILD
from portkit.plan.fixes import GROUP
from portkit.plan.site import RECIPE
from portkit.rules.cxx.bodies import Bodies
from portkit.vocab.vocabulary import Vocabulary

_PART = re.compile(rb"(?:(?<=::)|\A)", re.A)  # where a part of a qualified name begins


class VerificationError(PortkitError):
    """The output holds a CUDA name that no decision accounts for: portkit's own fault, nothing is
    written.
    """


def rewritten(plan: FilePlan, data: bytes, vocabulary: Vocabulary) -> bytes:
    """Return the file's new bytes, verified. Raises VerificationError or EditMismatch."""
    if not plan.edits:
        return data
    after = apply_edits(data, plan.edits)
    scan, shift = plan.scan, Shift(plan.edits)
    words_of = LANGUAGES[scan.language].words
    before = [*words_of(scan.path, data, scan.encoding, vocabulary)]
    output = words_of(scan.path, after, scan.encoding, vocabulary)
    touched = Bodies([e.span for e in plan.edits if len(e.span)])
    edited = {  # what an edit is made beside, a command of a build, stays as it is
        r.span.start
        for r, d in zip(scan.references, plan.decisions, strict=True)
        if d.action is Action.EDIT and (r.context is not Context.BUILD or touched.holding(r.span))
    }
    # what is inserted stands before the byte at its offset
    inserted = {e.span.start: len(e.new) for e in plan.edits if not len(e.span)}
    accounted = {
        (shift(w.offset) + inserted.get(w.offset, 0), w.text)
        for w in before
        if w.offset not in edited
    }
    written = {
        shift(e.span.start) + (inserted.get(e.span.start, 0) if len(e.span) else 0) + m.start()
        for e in plan.edits
        for m in _PART.finditer(e.new)
    }
    fixed = [
        (start := shift(e.span.start), start + len(e.new))
        for e in plan.edits
        if e.group.startswith(GROUP)
    ]
    moved = _moved(plan, before, edited, shift)
    stays = {w.text for w in before if w.offset not in edited}
    stays.update(w for d in plan.decisions for w in re.split(r"[ =]", d.replacement))
    added = [
        (start := shift(e.span.start), start + len(e.new))
        for e in plan.edits
        if e.group.startswith(BUILD)
    ]
    for word in output:
        if not word.hard:
            continue
        if word.text in moved and any(
            start <= word.offset < end for start, end in moved[word.text]
        ):
            continue
        if (word.offset, word.text) not in accounted and word.offset not in written:
            if word.text in stays and any(start <= word.offset < end for start, end in added):
                continue  # a command of a build that is written anew names what stays, as it was
            if any(start <= word.offset < end for start, end in fixed):
                continue  # the names in a fix were checked against the target when it was taken
            said = f"after the rewrite, {word.text} at byte {word.offset} is not accounted for"
            raise VerificationError(said, scan.path, "please report this")
    return after


def _moved(
    plan: FilePlan, before: Sequence[Word], edited: set[int], shift: Shift
) -> dict[str, list[tuple[int, int]]]:
    """Return, for each name left inside of arguments that a recipe moved, the new ranges of that
    recipe's edits.
    """
    groups: dict[str, list[Edit]] = {}
    for edit in plan.edits:
        if edit.group.startswith(RECIPE):
            groups.setdefault(edit.group, []).append(edit)
    found: dict[str, list[tuple[int, int]]] = {}
    for edits in groups.values():
        spans = [e.span for e in edits]
        kept = (w for w in before if w.offset not in edited)
        left = {w.text for w in kept if any(s.start <= w.offset < s.end for s in spans)}
        ranges = [(start, start + len(e.new)) for e in edits for start in (shift(e.span.start),)]
        for word in left:
            found.setdefault(word, []).extend(ranges)
    return found
