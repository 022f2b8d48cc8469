# SPDX-License-Identifier: Apache-2.0
"""How many arguments the functions of a target take, where a source says so: arity.tsv in its
folder, or the headers of an SDK on this machine.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Any

import msgspec

STEM, SUFFIX = "arity", ".tsv"
_HEADING = "name\tleast\tmost\tsources"
_MANY = -1


class Arity(msgspec.Struct, frozen=True, array_like=True):
    """The numbers of arguments that a function can be called with; `most` is -1 where there is no
    highest one.
    """

    least: int
    most: int

    def takes(self, count: int) -> bool:
        """Return whether the function can be called with so many arguments."""
        return self.least <= count and (self.most == _MANY or count <= self.most)

    def covers(self, other: Arity) -> bool:
        """Return whether every call that fits `other` fits this one."""
        if other.most == _MANY:
            return self.most == _MANY and self.least <= other.least
        return self.takes(other.least) and self.takes(other.most)

    def joined(self, other: Arity) -> Arity:
        """Return what two overloads take between them."""
        open_ended = _MANY in (self.most, other.most)
        most = _MANY if open_ended else max(self.most, other.most)
        return Arity(min(self.least, other.least), most)

    def __str__(self) -> str:
        if self.most == _MANY:
            return f"{self.least}+"
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"


def arity_of(text: str) -> Arity | None:
    """Return the arity that the vocabulary writes as `2`, `1-3` or `2+`; None for an empty text."""
    if not text:
        return None
    if text.endswith("+"):
        return Arity(int(text[:-1]), _MANY)
    low, _, high = text.partition("-")
    return Arity(int(low), int(high or low))


class ArityTable:
    """What the files say, later ones over earlier ones. `problems` lists every fault, as file:line:
    reason.
    """

    def __init__(self, sources: Container[str]) -> None:
        """`sources`: the ids that lines may name."""
        self.found: dict[str, Arity] = {}
        self.problems: list[str] = []
        self._sources = sources

    def read_all(self, folder: Path, profile: str, digest: Any) -> None:
        """Read the files that a profile has, that of all profiles first, and add them to `digest`."""
        for name in (f"{STEM}{SUFFIX}", f"{STEM}@{profile}{SUFFIX}"):
            path = folder / name
            if path.is_file():
                data = path.read_bytes()
                digest.update(name.encode() + data)
                self.read(path, data.decode("utf-8"))

    def read(self, path: Path, text: str) -> None:
        """Add the lines of a file."""
        lines = text.splitlines()
        if not lines or lines[0] != _HEADING:
            self.problems.append(f"{path}:1: the heading is not {_HEADING.replace(chr(9), ', ')}")
            return
        listed: set[str] = set()
        for number, line in enumerate(lines[1:], 2):
            fault = self._add(line.split("\t"), listed)
            if fault:
                self.problems.append(f"{path}:{number}: {fault}")

    def _add(self, cells: list[str], listed: set[str]) -> str:
        """Take in one line; return what is wrong with it."""
        if len(cells) != 4:
            return f"has {len(cells)} cells, not 4"
        name, least, most, sources = cells
        if not (name.replace("::", "_").isidentifier() and name.isascii()):
            return f"{name!r} is no name"
        if name in listed:
            return f"{name} is listed twice"
        if not least.isdecimal() or not (most.isdecimal() or not most):
            return f"{name}: want numbers, `most` may be empty for any"
        if most and int(most) < int(least):
            return f"{name}: takes at most {most} and at least {least}"
        if not sources:
            return f"{name}: names no source"
        if unknown := [s for s in sources.split() if s not in self._sources]:
            return f"{name}: unknown source id {unknown[0]!r}"
        listed.add(name)
        self.found[name] = Arity(int(least), int(most) if most else _MANY)
        return ""
