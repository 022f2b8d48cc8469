# SPDX-License-Identifier: Apache-2.0
"""CSV: one line a finding, whatever is in it. Cells that a spreadsheet would take for a formula are
made harmless.
"""

from __future__ import annotations

import csv
from typing import TextIO

from portkit.model.plans import Finding
from portkit.printable import printable
from portkit.report.listing import Entry, entries
from portkit.report.model import Report

NAME = "csv"
COLUMNS = (
    "target", "profile", "path", "line", "column", "rule", "severity", "blocking", "effort",
    "message", "references", "suppressed",
    "fingerprint", "exempt",
)  # fmt: skip

# the last four are full width
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render(report: Report, out: TextIO) -> None:
    """Write a header and the findings of every plan in order."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in _cells(entry)] for entry in entries(report))


def _cells(entry: Entry) -> list[str]:
    item = entry.finding
    return [
        entry.target, entry.profile, entry.path, str(entry.start[0]), str(entry.start[1]),
        item.rule, item.severity.name.lower(),
        "yes" if item.blocking else "no", item.effort, entry.text, str(len(item.references)),
        _silenced(item), item.fingerprint,
        item.exempt,
    ]  # fmt: skip


def harmless(cell: str) -> str:
    """Return a cell of one line that no spreadsheet runs: what OWASP lists under CSV injection gets
    an apostrophe before it.
    """
    shown = printable(cell)
    return "'" + shown if cell.startswith(_RUN) else shown


def _silenced(item: Finding) -> str:
    return item.suppressed.reason if item.suppressed is not None else ""
