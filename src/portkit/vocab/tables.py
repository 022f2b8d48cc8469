# SPDX-License-Identifier: Apache-2.0
"""Read a vocabulary's CSV tables: fast, because each run does it, and strict, because all else
rests on them.

A line is kept as text and cut into cells only when its name is asked for. What is checked at once
is what would go wrong silently: the header line, the number of cells, the kind, and a name that
stands twice.
"""

from __future__ import annotations

import csv
import gc
import hashlib
from pathlib import Path
from typing import Any

from portkit.model.errors import PortkitError
from portkit.model.words import Kind

COLUMNS = (
    "name",
    "kind",
    "qualifier",
    "header",
    "since",
    "deprecated",
    "removed",
    "arity",
    "flags",
    "type",
)
HEADER = ",".join(COLUMNS)
REBUILD = "rebuild the tables with tools/build_vocabulary.py"
SHOWN_FAULTS = 20
RawRow = tuple[str, str]  # library, the line
_KINDS = frozenset(kind.value for kind in Kind) - {Kind.UNKNOWN.value}


class Rows:
    """Raw rows by name: the first of a name apart from the few others, since nearly every name has
    just one.
    """

    def __init__(self) -> None:
        self.first: dict[str, RawRow] = {}
        self.more: dict[str, list[RawRow]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.first

    def names(self) -> frozenset[str]:
        """Return every name."""
        return frozenset(self.first)

    def get(self, name: str) -> list[RawRow]:
        """Return the rows of a name; empty when there is none."""
        row = self.first.get(name)
        return [] if row is None else [row, *self.more.get(name, ())]


def read_tables(folder: Path) -> tuple[Rows, Any]:
    """Return the rows by name and a running SHA-256 of all tables.

    Raises PortkitError listing the broken lines as file:line: reason.
    """
    digest, bad = hashlib.sha256(), list[str]()
    rows = Rows()
    collecting = gc.isenabled()
    gc.disable()  # a hundred thousand tuples that all stay: collecting between them only costs time
    try:
        for path in sorted(folder.glob("*.csv")):
            data = path.read_bytes()
            digest.update(path.name.encode() + b"\0" + data)
            try:
                _read_table(path, data.decode("utf-8"), rows, bad)
            except UnicodeDecodeError as error:
                line = data.count(b"\n", 0, error.start) + 1
                bad.append(f"{path}:{line}: not UTF-8")
    finally:
        if collecting:
            gc.enable()
    if bad:
        more = f" and {len(bad) - SHOWN_FAULTS} more" if len(bad) > SHOWN_FAULTS else ""
        raise PortkitError("; ".join(bad[:SHOWN_FAULTS]) + more, hint=REBUILD)
    return rows, digest


def _read_table(path: Path, text: str, rows: Rows, bad: list[str]) -> None:
    lines = text.split("\n")
    if lines[0] != HEADER:
        bad.append(f"{path}:1: the first line must be {HEADER}")
        return
    if lines[-1] != "":
        bad.append(f"{path}:{len(lines)}: the last line does not end")
    library, kinds, previous, before, first = path.stem, _KINDS, "", "", rows.first.setdefault
    odd = '"' in text or "\r" in text
    del lines[-1], lines[0]
    for number, line in enumerate(lines, 2):
        name, _, rest = line.partition(",")
        if (
            rest.partition(",")[0] not in kinds
            or rest.count(",") != 8
            or not name
            or line <= previous
            or odd
        ):
            bad += _faults_of_line(f"{path}:{number}", line, previous)
            name = split_row(line)[0]
        row = (library, line)
        if first(name, row) is not row:
            rows.more.setdefault(name, []).append(row)
            if (
                name == before
                and line > previous
                and previous.split(",", 3)[:3] == line.split(",", 3)[:3]
                and not odd
            ):
                bad.append(f"{path}:{number}: {name} stands twice")
        previous, before = line, name


def _faults_of_line(where: str, line: str, previous: str) -> list[str]:
    """Say what is wrong with a line, if anything: quotes alone are allowed, and order is by cells,
    not by text.
    """
    cells = split_row(line)
    if len(cells) != len(COLUMNS):
        return [f"{where}: {len(cells)} cells, not {len(COLUMNS)}"]
    if "\r" in line:
        return [f"{where}: a carriage return"]
    if not cells[0]:
        return [f"{where}: no name"]
    if cells[1] not in _KINDS:
        return [f"{where}: unknown kind {cells[1]!r}"]
    before = split_row(previous) if previous else []
    if cells[:3] == before[:3]:
        return [f"{where}: {cells[0]} stands twice"]
    return [f"{where}: not in order"] if cells < before else []


def split_row(line: str) -> list[str]:
    """Cut a table's line into its cells."""
    if '"' in line:
        return next(csv.reader([line]))
    return line.split(",")
