# SPDX-License-Identifier: Apache-2.0
"""GitHub annotations: workflow commands on stdout (docs.github.com, workflow commands; at most 10
of a level show).
"""

from __future__ import annotations

from typing import TextIO

from portkit.model.words import Severity
from portkit.printable import printable
from portkit.report.listing import Entry, entries
from portkit.report.model import Report

NAME = "github"
SHOWN = 10  # of a level and step
_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, out: TextIO) -> None:
    """Write one command a finding, the gravest first; the last of a level says how many more there
    are.
    """
    found = [e for e in entries(report) if not e.finding.suppressed and not e.finding.exempt]
    for severity in sorted(_COMMAND, reverse=True):
        some = [e for e in found if e.finding.severity is severity]
        shown = some[:SHOWN] if len(some) <= SHOWN else some[: SHOWN - 1]
        for entry in shown:
            out.write(_command(entry, len(report.plans) > 1))
        if len(some) > len(shown):
            rest = f"{len(some) - len(shown)} more findings of this level: see the full report"
            out.write(f"::{_COMMAND[severity]} title=portkit::{_data(rest)}\n")


def _command(entry: Entry, several: bool) -> str:
    item = entry.finding
    places = {"file": entry.path, "line": str(entry.start[0]), "endLine": str(entry.end[0])}
    if entry.start[0] == entry.end[0]:
        places |= {"col": str(entry.start[1]), "endColumn": str(entry.end[1])}
    places["title"] = item.rule + (f" {entry.target}@{entry.profile}" if several else "")
    listed = ",".join(f"{key}={_property(value)}" for key, value in places.items())
    return f"::{_COMMAND[item.severity]} {listed}::{_data(entry.text)}\n"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")  # a command is one line


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
