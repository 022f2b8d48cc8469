# SPDX-License-Identifier: Apache-2.0
"""Find the project's header that an include directive means, from file names alone."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterable, Mapping

# folders that programs around them share
_FOR_HEADERS = frozenset(
    {"common", "include", "includes", "inc", "headers", "shared", "util", "utils"}
)
_BUILD_FILES = (
    *("CMakeLists.txt", "Makefile", "makefile", "GNUmakefile", "meson.build"),
    *("BUILD", "BUILD.bazel", "build.ninja"),
)


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

        A quoted include is first looked up beside the including file. Else files whose path ends in
        the spelling are told apart by where they lie, as include paths would: around or below the
        including file; in a folder for headers of a folder around it; anywhere else; in the folder
        of another program. Then the one that shares most folders with the including file wins, then
        the one that lies least deep, then the first by name. A file never includes itself (a
        wrapper goes on to the header it wraps).
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
        here = _parts(folder)
        found = [
            name
            for name in self._by_last.get(parts[-1], ())
            if (name == tail or name.endswith("/" + tail)) and self._real(name) != from_rel
        ]
        if len(found) < 2:  # as it is nearly always
            return self._real(found[0]) if found else None

        def rank(name: str) -> tuple[int, int, bool, int, str]:
            others, base = name.split("/")[:-1], _parts(name[: -len(tail)].rstrip("/"))
            shared, common = _shared(here, others), _shared(here, base)
            apart = not _holds_headers(base[common : common + 1])
            return self._standing(here, base), -shared, apart, len(others), name

        return self._real(min(found, key=rank))

    def _standing(self, here: list[str], base: list[str]) -> int:
        """Return how likely it is that a compiler looks in the folder `base` for the headers of a
        file in the folder `here`; 0 is most likely.
        """
        shared = _shared(here, base)
        if shared in (len(here), len(base)):
            return 0
        if _holds_headers(base[shared : shared + 1]):
            return 1
        siblings = ("/".join(path[: shared + 1]) for path in (here, base))
        return 3 if self._programs.issuperset(siblings) else 2

    @functools.cached_property
    def _programs(self) -> frozenset[str]:
        """The folders with build files of their own."""
        return frozenset(
            posixpath.dirname(name) for last in _BUILD_FILES for name in self._by_last.get(last, ())
        )

    def _real(self, name: str) -> str:
        return self._links.get(name, name)


def _parts(folder: str) -> list[str]:
    return folder.split("/") if folder else []


def _holds_headers(folder: list[str]) -> bool:
    return bool(folder) and folder[0].lower() in _FOR_HEADERS


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many leading folders two paths have in common."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
