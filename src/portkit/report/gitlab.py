# SPDX-License-Identifier: Apache-2.0
"""GitLab Code Quality: an array of issues (docs.gitlab.com/ci/testing/code_quality, the format of
the report).
"""

from __future__ import annotations

from typing import TextIO

from portkit.model.words import Severity
from portkit.plan.exempt import BASELINE
from portkit.report.json import write_json
from portkit.report.listing import Entry, entries
from portkit.report.model import Report

NAME = "gitlab"
_SEVERITY = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, out: TextIO) -> None:
    """Write the issues: relative POSIX paths, no byte order mark; no suppressed findings, and none
    that the baseline knows.

    Those on lines that did not change stay: GitLab itself compares the report with the target
    branch's, and would take what is missing for mended.
    """
    several = len(report.plans) > 1
    issues = [
        _issue(e, several)
        for e in entries(report)
        if not e.finding.suppressed and e.finding.exempt != BASELINE
    ]
    write_json(issues, out)


def _issue(entry: Entry, several: bool) -> dict[str, object]:
    item = entry.finding
    where = f" [{entry.target}@{entry.profile}]" if several else ""
    return {
        "description": f"{item.rule}{where}: {entry.text}",
        "check_name": item.rule,
        "fingerprint": f"{item.fingerprint}-{entry.target}-{entry.profile}",
        "severity": "blocker"
        if item.blocking and item.severity is Severity.ERROR
        else _SEVERITY[item.severity],
        "location": {"path": entry.path, "lines": {"begin": entry.start[0]}},
    }
