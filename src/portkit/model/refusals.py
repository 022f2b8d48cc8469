# SPDX-License-Identifier: Apache-2.0
"""Edits that a look at the output takes back."""

from __future__ import annotations

import msgspec

from portkit.model.spans import Span


class Charge(msgspec.Struct, frozen=True):
    """Why an edit is not made. `case`: merge (`other` becomes the same word there), capture (the
    word is the project's own), or error; `words`: the compiler's.
    """

    case: str
    words: str = ""
    other: str = ""
    becomes: str = ""


class Refusals(msgspec.Struct):
    """What is not written of a file: edits by their span; and complaints that point at no edit."""

    edits: dict[Span, Charge] = msgspec.field(default_factory=dict)
    left: list[tuple[Span, Charge]] = msgspec.field(default_factory=list)

    def joined(self, later: Refusals) -> Refusals:
        """Return these and what a second look holds, which is said and takes no more back."""
        left = [*later.left, *later.edits.items()]
        return Refusals(self.edits, [*self.left, *left])
