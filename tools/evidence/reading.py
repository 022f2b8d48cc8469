# SPDX-License-Identifier: Apache-2.0
"""The lines of collected evidence, of every round: `mapping.tsv`, `mapping-2.tsv` and so on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

NUMBERED = re.compile(r"-(\d+)$", re.A)
NAMES = re.compile(r"[A-Za-z_][\w:./]*", re.A)


def rounds(folder: Path, stem: str) -> list[Path]:
    """Return the files of one kind in the order in which they were collected."""
    found = [p for p in folder.glob(f"{stem}*.tsv") if NUMBERED.sub("", p.stem) == stem]
    return sorted(found, key=lambda p: int((NUMBERED.search(p.stem) or [0, 0])[1]))


def cells_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the lines of a tab separated file without quoting, cells stripped."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = [
            [c.strip() for c in cells]
            for cells in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
    return (lines[0], lines[1:]) if lines else ([], [])


def mapping_lines(folder: Path) -> list[list[str]]:
    """Return (name, target, kind, source, word, note) of every round, the first one first."""
    return [
        [*cells, "", "", "", "", "", ""][:6]
        for path in rounds(folder, "mapping")
        for cells in cells_of(path)[1]
    ]


def inferred_lines(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (profile, name, why) of `inferred-<profile>.tsv`: names that were not seen, whose work
    was.
    """
    for path in sorted(folder.glob("inferred-*.tsv")):
        for name, why, *_ in cells_of(path)[1]:
            yield path.stem.partition("-")[2], name, why


def seen_lines(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (profile, name, where) of `<profile>-seen.tsv`: names that a vendor's code uses as CUDA
    spells them. A line may hold several.
    """
    for path in sorted(folder.glob("*-seen.tsv")):
        for names, where, *_ in cells_of(path)[1]:
            for name in [names] if "(" in names else names.split():  # a piece of code is one thing
                yield path.stem.partition("-")[0], name, where
