# SPDX-License-Identifier: Apache-2.0
"""Outputs whose words were verified before: the same edits of the same bytes need no second look."""

from __future__ import annotations

from contextlib import closing

from portkit.files.code import code_digest
from portkit.languages.keys import content_key
from portkit.model.plans import Plan
from portkit.model.words import Action
from portkit.run.cache import Cache
from portkit.vocab.vocabulary import Vocabulary

_VERIFIERS = ("portkit.rewrite.verification", "portkit.languages")


def verified_key(plan: Plan, vocabulary: Vocabulary) -> bytes:
    """Return the key of what a plan writes, moves left aside."""
    stamp = code_digest(*_VERIFIERS)
    told = [
        (
            file.scan.path,
            file.scan.sha256,
            file.scan.encoding,
            [(e.span.start, e.span.end, e.new, e.group) for e in file.edits],
            [
                r.span.start
                for r, d in zip(file.scan.references, file.decisions, strict=True)
                if d.action is Action.EDIT
            ],
        )
        for file in plan.files
        if file.edits
    ]
    return content_key(stamp, vocabulary.digest, "verified", told)


def is_verified(key: bytes) -> bool:
    """Return whether the output of this key was verified before."""
    with closing(Cache()) as store:
        return key in store.get([key])


def note_verified(key: bytes) -> None:
    """Keep that the output of this key was verified."""
    with closing(Cache()) as store:
        store.put({key: b"verified"})
