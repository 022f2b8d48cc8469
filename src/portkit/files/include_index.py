# SPDX-License-Identifier: Apache-2.0
"""Find the project's header that an include directive means, from file names alone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping


class IncludeIndex:
    """All file names of a tree, looked up by the end of their paths.

    `names` are POSIX paths relative to the root. `links` maps a symbolic link's name to the file it
    stands for: answers are always real files.
    """

    def __init__(self, names: Iterable[str], links: Mapping[str, str] | None = None) -> None:
        self._links = dict(links or {})
        self._names = frozenset(names) | self._links.keys()
        self._by_last: dict[str, list[str]] = {}
        for name in sorted(self._names):
            self._by_last.setdefault(posixpath.basename(name), []).append(name)

    def resolve(self, spelling: str, from_rel: str, *, angled: bool = False) -> str | None:
        """Return the file of the tree that `spelling`, included by `from_rel`, means; None when
        there is none.

        A quoted include is first looked up beside the including file. Else the file whose path ends
        in the spelling and that shares most folders with the including file wins; then the one that
        lies least deep; then the first by name. A file never includes itself (a wrapper goes on to
        the header it wraps).
        """
        wanted = spelling.replace("\\", "/")
        if not wanted or wanted.startswith("/") or wanted.endswith("/"):
            return None
        folder = posixpath.dirname(from_rel)
        beside = posixpath.normpath(posixpath.join(folder, wanted))
        if not angled and beside in self._names and self._real(beside) != from_rel:
            return self._real(beside)
        parts = [part for part in posixpath.normpath(wanted).split("/") if part != ".."]
        if not parts or parts == ["."]:
            return None
        tail = "/".join(parts)
        here = folder.split("/") if folder else []
        best: tuple[int, int, str] | None = None
        for name in self._by_last.get(parts[-1], ()):
            if (name == tail or name.endswith("/" + tail)) and self._real(name) != from_rel:
                others = name.split("/")[:-1]
                rank = (-_shared(here, others), len(others), name)
                best = rank if best is None else min(best, rank)
        return None if best is None else self._real(best[2])

    def _real(self, name: str) -> str:
        return self._links.get(name, name)


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many leading folders two paths have in common."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
