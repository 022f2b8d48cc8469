# SPDX-License-Identifier: Apache-2.0
"""Evidence floors: which rows are good enough to rewrite on (`--accept exists=doc,pairs=usage,proof=spelling`)."""

from __future__ import annotations

import msgspec

from portkit.model import Exists, Pairs, PortkitError, Proof, Row


class Floors(msgspec.Struct, frozen=True):
    """The least evidence and proof that an edit needs."""

    exists: Exists = Exists.TABLE
    pairs: Pairs = Pairs.ALIKE
    proof: Proof = Proof.LIKELY

    def accepts(self, row: Row) -> bool:
        """Return whether a row's evidence reaches the floors."""
        return row.exists >= self.exists and row.pairs >= self.pairs


_AXES = {"exists": Exists, "pairs": Pairs, "proof": Proof}


def parse_floors(text: str) -> Floors:
    """Read `axis=word,...`. Raises PortkitError that lists the words."""
    values: dict[str, object] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        axis, _, word = part.partition("=")
        words = _AXES.get(axis)
        if words is None or word.upper() not in words.__members__:
            known = "; ".join(f"{a}={'|'.join(m.lower() for m in w.__members__)}" for a, w in _AXES.items())
            raise PortkitError(f"--accept: cannot read {part!r}", hint=f"want {known}")
        values[axis] = words[word.upper()]
    return msgspec.convert({k: int(v) for k, v in values.items()}, Floors)  # type: ignore[call-overload]
