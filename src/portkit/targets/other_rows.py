# SPDX-License-Identifier: Apache-2.0
"""Tables that speak of other languages than C++: build files, Python, frameworks. Read and checked
as all tables are.

Their rows decide nothing in C++ code. They have the columns of `rows.COLUMNS`, but kinds of their
own, and a name is what a line of such a file says: `-arch=sm_80`, `find_package(CUDAToolkit)`,
`tensor.cuda()`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

import msgspec

from portkit.targets.rows import RawTable, row_faults, split

# Kinds of each table of `parts.OTHER_LANGUAGES`.
KINDS: Mapping[str, tuple[str, ...]] = {
    "build": (
        *("buildflag", "flag", "tool", "library", "cmake", "suffix", "syntax"),
        *("lib", "make", "env", "shell", "docker", "python", "bazel", "meson", "xmake"),
    ),
    "python": (
        *("python", "namespace", "function", "library", "macro"),
        *("attribute", "call", "env", "extension", "module", "package", "string"),
        "dispatch-key",
    ),
    "frameworks": ("macro", "function", "header", "namespace", "type", "env", "torch-c++", "enum"),
}
_APART = frozenset(kind for kinds in KINDS.values() for kind in kinds)


class OtherRow(msgspec.Struct, frozen=True):
    """A row as its cells say it. `table`: build, python or frameworks."""

    table: str
    kind: str
    target: str
    status: str
    exists: str
    pairs: str
    sources: tuple[str, ...]
    note: str


class OtherTable(RawTable):
    """The rows of one target and profile in other languages. A name may have a row of each kind."""

    apart = _APART

    def named(self, name: str) -> list[OtherRow]:
        """Return the rows of a name, of whatever kind, in the order of their tables."""
        return [self._row(key) for key in self._keys.get(name, ())]

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield each name that has a row, and its file."""
        for _, file, line in self.lines.values():
            yield split(line)[0], file

    @functools.cached_property
    def _keys(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, (_, _, line) in self.lines.items():
            found.setdefault(split(line)[0], []).append(key)
        return found

    def _row(self, key: str) -> OtherRow:
        table, _, line = self.lines[key]
        _, target, kind, status, exists, pairs, sources, _, note = split(line)
        return OtherRow(table, kind, target, status, exists, pairs, tuple(sources.split()), note)

    def _faults(self, library: str, where: str, cells: list[str]) -> list[str]:
        return row_faults(where, cells, KINDS[library], _is_phrase, self.sources, self.recipes)


def _is_phrase(text: str) -> bool:
    """Return whether a cell can stand in a line of code: printable, without blanks around."""
    return text.isprintable() and text == text.strip()
