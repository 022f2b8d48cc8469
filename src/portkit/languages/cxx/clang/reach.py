# SPDX-License-Identifier: Apache-2.0
"""What lies within reach of a tree's includes: regular files of the tree, and of folders outside of
it that flags name.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from posixpath import basename, dirname, normpath
from typing import TYPE_CHECKING, NamedTuple

from portkit.files.links import stays
from portkit.languages.cxx.clang.disk import Lies, contents, lies
from portkit.printable import printable_name

if TYPE_CHECKING:
    from portkit.languages.cxx.letters.source import SourceFile

# cases of PK906's message
OUTSIDE, SPECIAL, LARGE = "include-outside", "include-special", "include-large"
_REASONS = {Lies.SPECIAL: SPECIAL, Lies.LARGE: LARGE}
_NAMED = rb'(?:<([^>\n]{1,4096})>|"([^"\n]{1,4096})")'
_INCLUDE = re.compile(rb"include(_next)?[ \t(]*" + _NAMED)  # of #include and __has_include alike
_OTHER = re.compile(rb"(?:import|define[ \t]+\w{1,200})[ \t]*" + _NAMED)  # #define NAME <header>
_DEFINE = re.compile(rb"define[ \t]+([A-Za-z_]\w{0,200})[ \t]+([^\n]{1,1000})")
_EMBED = re.compile(rb"embed[ \t(]*" + _NAMED)


class Ask(NamedTuple):
    """An include as written: `name` as the system's functions take it; bytes [start, end) of its
    file, whose line starts at `line`.

    `every`: also what lies behind the first that fits (#include_next); `made`: a macro's body, for
    which others may stand.
    """

    name: str
    angled: bool
    start: int
    end: int
    line: int
    every: bool = False
    made: bool = False


class Found(NamedTuple):
    """What lies at a path. `name`: what Clang knows it by, the printable form of the path.

    `real`: the file with all links followed, or "" and why it is refused. `plain`: the
    two do not differ, so that Clang can be told where it lies.
    """

    name: str
    real: str = ""
    reason: str = ""
    plain: bool = True


class Reach:
    """Knows what lies within reach in a tree. What it has seen of the file system it takes to stay
    as it is.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._grounds: dict[tuple[str, ...], Ground] = {}
        self._sources: dict[tuple[str, str], tuple[Ask, ...]] = {}
        self._asks: dict[str, tuple[Ask, ...]] = {}
        self._bodies: dict[str, dict[str, list[str]]] = {}

    def ground(self, named: Iterable[str]) -> Ground:
        """Return what units may open whose flags name these folders and files: those outside of the
        tree are allowed.
        """
        key = tuple(named)
        if key not in self._grounds:
            self._grounds[key] = Ground(self._root, key)
        return self._grounds[key]

    def asks_of(self, source: SourceFile) -> tuple[Ask, ...]:
        """Return the includes of a file that has been lexed."""
        key = source.rel, source.path
        known = self._sources.get(key)
        if known is None:
            text, every = source.lexed.text, "include_next" in source.lexed.text
            found = []
            for include in source.directives.includes:
                name, line = (
                    os.fsdecode(include.spelling.encode("latin-1")),
                    source.directives.at(include.span.start),
                )
                start, made = (
                    (line.start, line.keyword == "define")
                    if line is not None
                    else (include.span.start, False)
                )
                found.append(
                    Ask(
                        name,
                        include.angled,
                        include.span.start,
                        include.span.end,
                        start,
                        every,
                        made,
                    )
                )
            if "embed" in text:
                found += _matches(_EMBED, source.masked)
            known = self._sources[key] = tuple(found)
        return known

    def asks_at(self, real: str) -> tuple[Ask, ...]:
        """Return the includes of a file of which no more is known than where it lies."""
        known = self._asks.get(real)
        if known is None:
            data = contents(real)
            known = self._asks[real] = tuple(
                a for p in (_INCLUDE, _OTHER, _EMBED) for a in _matches(p, data)
            )
        return known

    def bodies_at(self, real: str) -> dict[str, list[str]]:
        """Return the bodies of the macros without parameters that such a file defines, by name."""
        known = self._bodies.get(real)
        if known is None:
            known = self._bodies[real] = {}
            for match in _DEFINE.finditer(contents(real)):
                known.setdefault(match.group(1).decode(), []).append(os.fsdecode(match.group(2)))
        return known


class Ground:
    """The files that some units may open: those of the tree, and what lies at or below `named`,
    wherever that is.
    """

    def __init__(self, root: str, named: Iterable[str]) -> None:
        self._tops = tuple(dict.fromkeys([root, os.path.realpath(root), printable_name(root)]))
        places = [
            place for path in map(normpath, named) for place in (path, os.path.realpath(path))
        ]
        self._named = tuple(p for p in dict.fromkeys(places) if not _within(p, self._tops))
        self._known: dict[str, Found] = {}
        self._folders: dict[str, str] = {}

    def is_named(self, path: str) -> bool:
        """Return whether a path lies outside of the tree, where the flags' word lets Clang in."""
        return bool(self._named) and _within(path, self._named) and not _within(path, self._tops)

    def look(self, path: str, free: bool = False) -> Found:
        """Return what lies at an absolute path. `free`: for a file that `is_named`, which may
        include what it wants.
        """
        key = f"\0{path}" if free else path
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._look(normpath(path), free)
        return known

    def _look(self, path: str, free: bool) -> Found:
        name, folder = printable_name(path), self._folder(dirname(path))
        real = f"{folder.rstrip('/')}/{basename(path)}"
        if not free and real != path and not stays(path, (*self._tops, *self._named)):
            return Found(name, reason=OUTSIDE)  # the way leads out, though perhaps in again
        if not free and not (self._allows(path) and self._allows(real)):
            # whether such a file exists is nothing that a report may depend on
            return Found(name, reason=OUTSIDE)
        try:
            state = os.lstat(real)
            if stat.S_ISLNK(state.st_mode):
                inside = free or stays(real, (*self._tops, *self._named))
                real = os.path.realpath(real)
                if not inside or not (free or self._allows(real)):
                    return Found(name, reason=OUTSIDE)
                state = os.lstat(real)
        except (OSError, ValueError):
            return Found(name)
        found = lies(state)
        if found is Lies.FILE:
            return Found(name, real, "", name == path and printable_name(real) == real)
        return Found(name, reason=_REASONS.get(found, ""))

    def _allows(self, path: str) -> bool:
        return _within(path, self._tops) or _within(path, self._named)

    def _folder(self, path: str) -> str:
        """Return a folder with all links followed, whether it is there or not."""
        known = self._folders.get(path)
        if known is None:
            try:
                known = os.path.realpath(path)
            except (OSError, ValueError):  # a null byte
                known = path
            self._folders[path] = known
        return known


def _matches(pattern: re.Pattern[bytes], data: bytes) -> list[Ask]:
    found = []
    for match in pattern.finditer(data):
        group = match.lastindex or 0
        angled, every = (
            group == pattern.groups - 1,
            pattern is _INCLUDE and match.group(1) is not None,
        )
        line = data.rfind(b"\n", 0, match.start()) + 1
        found.append(
            Ask(
                os.fsdecode(match.group(group)),
                angled,
                *match.span(group),
                line,
                every,
                pattern is _OTHER,
            )
        )
    return found


def _within(path: str, tops: Iterable[str]) -> bool:
    return any(
        path == top or path.startswith(top if top.endswith("/") else f"{top}/") for top in tops
    )
