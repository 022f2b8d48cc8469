# SPDX-License-Identifier: Apache-2.0
"""GitLab Code Quality: an array of issues (docs.gitlab.com/ci/testing/code_quality, the format of the report)."""

from __future__ import annotations

import json
from typing import TextIO

from portkit.model import Severity
from portkit.report.listing import Entry, entries
from portkit.report.model import Report

NAME, SUFFIX = "gitlab", ".json"
_SEVERITY = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, out: TextIO) -> None:
    """Write the issues: relative POSIX paths, no byte order mark; suppressed findings are left out."""
    several = len(report.plans) > 1
    issues = [_issue(e, several) for e in entries(report) if not e.finding.suppressed]
    json.dump(issues, out, ensure_ascii=False, indent=1)
    out.write("\n")


def _issue(entry: Entry, several: bool) -> dict[str, object]:
    item = entry.finding
    where = f" [{entry.target}@{entry.profile}]" if several else ""
    return {
        "description": f"{item.rule}{where}: {entry.text}",
        "check_name": item.rule,
        "fingerprint": f"{item.fingerprint}-{entry.target}-{entry.profile}",
        "severity": "blocker" if item.blocking and item.severity is Severity.ERROR else _SEVERITY[item.severity],
        "location": {"path": entry.path, "lines": {"begin": entry.start[0]}},
    }
