# SPDX-License-Identifier: Apache-2.0
"""Whether a path stays in a tree however many links it goes through.

Where a path ends is not enough: one that leaves the tree and comes back leads through folders of
the machine, and what lies there would decide what is read. So each link is followed by itself, and
nothing outside of the tree is looked at.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable

_MOST = 40  # links in a row, as the system has it


def stays(path: str | os.PathLike[str], tops: Iterable[str | os.PathLike[str]]) -> bool:
    """Return whether the absolute `path` lies in one of `tops` with each link on its way.

    The answer does not depend on whether anything is there, nor on what lies outside of `tops`;
    their own upper folders may be passed through. A path of a circle of links stays.
    """
    allowed = tuple(dict.fromkeys(os.path.normpath(os.fspath(top)) for top in tops))
    rest = deque(os.fspath(path).split("/"))
    place, links = "/", 0
    while rest:
        part = rest.popleft()
        if part in ("", "."):
            continue
        place = os.path.dirname(place) if part == ".." else f"{place.rstrip('/')}/{part}"  # noqa: PTH120
        if not (is_within(place, allowed) or any(is_within(top, [place]) for top in allowed)):
            return False
        try:
            text = os.readlink(place) if part != ".." else ""  # noqa: PTH115
        except (OSError, ValueError):
            continue  # no link, or nothing at all
        if text:
            links += 1
            if links > _MOST:
                return True
            rest.extendleft(reversed(text.split("/")))
            place = "/" if text.startswith("/") else os.path.dirname(place)  # noqa: PTH120
    return is_within(place, allowed)


def is_within(path: str, tops: Iterable[str]) -> bool:
    """Return whether `path` is one of `tops` or lies below one, by their letters."""
    return any(path == top or path.startswith(f"{top.rstrip('/')}/") for top in tops)
