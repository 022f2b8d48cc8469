# SPDX-License-Identifier: Apache-2.0
"""The strict loader of mapping tables: every bad line is reported at once, as file:line: reason."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from portkit.model import Exists, Kind, Pairs, PortkitError, Row, Status

COLUMNS = ("name", "target", "kind", "status", "exists", "pairs", "sources", "recipe", "note")
_KINDS = {k.value: k for k in Kind}
_STATUSES = {s.value: s for s in Status}
_EXISTS = {e.name.lower(): e for e in Exists}
_PAIRS = {p.name.lower(): p for p in Pairs}


class TableError(PortkitError):
    """A broken table. `problems` lists every bad line."""

    def __init__(self, problems: list[str]) -> None:
        shown = "\n".join(problems[:50])
        super().__init__(f"{len(problems)} fault(s) in the mapping tables\n{shown}")
        self.problems = problems


class RawTable:
    """Rows by name, kept raw until they are asked for. Each value is (library, where, cells)."""

    def __init__(self, sources: frozenset[str]) -> None:
        self.sources = sources
        self.cells: dict[str, tuple[str, str, list[str]]] = {}
        self.problems: list[str] = []

    def read(self, path: Path, overlay: bool = False) -> None:
        """Read one file; shape errors and duplicates are collected in `problems`."""
        library = path.stem.split("@")[0]
        rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        if tuple(next(rows, ())) != COLUMNS:
            self.problems.append(f"{path}:1: the first line must be {','.join(COLUMNS)}")
            return
        cells, width = self.cells, len(COLUMNS)
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if len(row) != width:
                self.problems.append(f"{where}: {len(row)} columns, not {width}")
            elif row[0] in cells and not overlay:
                self.problems.append(f"{where}: {row[0]} is listed twice, first at {cells[row[0]][1]}")
            else:
                cells[row[0]] = (library, where, row)

    def row(self, name: str) -> Row | None:
        """Return the row of `name`; raises TableError when it is bad."""
        found = self.cells.get(name)
        if found is None:
            return None
        problems: list[str] = []
        row = parse_row(*found, self.sources, problems)
        if row is None:
            raise TableError(problems)
        return row

    def check(self) -> list[str]:
        """Return every fault of every row."""
        problems = list(self.problems)
        for found in self.cells.values():
            parse_row(*found, self.sources, problems)
        return problems


def parse_row(library: str, where: str, cells: list[str], sources: Iterable[str], problems: list[str]) -> Row | None:
    """Return the row that `cells` spell, or None after adding the faults to `problems`."""
    name, target, kind, status, exists, pairs, listed, recipe, note = cells
    faults = []
    for value, known, column in ((kind, _KINDS, "kind"), (status, _STATUSES, "status"), (exists, _EXISTS, "exists"), (pairs, _PAIRS, "pairs")):
        if value not in known:
            faults.append(f"{where}: {column} {value!r} is none of {', '.join(known)}")
    if not name:
        faults.append(f"{where}: the name is empty")
    if status in ("mapped", "same") and not target:
        faults.append(f"{where}: {name} is {status} but has no target name")
    if status == "same" and target != name:
        faults.append(f"{where}: {name} is `same` but its target is {target}")
    if not listed:
        faults.append(f"{where}: {name} names no source")
    faults += [f"{where}: unknown source id {s!r}" for s in listed.split() if s not in sources]
    if faults:
        problems += faults
        return None
    return Row(
        name, target, _KINDS[kind], _STATUSES[status], _EXISTS[exists], _PAIRS[pairs], library, tuple(listed.split()), recipe, note
    )
