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


def is_open(row: Row | None) -> bool:
    """Return whether nothing is known of a name: no row, or it was looked for and not found."""
    return row is None or (row.derived and row.status is Status.MANUAL)


def spelling_there(row: Row | None, spelled: str) -> str:
    """Return what an SDK must have: CUDA's spelling (`spelled`, with its scope) where nothing is
    known or the name stays as it is, else the row's target.
    """
    if row is None or is_open(row):
        return spelled
    keeps = row.status is Status.SAME and "::" not in row.target
    return spelled if keeps else row.target


def raised(row: Row | None, name: str, kind: Kind, library: str) -> Row:
    """Return the row of a name that an SDK has."""
    if row is None or is_open(row):
        return Row(name, name, kind, Status.SAME, Exists.HEADER, Pairs.ALIKE, library, SDK)
    return msgspec.structs.replace(
        row, exists=Exists.HEADER, sources=(*row.sources, *SDK), derived=False
    )


def settled(
    row: Row | None, name: str, kind: Kind, library: str, qualifier: str, has: Collection[str]
) -> Row | None:
    """Return a row as an SDK that `has` these names settles it: raised, or as it was."""
    spelled = f"{qualifier}::{name}" if qualifier else name
    if spelling_there(row, spelled) not in has:
        return row
    return raised(row, name, kind, library)
