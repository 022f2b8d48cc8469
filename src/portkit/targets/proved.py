# SPDX-License-Identifier: Apache-2.0
"""What an SDK on this machine says of a name: that the target has what a row leads to, or that CUDA's
own spelling is there where no source knew of one.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status

SDK = ("sdk",)


def is_open(row: Row | None, as_is: bool = False) -> bool:
    """Return whether nothing is known of a name: no row, or it was looked for and not found.

    `as_is`: the target compiles CUDA as it is, and what the naming rule makes says nothing of that.
    """
    if row is None:
        return True
    return row.derived and (row.status is Status.MANUAL or (as_is and row.status is Status.MAPPED))


def spelling_there(row: Row | None, spelled: str, as_is: bool = False) -> str:
    """Return what an SDK must have: CUDA's spelling (`spelled`, with its scope) where nothing is
    known or the name stays as it is, else the row's target.
    """
    if row is None or is_open(row, as_is):
        return spelled
    keeps = row.status is Status.SAME and "::" not in row.target
    return spelled if keeps else row.target


def settled(
    row: Row | None,
    name: str,
    kind: Kind,
    library: str,
    qualifier: str,
    has: Collection[str],
    as_is: bool = False,
) -> Row | None:
    """Return a row as an SDK that `has` these names settles it: raised, or as it was."""
    spelled = f"{qualifier}::{name}" if qualifier else name
    if spelling_there(row, spelled, as_is) not in has:
        return row
    if row is None or is_open(row, as_is):
        return Row(name, name, kind, Status.SAME, Exists.HEADER, Pairs.ALIKE, library, SDK)
    return msgspec.structs.replace(
        row, exists=Exists.HEADER, sources=(*row.sources, *SDK), derived=False
    )
