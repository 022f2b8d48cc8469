# SPDX-License-Identifier: Apache-2.0
"""One note on all the names of a tree that were kept though no source says that the target has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from portkit.model.plans import FilePlan, Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Reason, Severity
from portkit.rules.fingerprint import Fingerprints

ASSUMED = "PK112"
_NAMED = 12  # of the names, the most used ones


def assumed_names(files: Iterable[FilePlan], target: str) -> list[tuple[str, Finding]]:
    """Return one finding of the tree where names are assumed to be the same on a target: how many,
    how often they stand there, and the most used ones.
    """
    uses: Counter[str] = Counter()
    for file in files:
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            if decision.reason is Reason.ASSUMED_SAME:
                uses[ref.name] += 1
    if not uses:
        return []
    first = sorted(uses, key=lambda name: (-uses[name], name))[:_NAMED]
    args = {
        "name": ", ".join(first) + (", ..." if len(uses) > len(first) else ""),
        "count": str(uses.total()),
        "names": str(len(uses)),
        "target": target,
    }
    # made by hand: a warm run loads no rule for it
    item = Finding(ASSUMED, Severity.INFO, Effort.MINUTES, Span(0, 0), args)
    mark, content = Fingerprints("", b"").pair(ASSUMED, target, None)
    return [("", msgspec.structs.replace(item, fingerprint=mark, content=content))]
