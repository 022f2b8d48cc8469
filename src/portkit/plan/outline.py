# SPDX-License-Identifier: Apache-2.0
"""What the plan of one file needs to know of all others: it is known before any reference is, so
plans need not wait.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from portkit.model.reading import FileScan


class Outline(msgspec.Struct, frozen=True):
    """A tree's launches, as (file, kernel as written), and its macros, as (file, name, start and
    end of the body).
    """

    launches: list[tuple[str, str]]
    macros: list[tuple[str, str, int, int]]


def outline_of(files: Iterable[FileScan]) -> Outline:
    """Return the outline of files that were read."""
    outline = Outline([], [])
    for file in files:
        outline.launches.extend((file.path, launch.kernel) for launch in file.facts.launches)
        outline.macros.extend(
            (file.path, m.name, m.body.start, m.body.end) for m in file.facts.macros
        )
    return outline
