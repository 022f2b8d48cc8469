# SPDX-License-Identifier: Apache-2.0
"""What is reached from some names through others, each name looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def reached(start: Iterable[str], leads: Callable[[str], Iterable[str]]) -> set[str]:
    """Return the names of `start` with all that they lead to. `leads`: the names that one leads to
    by itself.
    """
    found, waiting = set[str](), list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += leads(name)
    return found
