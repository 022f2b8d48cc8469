# SPDX-License-Identifier: Apache-2.0
"""The targets that a run asks for: with the user's rows over them, and what an SDK on this machine
proves of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from portkit.model.rows import Row
from portkit.targets.sdk import load_overlay
from portkit.targets.target import Target, load_target
from portkit.targets.user import load_user_rows


def user_rows(maps: Sequence[Path]) -> dict[str, Row]:
    """Return the rows of the user's files by name; a later file wins. Raises PortkitError."""
    return {name: row for path in maps for name, row in load_user_rows(path).items()}


def load_targets(specs: Sequence[str], maps: Sequence[Path] = ()) -> list[Target]:
    """Return the targets named by `specs` (TARGET or TARGET@PROFILE), in that order.

    `maps`: the user's files of rows. Raises PortkitError for a name that is no target, and for a
    broken table.
    """
    user = user_rows(maps)
    found = [load_target(spec, user=user) for spec in specs]
    for target in found:
        if (overlay := load_overlay(target.spec)) is not None:
            target.prove(overlay.names, overlay.digest, overlay.label, overlay.arities)
    return found
