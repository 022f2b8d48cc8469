# SPDX-License-Identifier: Apache-2.0
"""One row of a target's table."""

from __future__ import annotations

import msgspec

from portkit.model.words import Exists, Kind, Pairs, Status


class Row(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One mapping of a CUDA name to a target name, with its evidence."""

    name: str
    target: str
    kind: Kind
    status: Status
    exists: Exists
    pairs: Pairs
    library: str = ""
    sources: tuple[str, ...] = ()
    recipe: str = ""
    note: str = ""
    derived: bool = False  # made by the naming rule, not listed in a table
    # on the way back to CUDA: the other names there that it may stand for
    ambiguous: tuple[str, ...] = ()
