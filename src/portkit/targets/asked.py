# SPDX-License-Identifier: Apache-2.0
"""The targets that a run asks for: with the user's rows over them, and what an SDK on this machine
proves of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from portkit.model.rows import Row
from portkit.targets.sdk import load_overlay
from portkit.targets.target import Target, load_target
from portkit.targets.user import load_user_rows, strange_names
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary

_SHOWN = 5  # strange names of a file that are said one by one


def user_rows(maps: Sequence[Path]) -> dict[str, Row]:
    """Return the rows of the user's files by name; a later file wins. Raises PortkitError."""
    return {name: row for path in maps for name, row in load_user_rows(path).items()}


def said_of_strange_rows(maps: Sequence[Path], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield a line for each row of the user's files whose CUDA name is none that portkit knows, and
    one for the rest where they are many: such a row decides nothing, or only what is spelt alike.
    """
    for path in maps:
        strange = strange_names(load_user_rows(path), vocabulary)
        for name, near in strange[:_SHOWN]:
            hint = f"; did you mean {near}?" if near else ""
            yield f"{path.name}: {name} is no name of CUDA's that portkit knows{hint}"
        if len(strange) > _SHOWN:
            yield f"{path.name}: and {len(strange) - _SHOWN} more names that portkit does not know"


def load_targets(
    specs: Sequence[str],
    maps: Sequence[Path] = (),
    warn: Callable[[str], None] | None = None,
    route: str = "",
) -> list[Target]:
    """Return the targets named by `specs` (TARGET or TARGET@PROFILE), in that order.

    `maps`: the user's files of rows; `warn` is called with a line for rows that mean no name of
    CUDA's; `route`: what Python code takes to them. Raises PortkitError for a name that is no
    target or no route, and for a broken table.
    """
    user = user_rows(maps)
    if maps and warn is not None:
        for line in said_of_strange_rows(maps, load_vocabulary()):
            warn(line)
    found = [load_target(spec, user=user) for spec in specs]
    for target in found:
        if (overlay := load_overlay(target.spec)) is not None:
            target.prove(overlay.names, overlay.digest, overlay.label, overlay.arities)
    if route:
        from portkit.targets.ways import take_route

        take_route(found, route)
    return found
