# SPDX-License-Identifier: Apache-2.0
"""The report for a terminal: summary first, then the findings, one line each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from portkit.assess.readiness import Assessment
from portkit.model import FilePlan, Finding, Plan, Severity
from portkit.report.model import Report
from portkit.rules.texts import message_of

NAME, SUFFIX = "text", ".txt"
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_ROWS = 12
_FINDINGS = 200


@cache
def _words(language: str) -> dict[str, str]:
    file = resources.files("portkit.report").joinpath("words", f"{language}.toml")
    words: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return words


def render(report: Report, out: TextIO) -> None:
    """Write the report, at most 100 columns wide and readable at 80, with or without colour."""
    width = 100 if not report.colour else None
    console = Console(file=out, no_color=not report.colour, force_terminal=report.colour, highlight=False, width=width, soft_wrap=True)
    for plan, assessment in report.plans:
        _plan(console, report, plan, assessment)


def _plan(console: Console, report: Report, plan: Plan, a: Assessment) -> None:
    words = _words(report.language)
    title = report.names.get(plan.target, plan.target)
    console.print(f"[bold]{escape(title)}[/bold]  {plan.target}@{plan.profile}")
    if a.readiness is None:
        console.print(words["nothing"])
    else:
        console.print(words["readiness"].format(api=a.readiness, all=a.readiness_all))
    console.print(words["counts"].format(files=a.files, lines=a.lines, references=a.references, user=a.user_declared))
    console.print(words["decisions"].format(edit=a.edit, manual=a.manual, keep=a.keep, blocking=a.blocking))
    console.print(words["proof"].format(**a.by_proof))
    if a.hours[1]:
        console.print(words["effort"].format(low=a.hours[0], high=a.hours[1]))
    console.print()
    _table(console, words["by_library"], [words["library"], "edit", "manual", "keep"], [(k, v["edit"], v["manual"], v["keep"]) for k, v in a.by_library.items()])
    _table(console, words["by_exists"], [words["evidence"], words["names_count"]], [(k, v) for k, v in a.by_exists.items() if v])
    _table(console, words["by_rule"], ["", "", words["findings"]], [(k, _title(k, report.language), v) for k, v in a.findings_by_rule.items()])
    _table(console, words["by_file"], [words["file"], words["blocking"]], a.files_needing_work[:_ROWS])
    if a.unproven:
        console.print(words["unproven"].format(count=len(a.unproven)))
        console.print("  " + escape(", ".join(a.unproven[:40])) + (" ..." if len(a.unproven) > 40 else ""))
    for floor, count in a.unlocks.items():
        console.print(words["unlocks"].format(floor=floor, count=count))
    if a.not_parsed:
        console.print(words["not_parsed"].format(count=len(a.not_parsed)) + " " + escape(", ".join(a.not_parsed[:10])))
    console.print()
    _findings(console, report, plan, words)


def _title(id: str, language: str) -> str:
    from portkit.rules.texts import rule_text

    return rule_text(id, language).title


def _table(console: Console, title: str, heads: list[str], rows: list[tuple[object, ...]] | list[tuple[str, int]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for i, head in enumerate(heads):
        numeric = all(isinstance(r[i], int) for r in rows)
        table.add_column(head, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table)
    console.print()


def _findings(console: Console, report: Report, plan: Plan, words: dict[str, str]) -> None:
    lines: list[tuple[int, str, int, str]] = []
    for file in plan.files:
        lines += _file_findings(report, file)
    for path, finding in plan.findings:
        lines.append((-finding.severity, path, 0, _line(path or ".", 1, 1, finding, 1, report.language)))
    lines.sort()
    for _, _, _, line in lines[:_FINDINGS]:
        console.print(line)
    if len(lines) > _FINDINGS:
        console.print(words["more"].format(count=len(lines) - _FINDINGS))


def _file_findings(report: Report, file: FilePlan) -> list[tuple[int, str, int, str]]:
    """One line a rule and name of a file, at its first place."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in file.findings:
        groups.setdefault((finding.rule, finding.args.get("test") or finding.args.get("name", "")), []).append(finding)
    if not groups:
        return []
    text = report.text(file.scan.path, file.scan.encoding)
    lines = []
    for found in groups.values():
        line, column = text.position(found[0].span.start)
        lines.append((-found[0].severity, file.scan.path, line, _line(file.scan.path, line, column, found[0], len(found), report.language)))
    return lines


def _line(path: str, line: int, column: int, finding: Finding, count: int, language: str) -> str:
    style = _STYLES[finding.severity]
    more = f" (x{count})" if count > 1 else ""
    message = message_of(finding.rule, finding.args, language)
    return f"{escape(path)}:{line}:{column}: [{style}]{finding.rule}[/{style}] {escape(message.strip())}{more}"
