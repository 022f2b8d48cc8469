# SPDX-License-Identifier: Apache-2.0
"""Edits that a look at the output takes back."""

from __future__ import annotations

import msgspec

from portkit.model.spans import Span


class Charge(msgspec.Struct, frozen=True):
    """Why an edit is not made. `case`: merge (`other` becomes the same word there), capture (the
    word is the project's own), or error; `words`: the compiler's. `instead`: what is written in
    place of the word; "" where nothing is. `twin`: where the other name of a merge stands in the
    file.
    """

    case: str
    words: str = ""
    other: str = ""
    becomes: str = ""
    instead: str = ""
    twin: Span | None = None


class Refusals(msgspec.Struct):
    """What is not written of a file: edits by their span; and complaints that point at no edit."""

    edits: dict[Span, Charge] = msgspec.field(default_factory=dict)
    left: list[tuple[Span, Charge]] = msgspec.field(default_factory=list)

    @property
    def taken(self) -> int:
        """How many edits are not made."""
        return sum(not charge.instead for charge in self.edits.values())

    def add(self, more: Refusals) -> None:
        """Take in what another look refuses; what is known already stands."""
        self.edits = more.edits | self.edits
        self.left += [charge for charge in more.left if charge not in self.left]

    def joined(self, later: Refusals) -> Refusals:
        """Return these and what a second look holds. That is said and takes no more back, but for
        what was written instead of a word.
        """
        edits, left = dict(self.edits), [*self.left, *later.left]
        for span, charge in later.edits.items():
            if span in edits and edits[span].instead:
                edits[span] = msgspec.structs.replace(charge, instead="")
            else:
                left.append((span, charge))
        return Refusals(edits, left)
