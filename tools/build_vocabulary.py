# SPDX-License-Identifier: Apache-2.0
"""Rebuild mappings/cuda/*.csv from NVIDIA's headers, the HIPIFY inventory and the hand-kept rows.

usage: python tools/build_vocabulary.py HEADERS INVENTORY OUT

HEADERS is what fetch_headers.py made (one folder a wheel); INVENTORY is a folder with
hipify_rows.csv and hipify_versions.json (facts of ROCm/HIPIFY's tables: names, kinds, versions);
OUT is mappings/cuda. OUT/extra/<library>.csv holds the rows that no header gives (keywords,
compiler macros, environment variables, link names); they are merged in. Only names, kinds,
versions, arity and result types are kept, no text.

To run it again: `pip install libclang-ng`; python tools/fetch_headers.py /tmp/headers; then this
tool. It is deterministic: the same headers give the same bytes. OUT/wheels.toml, which it writes,
says which wheels were read: to get the very same tables, fetch those versions. Rows of the
inventory come first in matters of versions. Otherwise `since` is the first version (11.0, 12.0,
13.0) of the oldest CUDA release whose headers have the name, and empty for the oldest release read;
`removed` is the first version of the next release that nowhere mentions it. Libraries that are
released apart from CUDA (cuDNN, NCCL, cuTENSOR, cuSPARSELt, NVSHMEM) get no version from presence.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fetch_headers import WHEELS
from vocabulary.cccl import read_cccl
from vocabulary.guards import read_guards
from vocabulary.headers import read_headers
from vocabulary.inventory import read_inventory
from vocabulary.names import Table
from vocabulary.tables import date, flag, read_extra, words_by_release, write_tables, write_wheels


def main() -> None:
    """Build the tables named on the command line."""
    headers, inventory, out = (Path(a).resolve() for a in sys.argv[1:4])
    table: Table = {}
    with tempfile.TemporaryDirectory() as scratch:
        covered = read_headers(headers, table, Path(scratch))
    covered |= read_cccl(headers, table)
    read_guards(headers, table)
    read_inventory(inventory, table)
    for line in read_extra(out / "extra", table):
        print("no longer needed in extra/", line)
    date(table.values(), covered, words_by_release(headers))
    flag(table.values())
    counts = write_tables(table.values(), out)
    write_wheels(headers, WHEELS, out)
    print(counts, sum(counts.values()))


if __name__ == "__main__":
    main()
