# SPDX-License-Identifier: Apache-2.0
"""Evidence floors: which rows are good enough to rewrite on (`--accept
exists=doc,pairs=usage,proof=spelling,assumed=no`).
"""

from __future__ import annotations

import enum

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Pairs, Proof


class Assumed(enum.IntEnum):
    """Whether names that a target is only assumed to have are kept, or left to a person."""

    NO = 0
    YES = 1


class Floors(msgspec.Struct, frozen=True):
    """The least evidence and proof that an edit needs."""

    exists: Exists = Exists.TABLE
    pairs: Pairs = Pairs.ALIKE
    proof: Proof = Proof.LIKELY
    assumed: Assumed = Assumed.YES

    def accepts(self, row: Row) -> bool:
        """Return whether a row's evidence reaches the floors."""
        return row.exists >= self.exists and row.pairs >= self.pairs


_AXES: dict[str, type[enum.IntEnum]] = {
    "exists": Exists,
    "pairs": Pairs,
    "proof": Proof,
    "assumed": Assumed,
}


def parse_floors(text: str) -> Floors:
    """Read `axis=word,...`; an axis that is not named keeps its default.

    Raises PortkitError for a part that is not `axis=word` with known words, or an axis named twice.
    """
    values: dict[str, int] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        axis, _, word = (p.strip().lower() for p in part.partition("="))
        words = _AXES.get(axis)
        if words is None or word.upper() not in words.__members__:
            raise PortkitError(f"--accept: cannot read {part!r}", hint=f"want {_grammar()}")
        if axis in values:
            raise PortkitError(f"--accept: {axis} is named twice", hint=f"want {_grammar()}")
        values[axis] = words[word.upper()]
    default = Floors()
    return Floors(
        Exists(values.get("exists", default.exists)),
        Pairs(values.get("pairs", default.pairs)),
        Proof(values.get("proof", default.proof)),
        Assumed(values.get("assumed", default.assumed)),
    )


def _grammar() -> str:
    return "; ".join(
        f"{axis}={'|'.join(m.lower() for m in words.__members__)}" for axis, words in _AXES.items()
    )
