# SPDX-License-Identifier: Apache-2.0
"""What a report says of the files that were not read: how many, why, and how much CUDA is in them."""

from __future__ import annotations

from portkit.assess.readiness import Summary
from portkit.report.i18n import Catalog


def left_out(summary: Summary, words: Catalog) -> list[tuple[str, int]]:
    """Return the messages on files that were left out or not read, each with its count."""
    by_key = {f"left_{reason}": count for reason, count in summary.left_out.items()}
    by_key |= {f"unread_{kind}": count for kind, count in summary.unread.items()}
    told = [(key, count) for key, count in by_key.items() if key in words.messages]
    other = sum(by_key.values()) - sum(count for _, count in told)
    if other:
        told.append(("left_other", other))
    if summary.unread_words:
        told.append(("not_read_words", summary.unread_words))
    return told


def not_read(summary: Summary, words: Catalog) -> str:
    """Return all of it as one sentence; "" where every file was read."""
    said = [words(key, count=f"{count:,}") for key, count in left_out(summary, words)]
    return words("not_read", what=words("comma").join(said)) if said else ""
