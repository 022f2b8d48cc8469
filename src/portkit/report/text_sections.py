# SPDX-License-Identifier: Apache-2.0
"""The summary of the text report: readiness and verdict first, then what blocks, then the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from portkit.assess.counts import Totals
from portkit.assess.readiness import Assessment, Summary
from portkit.model.plans import Plan
from portkit.model.words import Parse
from portkit.printable import printable, printable_path, without_order
from portkit.report.build import build_lines
from portkit.report.i18n import Catalog
from portkit.report.left_out import not_read
from portkit.report.model import Report
from portkit.rules.texts import load_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

BLOCKERS, FILES, NAMES, UNPARSED = 15, 15, 40, 20


def routes(console: Console, words: Catalog, report: Report, plan: Plan) -> None:
    """Print the route that Python code takes, first of all, with what it does not cover."""
    for advice in report.advice:
        if (advice.target, advice.profile) == (plan.target, plan.profile):
            from portkit.report.routes import brief

            console.file.write("\n" + "\n".join(brief(words, report, advice)) + "\n")


def hindered_kernels(s: Summary) -> dict[str, int]:
    """Return what the sentence on kernels counts."""
    return {"need": s.kernels["blocked"] + s.kernels["affected"], "all": s.kernels["all"]}


def summary(
    console: Console, words: Catalog, report: Report, plan: Plan, assessment: Assessment
) -> None:
    """Print everything but the findings."""
    s = assessment.summary
    title = report.names.get(plan.target, plan.target)
    console.print(
        f"portkit {report.tool.version}  {title}  {plan.target}@{plan.profile}", style="bold"
    )
    console.print(
        words("tree", files=s.files, lines=f"{s.lines:,}", references=f"{s.references:,}")
    )
    routes(console, words, report, plan)
    console.print()
    if s.readiness is None:
        console.print(words("readiness_none"), style="bold")
    else:
        _readiness(console, words, s)
    counted = hindered_kernels(s) | {"manual": s.build.manual, "constructs": s.build.constructs}
    console.print(words(f"verdict_{s.verdict.sentence}", **counted))
    for line in build_lines(words, s.build, plan.guide):
        console.print(line, soft_wrap=True)
    if (since := report.trend(plan, assessment)) is not None:
        console.print(
            words(
                "since_report",
                moved=f"{since.then.moved:,} -> {since.now.moved:,}",
                to_move=f"{since.then.to_move:,} -> {since.now.to_move:,}",
                person=f"{since.then.person:,} -> {since.now.person:,}",
            )
        )
    console.print(
        words(
            "decisions",
            edit=f"{s.edit:,}",
            manual=f"{s.manual:,}",
            keep=f"{s.keep:,}",
            own=f"{s.user_declared:,}",
        )
    )
    severity = s.findings_by_severity
    console.print(
        words(
            "severities",
            errors=severity["error"],
            warnings=severity["warning"],
            infos=severity["info"],
            blocking=s.blocking,
        )
    )
    if unread := not_read(s, words):
        console.print(unread)
    if (looked := plan.looked) is not None:
        console.print(
            words(
                "verify_skipped" if looked.skipped else "verified",
                units=looked.units,
                refused=looked.refused,
                unread=looked.unread,
            )
        )
    if s.kernels["all"]:
        need = s.kernels["all"] - s.kernels["clear"]
        console.print(
            words(
                "kernels",
                need=need,
                **{k: s.kernels[k] for k in ("all", "blocked", "affected", "work")},
            )
        )
    if s.hidden.conditions:
        first = s.hidden.conditions[0]
        console.print(
            words(
                "hidden",
                all=f"{s.hidden.all:,}",
                count=f"{first.references:,}",
                condition=printable(first.condition),
                option=printable(first.option),
            )
        )
    if s.effort_hours.high:
        console.print(
            words("effort", low=f"{s.effort_hours.low:g}", high=f"{s.effort_hours.high:g}")
        )
    if report.verbose:
        _effort(console, words, assessment)
    _blockers(console, words, assessment)
    _libraries(console, words, s)
    _files(console, words, assessment)
    _evidence(console, words, s)
    _unproven(console, words, s)
    _not_parsed(console, words, assessment)


def _readiness(console: Console, words: Catalog, s: Summary) -> None:
    parts, share = s.parts, s.parts.share
    if share is None:
        return
    console.print(
        words(
            "readiness",
            share=share.by_itself,
            person=share.person,
            unknown=share.unknown,
        ),
        style="bold",
    )
    console.print(
        words(
            "parts",
            moved=f"{parts.moved:,}",
            to_move=f"{parts.to_move:,}",
            person=f"{parts.person:,}",
            unknown=f"{parts.unknown:,}",
            stays=f"{parts.stays:,}",
        )
    )


def _effort(console: Console, words: Catalog, assessment: Assessment) -> None:
    heads = (
        words("rule"),
        words("effort_items"),
        words("effort_places"),
        words("effort_low"),
        words("effort_high"),
    )
    rows = [(e.rule, e.items, e.places, f"{e.low:.1f}", f"{e.high:.1f}") for e in assessment.effort]
    table(console, words("effort_by_rule"), heads, rows)


def _blockers(console: Console, words: Catalog, assessment: Assessment) -> None:
    found = assessment.blockers
    rows = [
        (
            b.count,
            b.files,
            b.rule,
            b.called(words.language) or load_text(b.rule, words.language).title,
        )
        for b in found[:BLOCKERS]
    ]
    heads = (words("count"), words("in_files"), words("rule"), words("name"))
    table(console, words("blocks"), heads, rows)
    _more(console, words, len(found) - BLOCKERS)


def _libraries(console: Console, words: Catalog, s: Summary) -> None:
    ordered = sorted(s.by_library.items(), key=lambda item: (-item[1].references, item[0]))
    rows: list[Sequence[object]] = [(name, *_columns(totals)) for name, totals in ordered]
    whole = Totals(s.references, s.edit, s.manual, s.keep, s.user_declared)
    if len(rows) > 1:
        rows.append((words("total"), *_columns(whole)))
    table(console, words("by_library"), (words("library"), *_heads(words)), rows)


def _files(console: Console, words: Catalog, assessment: Assessment) -> None:
    ordered = sorted(assessment.files, key=lambda f: (-f.blocking, -f.totals.manual, f.path))
    work = [f for f in ordered if f.blocking or f.totals.manual]
    rows = [
        (
            printable_path(f.path),
            f.totals.edit,
            f.totals.manual,
            f.blocking,
            "-" if f.readiness is None else f"{f.readiness} %",
        )
        for f in work[:FILES]
    ]
    heads = (words("file"), words("edit"), words("manual"), words("blocking"), words("ready"))
    table(console, words("by_file"), heads, rows)
    _more(console, words, len(work) - FILES)


def _evidence(console: Console, words: Catalog, s: Summary) -> None:
    heads = (words("word"), words("references"), words("meaning"))
    for axis, counts in (("proof", s.by_proof), ("exists", s.by_exists), ("pairs", s.by_pairs)):
        rows = [(word, count, words(f"{axis}_{word}")) for word, count in counts.items()]
        table(console, words(f"by_{axis}"), heads, rows)
    if s.active.references:
        console.print(
            words(
                "active",
                share=f"{100 * s.active.proved / s.active.references:.1f}",
                count=s.active.references,
            )
        )
    if s.unlocks:
        lower = [(f"--accept {floor}", count) for floor, count in s.unlocks.items()]
        table(console, words("unlocks"), (words("floor"), words("references")), lower)


def _unproven(console: Console, words: Catalog, s: Summary) -> None:
    if s.unproven:
        _heading(console, words("unproven", count=len(s.unproven)))
        _write(console, printable(", ".join(s.unproven[:NAMES])))
        _more(console, words, len(s.unproven) - NAMES)


def _not_parsed(console: Console, words: Catalog, assessment: Assessment) -> None:
    found = [
        f
        for f in assessment.not_parsed
        if f.totals.references or f.parse in (Parse.FAILED, Parse.LIMIT)
    ]
    rows = [(printable_path(f.path), f.parse.value, f.totals.references) for f in found[:UNPARSED]]
    table(console, words("not_parsed"), (words("file"), words("rung"), words("references")), rows)
    _more(console, words, len(found) - UNPARSED)


def _columns(totals: Totals) -> tuple[int, ...]:
    return totals.references, totals.edit, totals.manual, totals.keep, totals.user_declared


def _heads(words: Catalog) -> tuple[str, ...]:
    return tuple(words(k) for k in ("references", "edit", "manual", "keep", "own"))


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold")


def table(
    console: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Print a table without lines; numbers to the right, words of the tree escaped. Nothing is
    printed when there are no rows.
    """
    if not rows:
        return
    from rich.table import Table
    from rich.text import Text

    _heading(console, title)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="underline")
    for column, head in enumerate(heads):
        numbers = all(isinstance(row[column], int) for row in rows)
        table.add_column(
            head, justify="right" if numbers else "left", no_wrap=numbers, overflow="fold"
        )
    for row in rows:
        table.add_row(
            *(Text(f"{cell:,}" if isinstance(cell, int) else printable(str(cell))) for cell in row)
        )
    _write(console, table)


def _write(console: Console, content: Table | str) -> None:
    """Print what holds words of the tree: where it is wrapped to the width, no line may begin with
    an order.
    """
    with console.capture() as captured:
        console.print(content)
    console.file.writelines(
        f"{without_order(line).rstrip()}\n" for line in captured.get().split("\n")[:-1]
    )


def _more(console: Console, words: Catalog, count: int) -> None:
    if count > 0:
        console.print(words("more", count=f"{count:,}"), style="dim")
