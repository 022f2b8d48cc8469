# SPDX-License-Identifier: Apache-2.0
"""JUnit XML: a suite a target, a case a finding; what could not be read is an error, what is
suppressed is skipped.
"""

from __future__ import annotations

from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from portkit.assess.readiness import Assessment
from portkit.model.plans import Plan
from portkit.model.words import Parse, Severity
from portkit.printable import printable
from portkit.report.listing import Entry, gravest, plan_entries
from portkit.report.model import Report

NAME = "junit"
MOST = 50_000  # cases of a file: GitLab takes 30 MB, and a case has about 420 bytes


def render(report: Report, out: TextIO) -> None:
    """Write the suites. Informational findings pass; a plan without findings has one passing case."""
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="portkit">\n')
    for plan, assessment in report.plans:
        _suite(report, plan, assessment, out)
    out.write("</testsuites>\n")


def _suite(report: Report, plan: Plan, assessment: Assessment, out: TextIO) -> None:
    unread = {f.scan.path for f in plan.files if f.scan.parse is Parse.FAILED}
    kept, left_out = gravest(plan_entries(report, plan), MOST // max(1, len(report.plans)))
    cases = [_case(e, e.path in unread) for e in kept]
    cases = list({case[:2]: case for case in cases}.values()) or [("", "", "", "")]
    if left_out:
        reason = quoteattr(f"{left_out} milder findings are left out: the JSON report has them all")
        cases.append(("portkit", "findings left out", "skipped", f"<skipped message={reason}/>"))
    counts = {kind: sum(c[2] == kind for c in cases) for kind in ("failure", "error", "skipped")}
    name = f"portkit {plan.target}@{plan.profile}"
    out.write(
        f'<testsuite name={quoteattr(name)} tests="{len(cases)}" failures="{counts["failure"]}" '
        f'errors="{counts["error"]}" '
        f'skipped="{counts["skipped"]}" time="0">\n'
    )
    for where, title, _, body in cases:
        if not title:
            out.write(f'<testcase classname={quoteattr(name)} name="no findings" time="0"/>\n')
        elif not body:
            out.write(
                f'<testcase classname={quoteattr(where)} name={quoteattr(title)} time="0"/>\n'
            )
        else:
            out.write(
                f'<testcase classname={quoteattr(where)} name={quoteattr(title)} time="0">{body}</testcase>\n'
            )
    out.write("</testsuite>\n")


def _case(entry: Entry, unread: bool) -> tuple[str, str, str, str]:
    """Return (class, name, kind, inner element)."""
    item = entry.finding
    title = (
        f"{item.rule} {entry.start[0]}:{entry.start[1]}"
        if not entry.whole
        else f"{item.rule} {item.fingerprint[:8]}"
    )
    text = printable(f"{entry.path}:{entry.start[0]}:{entry.start[1]}: {item.rule} {entry.text}")
    where = printable(entry.path)
    if item.suppressed:
        return (
            where,
            title,
            "skipped",
            f"<skipped message={quoteattr(printable(item.suppressed.reason))}/>",
        )
    if item.exempt:
        return where, title, "skipped", f"<skipped message={quoteattr(item.exempt)}/>"
    if item.severity is Severity.INFO:
        return where, title, "", ""
    kind = "error" if unread else "failure"
    short = quoteattr(printable(entry.text))
    return where, title, kind, f'<{kind} message={short} type="{item.rule}">{escape(text)}</{kind}>'
