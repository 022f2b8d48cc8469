# SPDX-License-Identifier: Apache-2.0
"""Write a target's tables, in one order, so that a rerun without news changes nothing."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

from evidence.importer import Importer, Line
from evidence.settings import Sources, toml_string
from portkit.targets.naming import NamingRule
from portkit.targets.parts import OTHER_LANGUAGES
from portkit.targets.rows import COLUMNS

# names of one library that share their evidence and follow the rule: from here on they go to one
# compact file
BULK = 100
FLAGS = "flags"  # the table of compiler options, kept by hand
SOURCES = 3  # that a row names at most


def write_tables(importer: Importer) -> None:
    """Replace the tables of the importer's target and its sources.toml; overlays that no evidence
    is marked for stay.
    """
    folder, overlaid = importer.target, {p for p, _ in importer.rows}
    for old in [*folder.glob("*.csv"), *folder.glob("*.names")]:
        stem, _, profile = old.stem.partition("@")
        if stem != FLAGS and (not profile or profile in overlaid):
            old.unlink()
    files: dict[str, list[Line]] = defaultdict(list)
    for (profile, _), row in importer.rows.items():
        if row["library"] not in OTHER_LANGUAGES:
            finish(row, importer.rules[profile])
        row["sources"] = row["sources"][:SOURCES]
        files[row["library"] + (f"@{profile}" if profile else "")].append(row)
    for table, rows in sorted(files.items()):
        compact = [] if "@" in table or table in OTHER_LANGUAGES else bulk(rows, importer.rules[""])
        if compact:
            write_names(folder / f"{table}.names", compact)
        apart = {id(r) for r in compact}
        write_csv(folder / f"{table}.csv", [r for r in rows if id(r) not in apart])
        importer.count[f"rows {table}"] = len(rows)
    write_dropped(folder / "dropped.tsv", importer.dropped)
    write_sources(
        folder, importer.sources, {i for r in importer.rows.values() for i in r["sources"]}
    )


def finish(row: Line, rule: NamingRule) -> None:
    """Say in the note why an irregular name or a missing one is what it is, when nothing else does."""
    last = row["name"].rpartition("::")[2]
    derived = rule.derive(last) or last
    # else the check wants a note by hand
    seen = row["exists"] not in ("rule", "table") or row["kind"] == "header"
    if (
        seen
        and row["status"] == "mapped"
        and not row["note"]
        and row["target"].rpartition("::")[2] != derived != row["name"]
    ):
        row["note"] = f"irregular: the naming rule would say {derived}"
    if row["status"] in ("none", "manual") and not row["note"]:
        row["note"] = "named in the evidence without an equivalent"


def bulk(rows: list[Line], rule: NamingRule) -> list[Line]:
    """Return the largest group of regular rows of one library that share their evidence, if it is
    large.
    """
    groups: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for row in rows:
        plain = (
            not row["note"]
            and not row["recipe"]
            and row["key"] == row["name"]
            and "::" not in row["name"]
        )
        if plain and row["status"] == "mapped" and row["target"] == rule.derive(row["name"]):
            groups[row["exists"], row["pairs"], *row["sources"]].append(row)
    best = max(groups.values(), key=len, default=[])
    return best if len(best) >= BULK else []


def write_names(path: Path, rows: list[Line]) -> None:
    """Write a compact table: the evidence that all share, then the names."""
    head = f"#exists={rows[0]['exists']} pairs={rows[0]['pairs']} sources={','.join(rows[0]['sources'])}"
    path.write_text("\n".join([head, *sorted(r["name"] for r in rows)]) + "\n", encoding="utf-8")


def write_csv(path: Path, rows: list[Line]) -> None:
    """Write a table; nothing when there are no rows."""
    if not rows:
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in sorted(rows, key=lambda r: (r["name"], r["kind"], r["target"])):
            writer.writerow(
                row | {"sources": " ".join(row["sources"]), "note": " ".join(row["note"].split())}
            )


def write_dropped(path: Path, dropped: list[tuple[str, str, str]]) -> None:
    """Write what the evidence names and no table holds, with the reason."""
    lines = sorted({"\t".join(cells) for cells in dropped})
    path.write_text("\n".join(["name\ttarget\treason", *lines]) + "\n", encoding="utf-8")


def write_sources(folder: Path, sources: Sources, used: set[str]) -> None:
    """Write what the short ids stand for: those of the rows, and those that the target's hand-kept
    files name.
    """
    names = ("target.toml", "recipes.toml", "build.toml", f"{FLAGS}.csv")
    hand_kept = [folder / name for name in names]
    for other in [*hand_kept, *folder.glob("*@*.csv")]:
        if other.is_file():
            used = used | set(re.findall(r"[\w-]+", other.read_text(encoding="utf-8")))
    lines = [
        "# Written by tools/import_evidence.py: what the short source ids of the tables stand for."
    ]
    for short, entry in sorted(sources.entries.items()):
        if short in used:
            lines.append(
                f"{short} = {{ {', '.join(f'{k} = {toml_string(v)}' for k, v in entry.items())} }}"
            )
    (folder / "sources.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
