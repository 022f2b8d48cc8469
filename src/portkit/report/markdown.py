# SPDX-License-Identifier: Apache-2.0
"""Markdown for a job summary: verdicts, what blocks, and the gravest findings; at most 1 MiB, as
GitHub allows a step.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TextIO

from portkit.assess.readiness import Assessment
from portkit.model.plans import Plan
from portkit.printable import printable
from portkit.report.i18n import Catalog, catalog
from portkit.report.left_out import not_read
from portkit.report.listing import Entry, gravest, plan_entries
from portkit.report.model import Report
from portkit.rules.texts import load_text

NAME = "markdown"
LIMIT = 1_000_000  # bytes
SHOWN = 50  # findings a target


def render(report: Report, out: TextIO) -> None:
    """Write a heading, a table of targets, and a section a target."""
    words = catalog(report.language)
    parts = [f"# {words('md_title')}\n\n", _targets(report, words)]
    for plan, assessment in report.plans:
        parts.append(_section(report, plan, assessment, words))
    size = 0
    for part in parts:
        size += len(part.encode("utf-8"))
        if size > LIMIT:
            out.write("\n" + words("md_cut") + "\n")
            break
        out.write(part)


def _targets(report: Report, words: Catalog) -> str:
    head = [
        words(f"md_{k}")
        for k in (
            "target",
            "readiness",
            "not_known",
            "references",
            "edit",
            "manual",
            "keep",
            "blocking",
            "effort",
        )
    ]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for plan, assessment in report.plans:
        s = assessment.summary
        ready = "-" if s.readiness is None else f"**{s.readiness:.1f}**"
        unknown = "-" if s.parts.share is None else f"{s.parts.share.unknown:.1f}"
        effort = f"{s.effort_hours.low:.0f}-{s.effort_hours.high:.0f} h"
        cells = [
            f"{report.names.get(plan.target, plan.target)} `{plan.profile}`",
            ready,
            unknown,
            s.references,
            s.edit,
            s.manual,
            s.keep,
            s.blocking,
            effort,
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def _section(report: Report, plan: Plan, assessment: Assessment, words: Catalog) -> str:
    counting = [e for e in plan_entries(report, plan) if not e.finding.suppressed]
    everything = [e for e in counting if not e.finding.exempt]
    lines = [f"\n## {report.names.get(plan.target, plan.target)} `{plan.profile}`\n"]
    for why, count in sorted(
        Counter(e.finding.exempt for e in counting if e.finding.exempt).items()
    ):
        lines.append(words(f"exempt_{why}", count=count) + "\n")
    if unread := not_read(assessment.summary, words):
        lines.append(unread + "\n")
    if not everything:
        return "\n".join((*lines, words("md_nothing"))) + "\n"
    counts = Counter(e.finding.rule for e in everything)
    blocking = Counter(e.finding.rule for e in everything if e.finding.blocking)
    lines += [
        f"| {words('rule')} | {words('md_meaning')} | {words('md_findings')} | {words('md_blocking')} |",
        "|---|---|---:|---:|",
    ]
    for rule, count in sorted(
        counts.items(), key=lambda pair: (-blocking[pair[0]], -pair[1], pair[0])
    ):
        lines.append(
            f"| {rule} | {_cell(load_text(rule, report.language).title)} | {count} | {blocking[rule]} |"
        )
    kept, left_out = gravest(everything, SHOWN)
    summary = words("md_shown", count=len(kept))
    lines += [
        f"\n<details><summary>{summary}</summary>\n",
        f"| {words('md_place')} | {words('rule')} | {words('md_message')} |",
        "|---|---|---|",
    ]
    lines += [_line(e) for e in kept]
    lines.append("\n</details>")
    if left_out:
        lines.append("\n" + words("md_left", count=left_out))
    return "\n".join(lines) + "\n"


def _line(entry: Entry) -> str:
    return f"| {_cell(f'{entry.path}:{entry.start[0]}')} | {entry.finding.rule} | {_cell(entry.text)} |"


# What GitHub or GitLab would make a mention, an address, a link or a reference of, also where it is
# escaped: they look for these in the text that Markdown has become, but not in code.
_LIVE = re.compile(r"@|:/|www\.|[#!&$%~^]\d|\bGH-\d", re.I)
_MARKS = re.compile(r"[!-/:-@\[-`{-~]")  # ASCII's punctuation


def _cell(text: str) -> str:
    """Escape what Markdown, HTML and the sites that show them would act on inside a cell of a
    table.
    """
    shown = printable(text)
    if _LIVE.search(shown):
        return f"<code>{_MARKS.sub(lambda mark: f'&#{ord(mark[0])};', shown)}</code>"
    escaped = (
        shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\\", "\\\\")
    )
    return re.sub(r"([|`*_~$\[\]])", r"\\\1", escaped)
