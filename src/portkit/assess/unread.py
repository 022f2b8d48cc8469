# SPDX-License-Identifier: Apache-2.0
"""What of a tree was not read, and whether CUDA may be in it."""

from __future__ import annotations

from collections import Counter

import msgspec

from portkit.model.reading import Scan


class Unread(msgspec.Struct, frozen=True):
    """Files that were not read: `left_out` by the reason why, `kinds` those that hold CUDA by their
    kind; `words`: CUDA's words in both, roughly.
    """

    left_out: dict[str, int] = {}
    kinds: dict[str, int] = {}
    words: int = 0

    @property
    def hides_cuda(self) -> bool:
        """Whether something that was not read may hold CUDA."""
        return bool(self.kinds or self.words)


def not_read(scan: Scan | None) -> Unread:
    """Return what a scan did not read; nothing for None."""
    if scan is None:
        return Unread()
    left_out: Counter[str] = Counter()
    for item in scan.skipped:
        left_out[item.reason] += item.files
    words = sum(s.words for s in scan.skipped) + sum(u.words for u in scan.unread)
    shown = {reason: left_out[reason] for reason in sorted(left_out) if left_out[reason]}
    return Unread(shown, {item.kind: item.files for item in scan.unread}, words)
