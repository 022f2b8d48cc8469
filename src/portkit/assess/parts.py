# SPDX-License-Identifier: Apache-2.0
"""The three parts of a tree's names: what moves by itself, what needs a person, what portkit does
not know. They add up to 100 and are never blended.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portkit.assess.counts import Standing

_WHOLE = 1000  # tenths of a percent


class Parts(msgspec.Struct, frozen=True):
    """How many names stand where. `moved`: ported already; `to_move`: an edit, or nothing, is
    enough; `person`: known to lack or differ, or held back; `unknown`: no source says enough.
    `stays`: words of the language that are spelt alike, in none of the parts.

    `share` has percentages, of one decimal, that add up to 100: `by_itself` (moved and to move,
    rounded down), `person`, `unknown`; None where nothing is counted.
    """

    moved: int
    to_move: int
    person: int
    unknown: int
    stays: int
    share: Share | None

    @property
    def counted(self) -> int:
        """How many names the parts are made of."""
        return self.moved + self.to_move + self.person + self.unknown


class Share(msgspec.Struct, frozen=True):
    """Percentages of one decimal that add up to 100."""

    by_itself: float
    person: float
    unknown: float


def parts_of(standings: Mapping[Standing, int], ported: int = 0, blocking: int = 0) -> Parts:
    """Return the parts of so many references by standing. `ported`: names of the target's in the
    code, which count as moved; `blocking`: findings, beside which nothing is whole.
    """
    moved, to_move = standings[Standing.MOVED] + ported, standings[Standing.MOVES]
    person, unknown = standings[Standing.PERSON], standings[Standing.UNKNOWN]
    return Parts(
        moved,
        to_move,
        person,
        unknown,
        standings[Standing.STAYS],
        share_of(moved + to_move, person, unknown, blocking),
    )


def share_of(by_itself: int, person: int, unknown: int, blocking: int = 0) -> Share | None:
    """Return the percentages. What moves by itself is rounded down, so that 100 is said only where
    it is so, and never where something blocks; the rest goes to the larger remainder, and to
    neither more than it has.
    """
    counted = by_itself + person + unknown
    if not counted:
        return None
    ready = _WHOLE * by_itself // counted
    if ready == _WHOLE and blocking:
        return Share(99.9, 0.1, 0.0)
    rest = _WHOLE - ready
    of_unknown = round(rest * unknown / (person + unknown)) if rest else 0
    if rest > 1 and person and unknown:  # what is there is seen
        of_unknown = min(max(of_unknown, 1), rest - 1)
    return Share(ready / 10, (rest - of_unknown) / 10, of_unknown / 10)
