# SPDX-License-Identifier: Apache-2.0
"""Versions by presence, flags, hand-kept rows, and the canonical writer."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from vocabulary.names import COLUMNS, Name, Table, is_plain, key_of

# What the wheels' presence in a release can say at best: the first version of that release.
FIRST = {"11": "11.0", "12": "12.0", "13": "13.0"}
# Released apart from CUDA: that one CUDA release's wheel lacks a name says nothing about CUDA's
# versions.
OWN_VERSIONS = frozenset({"cudnn", "nccl", "cutensor", "cusparselt", "nvshmem"})
# Read release by release with other means than the newest: only what is gone is believed.
REMOVED_ONLY = frozenset({"thrust", "cub", "libcudacxx"})
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
WORD = re.compile(r"[A-Za-z_]\w*", re.A)


def words_by_release(root: Path) -> dict[str, set[str]]:
    """Return every word of each release's headers outside comments: a name that is among them is
    not gone.
    """
    words: dict[str, set[str]] = defaultdict(set)
    for folder in sorted(root.iterdir()):
        if folder.is_dir():
            for path in folder.rglob("*"):
                if path.is_file():
                    text = COMMENT.sub(" ", path.read_text(encoding="utf-8", errors="replace"))
                    words[folder.name.rpartition("-")[2]].update(WORD.findall(text))
    return words


def date(names: Iterable[Name], covered: dict[str, set[str]], words: dict[str, set[str]]) -> None:
    """Fill `since` and `removed` from presence in the releases, where nothing finer is known."""
    for made in names:
        seen = covered.get(made.library, set())
        if not made.releases or made.library in OWN_VERSIONS:
            continue
        if not made.since and made.library not in REMOVED_ONLY and made.kind != "header":
            first = min(made.releases)
            older = [r for r in seen if r < first]
            if older and not any(made.name in words[r] for r in older):
                made.since = FIRST[first]
        if not made.removed and made.kind != "header":
            newer = sorted(r for r in seen if r > max(made.releases))
            if newer and not any(made.name in words[r] for r in newer):
                made.removed = FIRST[newer[0]]


def flag(names: Iterable[Name]) -> None:
    """Set `plain` on each name that is also somebody else's word."""
    for made in names:
        if is_plain(made):
            made.flags.add("plain")


def read_extra(folder: Path, table: Table) -> list[str]:
    """Merge the hand-kept rows of `folder`; return those that the headers already gave."""
    known = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                made = Name(row["name"], row["kind"], path.stem, row["qualifier"], row["header"], row["since"],
                            flags=set(row["flags"].split()), type=row["type"])  # fmt: skip
                if key_of(made) in table and made.kind != "builtin":
                    known.append(f"{path.name}: {made.qualifier}::{made.name}")
                else:
                    table[key_of(made)] = made
    return known


def write_tables(names: Iterable[Name], out: Path) -> dict[str, int]:
    """Write one sorted table a library; return the number of rows of each."""
    by_library: dict[str, list[Name]] = defaultdict(list)
    for made in names:
        by_library[made.library].append(made)
    for stale in out.glob("*.csv"):
        if stale.stem not in by_library:
            stale.unlink()
    for library, rows in by_library.items():
        with (out / f"{library}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(sorted(made.row() for made in rows))
    return {library: len(rows) for library, rows in sorted(by_library.items())}


def write_wheels(root: Path, requirements: dict[str, str], out: Path) -> None:
    """Write which wheel gave the headers: `label = "package==version"`."""
    lines = ["# Written by tools/build_vocabulary.py: the wheels whose headers were read.\n"]
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name in requirements:
            package = re.split(r"[<>=]", requirements[folder.name])[0]
            lines.append(
                f'{folder.name} = "{package}=={(folder / "VERSION").read_text(encoding="utf-8").strip()}"\n'
            )
    (out / "wheels.toml").write_text("".join(lines), encoding="utf-8")
