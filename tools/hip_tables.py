# SPDX-License-Identifier: Apache-2.0
"""Make the tables of mappings/hip from what is public of HIP.

usage: python tools/hip_tables.py HIPIFY_CHECKOUT ROOT_WITH_HEADERS TWINS [TARGET_DIR]
(portkit must be importable)

HIPIFY_CHECKOUT has src/CUDA2HIP*.cpp; ROOT_WITH_HEADERS the packages of a distribution, unpacked
(usr/include/hip/hip_runtime.h; docs/compiled.md names them); TWINS the folders X-cuda
and X-hip (src/ of HeCBench). What a machine cannot decide stands in TARGET_DIR/made.toml. Written:
<library>.csv, <library>.names, arity.tsv. Kept: target.toml, sources.toml, recipes.toml, build.csv,
python.csv, frameworks.csv, pytorch.csv and all that is not named here.
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from pathlib import Path

from evidence.shared import arity
from evidence.writer import bulk, finish, write_csv, write_names
from hip import headers, hipify, twins
from hip.rows import Line, Rows
from portkit.targets.naming import NamingRule
from portkit.targets.parts import OTHER_LANGUAGES
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary


def main() -> None:
    """Read the arguments, write the tables, print what was counted."""
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    checkout, root, programs = (Path(a) for a in sys.argv[1:4])
    folder = Path(sys.argv[4]) if len(sys.argv) == 5 else mappings_folder() / "hip"
    vocabulary = Vocabulary(mappings_folder() / "cuda")
    settings = tomllib.loads((folder / "made.toml").read_text(encoding="utf-8"))
    rule = NamingRule.load(folder / "target.toml")
    found = headers.read_headers(root)
    rows = Rows(
        vocabulary,
        rule,
        found,
        list(hipify.entries(checkout)),
        hipify.since(checkout),
        twins.pairs(programs, vocabulary),
        settings,
    )
    counts = write(folder, list(rows.all()), rule)
    write_arities(folder / "arity.tsv", rows, vocabulary)
    print("\n".join(f"{n:6} {table}" for table, n in sorted(counts.items())))
    print("structs:", *sorted(rows.structs))


def write(folder: Path, rows: list[Line], rule: NamingRule) -> dict[str, int]:
    """Replace the tables of C++ libraries; returns how many rows each has."""
    tables: dict[str, list[Line]] = defaultdict(list)
    for row in rows:
        finish(row, rule)
        tables[row["library"]].append(row | {"key": row["name"]})
    for old in [*folder.glob("*.csv"), *folder.glob("*.names")]:
        if "@" not in old.stem and old.stem not in OTHER_LANGUAGES:
            old.unlink()
    for table, lines in sorted(tables.items()):
        compact = bulk(lines, rule)
        if compact:
            write_names(folder / f"{table}.names", compact)
        apart = {id(row) for row in compact}
        write_csv(folder / f"{table}.csv", [row for row in lines if id(row) not in apart])
    return {table: len(lines) for table, lines in tables.items()}


def write_arities(path: Path, rows: Rows, vocabulary: Vocabulary) -> None:
    """Write how many arguments a function takes, where CUDA's takes other numbers."""
    lines = set[str]()
    for row in rows.all():
        known = rows.headers.arities.get(row["target"])
        own = arity(row["name"].rpartition("::")[2], vocabulary)
        if known is None or own is None or row["status"] != "mapped":
            continue
        most = "" if known.most < 0 else known.most
        if (known.least, known.most) != (own[0], -1 if own[1] == float("inf") else own[1]):
            lines.add(f"{row['target']}\t{known.least}\t{most}\thip-headers")
    path.write_text("\n".join(["name\tleast\tmost\tsources", *sorted(lines)]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
