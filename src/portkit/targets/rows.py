# SPDX-License-Identifier: Apache-2.0
"""Mapping tables. Lines stay raw until a name is asked for; malformed ones are reported at once, as
file:line: reason.

A table is a CSV file with the columns below, one row a line. A `.names` file beside it lists names
that share one evidence and whose target name is what the naming rule says: its first line is
`#exists=table pairs=table sources=id`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status

COLUMNS = ("name", "target", "kind", "status", "exists", "pairs", "sources", "recipe", "note")
REMOVED = "removed"  # status of an overlay's row that takes the base's row away
# may share a spelling
APART = frozenset({Kind.NAMESPACE, Kind.HEADER, Kind.LINK_LIBRARY, Kind.ENVIRONMENT})
_KINDS = {k.value: k for k in Kind}
STATUSES = {s.value: s for s in Status}
EXISTS = {e.name.lower(): e for e in Exists}
PAIRS = {p.name.lower(): p for p in Pairs}
_APART_WORDS = frozenset(k.value for k in APART)
_SPELLING = re.compile(r"[A-Za-z_.][\w.:/\-+]*", re.A)
_GROUP = re.compile(r"#exists=(\w+) pairs=(\w+) sources=(\S+)")


class TableError(PortkitError):
    """A broken table. `problems` lists every bad line."""

    def __init__(self, problems: list[str]) -> None:
        shown = "\n".join(problems[:50])
        super().__init__(f"{len(problems)} fault(s) in the mapping tables\n{shown}")
        self.problems = problems


class Group(msgspec.Struct, frozen=True):
    """The evidence that all names of one `.names` file share."""

    library: str
    exists: Exists
    pairs: Pairs
    sources: tuple[str, ...]
    path: str


class PackedTable(msgspec.Struct, frozen=True):
    """The rows of a `RawTable` without its folder: (library, index of the file, line) by key, and
    names by group.
    """

    files: tuple[str, ...]
    lines: dict[str, tuple[str, int, str]]
    groups: list[tuple[Group, list[str]]]
    removed: list[str]


def key_of(name: str, kind: str) -> str:
    """Return the key of a row: kinds that may share a spelling with other names (`APART`) are kept
    apart.
    """
    return f"{kind}:{name}" if kind in _APART_WORDS else name


class RawTable:
    """The rows of one target and profile, kept as lines until they are asked for."""

    apart: Collection[str] = _APART_WORDS  # the words of kinds that may share a spelling

    def __init__(self, sources: Collection[str], recipes: Collection[str] = ()) -> None:
        self.sources, self.recipes = sources, recipes
        self.lines: dict[str, tuple[str, str, str]] = {}  # key -> (library, file, line)
        self.bulk: dict[str, Group] = {}
        self.removed: set[str] = set()
        self.problems: list[str] = []

    def pack(self) -> PackedTable:
        """Return the rows as plain values; there must be no problems."""
        files = {
            file: number
            for number, file in enumerate(dict.fromkeys(file for _, file, _ in self.lines.values()))
        }
        lines = {
            key: (library, files[file], line) for key, (library, file, line) in self.lines.items()
        }
        groups: dict[str, tuple[Group, list[str]]] = {}
        for name, group in self.bulk.items():
            groups.setdefault(group.path, (group, []))[1].append(name)
        return PackedTable(
            tuple(Path(file).name for file in files),
            lines,
            list(groups.values()),
            sorted(self.removed),
        )

    def unpack(self, packed: PackedTable, folder: Path) -> None:
        """Take the rows of a table of `folder`. Raises ValueError when its parts do not fit
        together.
        """
        files = [str(folder / name) for name in packed.files]
        if any(not 0 <= number < len(files) for _, number, _ in packed.lines.values()):
            raise ValueError("a file is missing")
        self.lines = {
            key: (library, files[number], line)
            for key, (library, number, line) in packed.lines.items()
        }
        for group, names in packed.groups:
            self.bulk.update(dict.fromkeys(names, group))
        self.removed = set(packed.removed)

    @property
    def cells(self) -> dict[str, object]:
        """Every listed name by its key, those of the compact tables included."""
        return {**self.lines, **self.bulk}

    def read(self, path: Path, text: str | None = None, overlay: bool = False) -> None:
        """Read one CSV file (`text`: its content). Malformed rows and duplicates are collected in
        `problems`.
        """
        library, file = path.stem.split("@")[0], str(path)
        lines = (path.read_text(encoding="utf-8") if text is None else text).split("\n")
        if lines[0] != ",".join(COLUMNS):
            self.problems.append(f"{path}:1: the first line must be {','.join(COLUMNS)}")
            return
        if not lines[-1]:
            lines.pop()  # what follows the last line's end
        table, last, own, apart = self.lines, len(COLUMNS) - 1, set[str](), self.apart
        for number, line in enumerate(lines[1:], 2):
            if line.count(",") == last:
                name, _, kind, status, _ = line.split(",", 4)
            elif len(cells := split(line)) == last + 1:  # a cell with a comma of its own
                name, _, kind, status, *_ = cells
            else:
                self.problems.append(f"{file}:{number}: {_columns(line)} columns, not {last + 1}")
                continue
            key = f"{kind}:{name}" if kind in apart else name
            if key in own or (key in table and not overlay):
                first = table[key][1] if key in table else file
                self.problems.append(f"{file}:{number}: {name} is listed twice, first in {first}")
            own.add(key)
            if overlay and status == REMOVED:
                table.pop(key, None)
                self.removed.add(key)
            else:
                table[key] = (library, file, line)

    def read_names(self, path: Path, text: str | None = None) -> None:
        """Read one `.names` file. A bad first line or a name listed twice is collected in
        `problems`.
        """
        first, *names = (
            (path.read_text(encoding="utf-8") if text is None else text).rstrip("\n").split("\n")
        )
        match = _GROUP.fullmatch(first)
        if match is None or match[1] not in EXISTS or match[2] not in PAIRS:
            self.problems.append(
                f"{path}:1: want `#exists=WORD pairs=WORD sources=ID`, not {first!r}"
            )
            return
        group = Group(
            path.stem, EXISTS[match[1]], PAIRS[match[2]], tuple(match[3].split(",")), str(path)
        )
        before = len(self.bulk)
        self.bulk.update(dict.fromkeys(names, group))
        if len(self.bulk) != before + len(names):
            seen: set[str] = set()
            for number, name in enumerate(names, 2):
                if name in seen or self.bulk[name] is not group:
                    self.problems.append(f"{path}:{number}: {name} is listed twice")
                seen.add(name)

    def row(self, key: str) -> Row | None:
        """Return the CSV row of a key (see `key_of`); raises TableError when it is bad."""
        found = self.lines.get(key)
        if found is None:
            return None
        library, file, line = found
        cells = split(line)
        if problems := self._faults(library, file, cells):
            raise TableError(
                [f"{p.replace(file, f'{file}:{_number(file, line)}', 1)}" for p in problems]
            )
        name, target, kind, status, exists, pairs, listed, recipe, note = cells
        words = _KINDS[kind], STATUSES[status], EXISTS[exists], PAIRS[pairs]
        return Row(name, target, *words, library, tuple(listed.split()), recipe, note)

    def _faults(self, library: str, where: str, cells: list[str]) -> list[str]:
        return row_faults(where, cells, _KINDS, _is_name, self.sources, self.recipes)

    def check(self) -> list[str]:
        """Return every fault of every row, as file:line: reason."""
        problems = list(self.problems)
        numbers: dict[str, dict[str, int]] = {}
        for library, file, line in self.lines.values():
            if file not in numbers:
                texts = Path(file).read_text(encoding="utf-8").split("\n")
                numbers[file] = {text: i for i, text in enumerate(texts, 1)}
            where = f"{file}:{numbers[file].get(line, 0)}"
            problems += self._faults(library, where, split(line))
        for name, group in self.bulk.items():
            if not _SPELLING.fullmatch(name):
                problems.append(f"{group.path}: {name!r} is no name")
        for group in {g.path: g for g in self.bulk.values()}.values():
            problems += [
                f"{group.path}:1: unknown source id {s!r}"
                for s in group.sources
                if s not in self.sources
            ]
        return problems


def split(line: str) -> list[str]:
    """Return the cells of one line."""
    return next(csv.reader([line])) if '"' in line else line.split(",")


def _columns(line: str) -> int:
    return len(split(line)) if line else 0


def _number(file: str, line: str) -> int:
    try:
        return Path(file).read_text(encoding="utf-8").split("\n").index(line) + 1
    except (OSError, ValueError):
        return 0


def _is_name(text: str) -> bool:
    return _SPELLING.fullmatch(text) is not None


def row_faults(
    where: str,
    cells: list[str],
    kinds: Collection[str],
    spells: Callable[[str], bool],
    sources: Collection[str],
    recipes: Collection[str],
) -> list[str]:
    """Return the faults of a row; `where` starts each of them, `spells` says what can be a name."""
    name, target, kind, status, exists, pairs, listed, recipe, note = cells
    faults = []
    words = (
        (kinds, "kind", kind),
        (STATUSES, "status", status),
        (EXISTS, "exists", exists),
        (PAIRS, "pairs", pairs),
    )
    for known, column, value in words:
        if value not in known:
            faults.append(f"{where}: {column} {value!r} is none of {', '.join(known)}")
    faults += [f"{where}: {s!r} is no name" for s in (name, target) if s and not spells(s)]
    if not name:
        faults.append(f"{where}: the name is empty")
    if status in ("mapped", "same") and not target:
        faults.append(f"{where}: {name} is {status} but has no target name")
    if status == "same" and target != name:
        faults.append(f"{where}: {name} is `same` but its target is {target}")
    if status in ("none", "manual") and not note:
        faults.append(f"{where}: {name} is {status}: a note must say why")
    if not listed:
        faults.append(f"{where}: {name} names no source")
    faults += [f"{where}: unknown source id {s!r}" for s in listed.split() if s not in sources]
    if recipe and recipe not in recipes:
        faults.append(f"{where}: unknown recipe {recipe!r}")
    return faults
