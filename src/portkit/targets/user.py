# SPDX-License-Identifier: Apache-2.0
"""The user's own rows (`--map FILE`): our CSV, or a flat JSON object {CUDA name: target name}.
Grade `user`.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portkit.files.regular import MAP_BYTES, read_regular
from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.rows import COLUMNS, TableError

if TYPE_CHECKING:
    from portkit.vocab.vocabulary import Vocabulary

_KINDS = {k.value: k for k in Kind}
_STATUSES = {s.value: s for s in Status}
# A row that says nothing yet: `targets --sdk --export` writes such rows, with a target to fill in.
OPEN = "unknown"
_SHOWN = 60  # characters of a cell in a message
_HINT = "give a UTF-8 CSV or JSON file"
_NAME = re.compile(r"[A-Za-z_][\w.:/\-+]*", re.A)


class MapError(TableError):
    """Bad entries of a user's file. The message is the first of `problems`, on one line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        self.message = f"{problems[0]}{more}"


def load_user_rows(path: Path) -> dict[str, Row]:
    """Return the rows of a user's file by name.

    A CSV needs the columns name and target; of ours, kind, status and note are read too. An empty
    target is a name that a person must port, unless the status is `unknown`: that says nothing yet,
    and the row counts once it has a target. Raises PortkitError for a file of neither form,
    MapError for bad entries.
    """
    try:
        data = read_regular(path, MAP_BYTES).removeprefix(codecs.BOM_UTF8)
        text = data.decode("utf-8")
    except OSError as error:
        raise PortkitError(f"cannot read the map: {error.strerror}", str(path), _HINT) from error
    except UnicodeDecodeError as error:
        place = f"{path}:{data.count(10, 0, error.start) + 1}"
        raise PortkitError("cannot read the map: not UTF-8", place, _HINT) from error
    problems: list[str] = []
    rows = (
        _from_json(text, path, problems)
        if text.lstrip().startswith(("{", "["))
        else _from_csv(text, path, problems)
    )
    if problems:
        raise MapError(problems)
    return rows


def _from_csv(text: str, path: Path, problems: list[str]) -> dict[str, Row]:
    try:
        return _from_lines(csv.reader(text.splitlines()), path, problems)
    except csv.Error as error:
        raise PortkitError(f"not CSV: {error}", str(path)) from error


def _from_lines(reader: Any, path: Path, problems: list[str]) -> dict[str, Row]:
    columns: list[str] = next(reader, [])
    if not {"name", "target"} <= set(columns):
        raise PortkitError(
            "neither a JSON object nor a CSV with the columns name,target", str(path)
        )
    problems += [f"{path}:1: unknown column {_short(c)}" for c in columns if c not in COLUMNS]
    rows: dict[str, Row] = {}
    for cells in reader:
        where = f"{path}:{reader.line_num}"
        if not cells:
            continue
        if len(cells) != len(columns):
            problems.append(f"{where}: {len(cells)} columns, not {len(columns)}")
            continue
        line = dict(zip(columns, cells, strict=True))
        for column, known in (("kind", _KINDS), ("status", {**_STATUSES, OPEN: None})):
            if line.get(column, "") not in known and line.get(column, ""):
                said = f"{column} {_short(line[column])} is none of {', '.join(known)}"
                problems.append(f"{where}: {said}")
        if line["name"] in rows:
            problems.append(f"{where}: {line['name']} is listed twice")
        _add(rows, line, path, where, problems)
    return rows


def _from_json(text: str, path: Path, problems: list[str]) -> dict[str, Row]:
    pairs: list[tuple[str, object]] = []

    def keep(items: list[tuple[str, object]]) -> dict[str, object]:
        pairs.extend(items)
        return dict(items)

    try:
        data = json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError) as error:  # the former for huge numbers too
        raise PortkitError(f"not JSON: {error}", str(path)) from error
    if not isinstance(data, dict) or not all(isinstance(v, str) for v in data.values()):
        raise PortkitError('want a flat object of strings: {"CUDA name": "target name"}', str(path))
    rows: dict[str, Row] = {}
    for name, target in pairs:
        if name in rows:
            problems.append(f"{path}: {name} is listed twice")
        _add(rows, {"name": name, "target": str(target)}, path, str(path), problems)
    return rows


def _add(
    rows: dict[str, Row], line: dict[str, str], path: Path, where: str, problems: list[str]
) -> None:
    name, target = line["name"], line["target"]
    spelled = [s for s in (name, target) if s and not _NAME.fullmatch(s)]
    faults = [f"{where}: {_short(s)} is no name" for s in spelled]
    if not name:
        faults.append(f"{where}: the name is empty")
    given = _STATUSES.get(line.get("status", ""))
    status = given or (
        Status.SAME if name == target else Status.MAPPED if target else Status.MANUAL
    )
    if status in (Status.MAPPED, Status.SAME) and not target:
        faults.append(f"{where}: {_short(name)} is {status} but has no target name")
    if status is Status.SAME and target != name:
        faults.append(f"{where}: {_short(name)} is `same` but its target is {_short(target)}")
    problems += faults
    unanswered = line.get("status", "") == OPEN and not target
    if not faults and not unanswered:
        kind = _KINDS.get(line.get("kind", ""), Kind.UNKNOWN)
        rows[name] = Row(
            name,
            target,
            kind,
            status,
            Exists.USER,
            Pairs.USER,
            "user",
            (path.name,),
            note=line.get("note", ""),
        )


def strange_names(rows: Iterable[str], vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Return the names of a user's rows that the vocabulary lacks, each with the nearest one that
    it has, or "".
    """
    found = []
    for full in rows:
        qualifier, _, name = full.rpartition("::")
        entities = vocabulary.get(name)
        if not any(not qualifier or e.qualifier == qualifier for e in entities):
            found.append((full, nearest(full, name, vocabulary)))
    return found


def nearest(full: str, name: str, vocabulary: Vocabulary) -> str:
    """Return the spelling of the vocabulary that is nearest to a name, or ""."""
    if vocabulary.get(name):
        entity = vocabulary.get(name)[0]  # in another namespace, or in none
        return f"{entity.qualifier}::{name}" if entity.qualifier else name
    low = name.lower()[:2]
    near = (n for n in sorted(vocabulary.names) if n[:2].lower() == low)
    best = difflib.get_close_matches(name, [n for n in near if abs(len(n) - len(name)) < 4], 1, 0.8)
    return best[0] if best and full != best[0] else ""


def _short(text: str) -> str:
    """Return a cell for a message: quoted, on one line, of a length that can be read."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
