# SPDX-License-Identifier: Apache-2.0
"""Write the include guards of NVIDIA's headers into mappings/cuda/*.csv; all other rows stay.

usage: python tools/header_guards.py HEADERS OUT

HEADERS is what fetch_headers.py made, OUT is mappings/cuda. `build_vocabulary.py` does the same
when it makes all tables anew; this needs neither libclang nor the inventory. It is deterministic,
and running it again changes nothing.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from vocabulary.guards import read_guards
from vocabulary.names import COLUMNS, GUARD_FLAG, Table
from vocabulary.tables import date, words_by_release


def merged(rows: list[dict[str, str]], guards: list[list[str]]) -> list[list[str]]:
    """Return the rows of a table with these guards among them, sorted."""
    new = {row[0]: row for row in guards}
    result = []
    for row in rows:
        flags = set(row["flags"].split())
        if row["name"] in new and row["kind"] == "macro":
            del new[row["name"]]
            flags = (flags | {GUARD_FLAG}) - {"plain"}
        elif GUARD_FLAG in flags:
            continue  # of a header that is no longer read
        result.append([row[c] if c != "flags" else " ".join(sorted(flags)) for c in COLUMNS])
    return sorted([*result, *new.values()])


def main() -> None:
    """Add the guards to the tables of the folder named on the command line."""
    headers, out = (Path(a).resolve() for a in sys.argv[1:3])
    table: Table = {}
    covered = read_guards(headers, table)
    date(table.values(), covered, words_by_release(headers))
    for path in sorted(out.glob("*.csv")):
        guards = [made.row() for made in table.values() if made.library == path.stem]
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(merged(rows, guards))
    print(f"{len(table)} guards")


if __name__ == "__main__":
    main()
