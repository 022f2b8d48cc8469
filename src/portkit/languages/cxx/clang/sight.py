# SPDX-License-Identifier: Apache-2.0
"""What includes find that are looked up in the same folders; all units that share these share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from posixpath import dirname
from typing import TYPE_CHECKING, NamedTuple

from portkit.languages.cxx.clang.reach import Ask, Found, Ground, Reach
from portkit.printable import real_name

if TYPE_CHECKING:
    from portkit.languages.cxx.letters.source import SourceFile

_KEPT = 16  # sights


class IncludeTargets(NamedTuple):
    """What the includes of one file of the project lead to.

    `asked`: their names. `opens`: the files that they find. `closed`: those that find nothing but
    what may not be opened, and why. `made`: names that macros may make an include of.
    """

    asked: frozenset[str]
    opens: tuple[Found, ...]
    closed: tuple[tuple[Ask, str], ...]
    made: tuple[str, ...]


class Sights:
    """The sights of a tree. The units of a project share a few sets of folders; the last that were
    used are kept.
    """

    def __init__(self, root: str) -> None:
        self._reach = Reach(root)
        self._kept: dict[tuple[object, ...], Sight] = {}

    def sight(self, named: Iterable[str], folders: Sequence[str]) -> Sight:
        """Return what includes find in `folders`. `named`: what flags name, outside of the tree
        too.
        """
        ground = self._reach.ground(named)
        key = (id(ground), *folders)
        sight = self._kept.pop(key, None) or Sight(self._reach, ground, folders)
        self._kept[key] = sight
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return sight


class Sight:
    """Looks includes up in the file's own folder and in `folders`, within a ground."""

    def __init__(self, reach: Reach, ground: Ground, folders: Sequence[str]) -> None:
        self.reach, self.ground, self._folders = reach, ground, folders
        self._places: dict[tuple[str, bool], list[Found]] = {}
        self._seen: dict[tuple[str, str], IncludeTargets] = {}

    def find(self, ask: Ask, path: str, free: bool = False) -> list[Found]:
        """Return what lies where an include of the file `path` is looked up, as far as Clang looks.

        `free`: the file lies where its includes may lead anywhere.
        """
        name = ask.name
        if ask.angled or name[:1] == "/":
            return self._looked_up(name, free)
        beside = self.ground.look(f"{dirname(real_name(path))}/{name}", free)
        if beside.real and not ask.every:
            return [beside]
        return [beside, *self._looked_up(name, free)]

    def of(self, source: SourceFile) -> IncludeTargets:
        """Return what the includes of a file that has been lexed lead to."""
        key = source.rel, source.path
        known = self._seen.get(key)
        if known is None:
            known = self._seen[key] = self._of(source)
        return known

    def _of(self, source: SourceFile) -> IncludeTargets:
        asks = self.reach.asks_of(source)
        opens, closed, made = dict[str, Found](), list[tuple[Ask, str]](), list[str]()
        for ask in asks:
            found = self.find(ask, source.path)
            there = [place for place in found if place.real]
            opens.update((place.name, place) for place in there)
            if not there:
                made += [ask.name] if ask.made else []
                closed += [(ask, reason)] if (reason := reason_of(found)) else []
        return IncludeTargets(
            frozenset(a.name for a in asks), (*opens.values(),), (*closed,), (*made,)
        )

    def _looked_up(self, name: str, free: bool) -> list[Found]:
        """Return what lies where every include of a name is looked up, whatever file has it."""
        known = self._places.get((name, free))
        if known is None:
            folders = [""] if name[:1] == "/" else [f"{folder}/" for folder in self._folders]
            known = [self.ground.look(f"{folder}{name}", free) for folder in folders]
            self._places[name, free] = known
        return known


def reason_of(found: Sequence[Found]) -> str:
    """Return why the first place is refused that is; "" when nothing lies at any."""
    return next((place.reason for place in found if place.reason), "")
