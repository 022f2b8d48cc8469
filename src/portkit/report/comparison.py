# SPDX-License-Identifier: Apache-2.0
"""The text of `portkit compare`: one line a target, then what blocks by library and by rule, a
column a target.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from portkit.assess.compare import Column, Comparison, compare
from portkit.report.i18n import Catalog, catalog
from portkit.report.model import Report
from portkit.report.terminal import make_console
from portkit.report.text_sections import table
from portkit.rules.texts import load_text

if TYPE_CHECKING:
    from rich.console import Console

ROWS = 15


def render(report: Report, out: TextIO) -> None:
    """Write the comparison of the report's plans."""
    console, words = make_console(out, report.colour, report.width), catalog(report.language)
    found = compare(report.plans)
    files = report.scan.files
    console.print(
        f"portkit {report.tool.version}  {words('comparison', count=len(found.columns))}",
        style="bold",
    )
    console.print(
        words(
            "tree",
            files=len(files),
            lines=f"{sum(f.lines for f in files):,}",
            references=f"{found.references:,}",
        )
    )
    _targets(console, words, found)
    console.print()
    console.print(words("differ", count=f"{found.differ:,}"))
    _counts(
        console,
        words,
        "blocks_by_library",
        "library",
        found,
        lambda c: c.by_library,
        words("no_name"),
    )
    _counts(
        console, words, "blocks_by_rule", "rule", found, lambda c: c.by_rule, "", report.language
    )


def _targets(console: Console, words: Catalog, found: Comparison) -> None:
    keys = (
        "md_target",
        "ready",
        "not_known",
        "edit",
        "manual",
        "keep",
        "blocking",
        "unproven_names",
        "effort_column",
    )
    rows = []
    for column in found.columns:
        s = column.assessment.summary
        effort = f"{s.effort_hours.low:,.0f}-{s.effort_hours.high:,.0f}"
        ready = "-" if s.readiness is None else f"{s.readiness} %"
        share = s.parts.share
        unknown = "-" if share is None else f"{share.unknown} %"
        counts = (s.edit, s.manual, s.keep, s.blocking, len(s.unproven))
        rows.append((column.spec, ready, unknown, *counts, effort))
    table(console, words("targets"), tuple(words(k) for k in keys), rows)


def _counts(
    console: Console,
    words: Catalog,
    title: str,
    head: str,
    found: Comparison,
    counts: Callable[[Column], dict[str, int]],
    nameless: str,
    language: str = "",
) -> None:
    """Print a table of counts, one column a target, the most frequent rows first."""
    names = {name for column in found.columns for name in counts(column)}
    ordered = sorted(names, key=lambda n: (-max(counts(c).get(n, 0) for c in found.columns), n))
    rows: list[tuple[object, ...]] = []
    for name in ordered[:ROWS]:
        shown = f"{name}: {load_text(name, language).title}" if language else name or nameless
        rows.append((shown, *(counts(c).get(name, 0) for c in found.columns)))
    table(
        console,
        words(title),
        (words(head), *(c.spec.replace("@", "\n@") for c in found.columns)),
        rows,
    )
    if len(ordered) > ROWS:
        console.print(words("more", count=len(ordered) - ROWS), style="dim")
