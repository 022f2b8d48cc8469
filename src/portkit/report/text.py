# SPDX-License-Identifier: Apache-2.0
"""The report for people: a summary that fits 80 columns with or without colour, then the findings,
one line each.
"""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING, TextIO

from portkit.assess.readiness import Assessment, all_findings
from portkit.model.plans import Finding, Plan
from portkit.model.words import Severity
from portkit.printable import printable, printable_path
from portkit.report.i18n import Catalog, catalog
from portkit.report.model import Report
from portkit.report.terminal import make_console
from portkit.report.text_sections import summary
from portkit.rules.texts import load_text, message

if TYPE_CHECKING:
    from rich.console import Console

NAME = "text"
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
# path, byte offsets of the places, the finding at the first
_Group = tuple[str, tuple[int, ...], Finding]
PLACES = 5  # of a finding that repeats


def render(report: Report, out: TextIO) -> None:
    """Write the report. Findings below `warning` are counted by rule; `verbose` lists them too."""
    words = catalog(report.language)
    if report.compact:
        for plan, assessment in report.plans:
            _compact(out, words, report, plan, assessment)
        return
    console = make_console(out, report.colour, report.width)
    for index, (plan, assessment) in enumerate(report.plans):
        if index:
            console.print()
        summary(console, words, report, plan, assessment)
        _findings(console, words, report, plan, assessment)


def _findings(
    console: Console, words: Catalog, report: Report, plan: Plan, assessment: Assessment
) -> None:
    console.print()
    console.print(words("findings"), style="bold")
    if not assessment.summary.findings and not assessment.summary.suppressed:
        console.print(words("no_findings"))
        return
    counted: Counter[str] = Counter()
    suppressed = 0
    exempt: Counter[str] = Counter()
    shown: list[_Group] = []
    for group in grouped(plan):
        finding = group[2]
        if finding.suppressed:
            suppressed += len(group[1])
        elif finding.exempt:
            exempt[finding.exempt] += len(group[1])
        elif finding.severity is Severity.INFO and not report.verbose:
            counted[finding.rule] += len(group[1])
        else:
            shown.append(group)
    _lines(console.file, words, report, shown)
    for rule in sorted(counted):
        text = load_text(rule, report.language).title
        console.print(words("counted", rule=rule, count=counted[rule], title=text), style="dim")
    if counted:
        console.print(words("counted_hint"), style="dim")
    if suppressed:
        console.print(words("suppressed", count=suppressed), style="dim")
    for why in sorted(exempt):
        console.print(words(f"exempt_{why}", count=exempt[why]), style="dim")


def _compact(
    out: TextIO, words: Catalog, report: Report, plan: Plan, assessment: Assessment
) -> None:
    """Print what counts, one line each, and one line for the target."""
    counting = [g for g in grouped(plan) if not g[2].suppressed and not g[2].exempt]
    _lines(
        out, words, report, [g for g in counting if g[2].severity > Severity.INFO or report.verbose]
    )
    by_severity: Counter[Severity] = Counter()
    for group in counting:
        by_severity[group[2].severity] += len(group[1])
    counts = {
        key: by_severity[s]
        for key, s in (
            ("errors", Severity.ERROR),
            ("warnings", Severity.WARNING),
            ("infos", Severity.INFO),
        )
    }
    text = words(
        "compact", target=f"{plan.target}@{plan.profile}", files=assessment.summary.files, **counts
    )
    if assessment.summary.readiness is not None:
        text += words("compact_readiness", api=assessment.summary.readiness)
    exempt = Counter(f.exempt for _, f in all_findings(plan) if f.exempt and not f.suppressed)
    text += "".join(words(f"compact_{why}", count=exempt[why]) for why in sorted(exempt))
    out.write(text + "\n")


def grouped(plan: Plan) -> list[_Group]:
    """Return the findings, one a rule, text and file, sorted by path, place and rule; tree findings
    among them.
    """
    groups: dict[tuple[str, str, str, bool, str], list[Finding]] = {}
    for path, finding in all_findings(plan):
        groups.setdefault(
            (path, finding.rule, message(finding), bool(finding.suppressed), finding.exempt), []
        ).append(finding)
    found = []
    for (path, *_), items in groups.items():
        items.sort(key=lambda f: (f.span.start, f.fingerprint))
        found.append((path, tuple(f.span.start for f in items), items[0]))
    return sorted(found, key=lambda g: (g[0], g[1][0], g[2].rule, g[2].fingerprint))


def _lines(out: IO[str], words: Catalog, report: Report, groups: list[_Group]) -> None:
    """Print one line a group; lines are never wrapped, so that editors and terminals can link them."""
    wanted: dict[str, list[int]] = {}
    for path, offsets, _ in groups:
        wanted.setdefault(path, []).extend(offsets)
    places = {path: report.positions(path, offsets) for path, offsets in wanted.items()}
    for path, offsets, finding in groups:
        line, column = places[path][offsets[0]]
        rule = _coloured(finding) if report.colour else finding.rule
        shown = printable_path(path)
        more = _repeats(words, shown, [places[path][offset][0] for offset in offsets])
        out.write(
            f"{shown}:{line}:{column}: {rule} {printable(message(finding, report.language))}{more}\n"
        )


def _repeats(words: Catalog, path: str, lines: list[int]) -> str:
    """Return how often a finding repeats in a file and on which further lines; nothing for one that
    does not.
    """
    if len(lines) == 1:
        return ""
    further = [f"{path}:{line}" for line in dict.fromkeys(lines) if line != lines[0]]
    if not further:
        return words("repeats", count=len(lines))
    shown = words("repeats_comma").join(further[: PLACES - 1])
    rest = len(further) - (PLACES - 1)
    return words(
        "repeats_more" if rest > 0 else "repeats_at", count=len(lines), places=shown, rest=rest
    )


def _coloured(finding: Finding) -> str:
    return f"\x1b[1;{_COLOURS[finding.severity]}m{finding.rule}\x1b[0m"
