# SPDX-License-Identifier: Apache-2.0
"""A target's table of compiler options, mappings/<target>/flags.csv: what takes the place of each
option of nvcc's, how it is written, and on which step's line it stands.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from portkit.languages.nvcc_flags import STEPS, FlagUse, nvcc_flags
from portkit.model.rows import Row
from portkit.model.words import BUILD_LIBRARY, Kind
from portkit.targets.rows import EXISTS, PAIRS, STATUSES, TableError

STEM = "flags"
COLUMNS = (
    *("flag", "value", "target", "gives", "form", "step", "repeat", "status"),
    *("exists", "pairs", "sources", "note"),
)
FORMS = frozenset({"word", "equal", "space", "joined", "comma", "words"})
_ARCH, _VALUE = "{arch}", "{value}"
_ITEM = re.compile(r"[\s,]+")


class FlagRow(msgspec.Struct, frozen=True):
    """What the target has for an option of nvcc's. `value`: a pattern of its value, "" for none.

    `target` is written with `gives` in place of the value, in the `form`: word (no value) | equal |
    space | joined | comma (`target,item,item`) | words (each item by itself). In `gives` stand
    `{value}` and `{arch}`. `step`: compile | host | link | device-link | all; `repeat`: it may
    stand on a line more than once.
    """

    flag: str
    value: str
    target: str
    gives: str
    form: str
    step: str
    repeat: bool
    row: Row

    def fits(self, use: FlagUse) -> bool:
        """Return whether the row speaks of an option as it is used."""
        if use.flag is None or use.flag.name != self.flag:
            return False
        return fnmatchcase(use.value, self.value) if self.value or use.value else True

    def written(self, use: FlagUse, arch: str) -> tuple[str, ...]:
        """Return the words that are written for a use; none for an option that is left out."""
        if not self.row.target:
            return ()
        gives = self.gives.replace(_ARCH, arch)
        if self.form in ("words", "comma"):
            items = [i for i in _ITEM.split(use.value.strip("\"'")) if i]
            if self.form == "words":
                return tuple(items)
            return (",".join([self.target, *items]),)
        value = gives.replace(_VALUE, use.value)
        match self.form:
            case "equal":
                return (f"{self.target}={value}",)
            case "space":
                return (*self.target.split(), value)
            case "joined":
                return (f"{self.target}{value}",)
        return tuple(self.target.split())


class FlagTable:
    """The rows of one target and profile, a profile's before the others."""

    def __init__(self, sources: Collection[str]) -> None:
        """`sources`: the ids that rows may name."""
        self._sources = sources
        self.rows: dict[str, list[FlagRow]] = {}
        self.problems: list[str] = []

    def read(self, path: Path) -> None:
        """Read one file; faults are collected in `problems`."""
        lines = [*csv.reader(path.read_text(encoding="utf-8").splitlines())]
        if not lines or tuple(lines[0]) != COLUMNS:
            self.problems.append(f"{path}:1: the first line must be {','.join(COLUMNS)}")
            return
        seen: set[tuple[str, str]] = set()
        fresh: dict[str, list[FlagRow]] = {}
        for number, cells in enumerate(lines[1:], 2):
            where = f"{path}:{number}"
            if len(cells) != len(COLUMNS):
                self.problems.append(f"{where}: {len(cells)} columns, not {len(COLUMNS)}")
                continue
            if faults := [*self._faults(cells)]:
                self.problems += [f"{where}: {fault}" for fault in faults]
                continue
            if (key := (cells[0], cells[1])) in seen:
                self.problems.append(f"{where}: {' '.join(key)} is listed twice")
            seen.add(key)
            fresh.setdefault(cells[0], []).append(_row(cells))
        for flag, rows in fresh.items():
            self.rows[flag] = rows + self.rows.get(flag, [])

    def find(self, use: FlagUse) -> FlagRow | None:
        """Return the first row that speaks of an option as it is used."""
        rows = self.rows.get(use.flag.name, ()) if use.flag is not None else ()
        return next((r for r in rows if r.fits(use)), None)

    def _faults(self, cells: list[str]) -> Iterator[str]:
        flag, value, target, gives, form, step, repeat, status, exists, pairs, listed, note = cells
        known = nvcc_flags().get(flag)
        if known is None or known.name != flag:
            yield f"{flag} is no long form of an option in mappings/cuda/nvcc/flags.csv"
        elif (known.value == "none") != (not value):
            yield f"{flag} {'takes no value' if value else 'takes a value: give a pattern'}"
        words: tuple[tuple[Iterable[str], str, str], ...] = (
            (FORMS, "form", form),
            (STEPS, "step", step),
            (("yes", "no"), "repeat", repeat),
            (STATUSES, "status", status),
            (EXISTS, "exists", exists),
            (PAIRS, "pairs", pairs),
        )
        for words_known, column, word in words:
            if word not in words_known:
                yield f"{column} {word!r} is none of {', '.join(sorted(words_known))}"
        said = form in ("word", "equal", "space", "joined") and status in ("mapped", "same")
        if said and (form == "word") == bool(gives):
            yield f"form {form} and gives {gives!r} do not go together"
        if status in ("mapped", "same") and not target and form != "words":
            yield f"{flag} is {status} but has no target"
        if status in ("none", "manual") and not note:
            yield f"{flag} is {status}: a note must say why"
        if not listed:
            yield f"{flag} names no source"
        yield from (f"unknown source id {s!r}" for s in listed.split() if s not in self._sources)


def _row(cells: list[str]) -> FlagRow:
    flag, value, target, gives, form, step, repeat, status, exists, pairs, listed, note = cells
    said = f"{target} {gives}".strip() if form != "words" else gives
    return FlagRow(
        flag, value, target, gives, form, step, repeat == "yes",
        Row(
            flag, said, Kind.FLAG, STATUSES[status], EXISTS[exists], PAIRS[pairs], BUILD_LIBRARY,
            tuple(listed.split()), note=note,
        ),
    )  # fmt: skip


def flag_files(folder: Path, profile: str, *, shared: bool = True) -> list[Path]:
    """Return the tables of options that a profile has, that of all profiles (`shared`) first."""
    own = folder / f"{STEM}@{profile}.csv"
    named = (folder / f"{STEM}.csv", own) if shared else (own,)
    return [path for path in named if path.is_file()]


def load_flags(
    folder: Path, profile: str, sources: Mapping[str, str], *, shared: bool = True
) -> FlagTable:
    """Return the options of a target and profile; `shared`: with those of all its profiles. Raises
    TableError for malformed tables.
    """
    table = FlagTable(sources.keys())
    for path in flag_files(folder, profile, shared=shared):
        table.read(path)
    if table.problems:
        raise TableError(table.problems)
    return table
