# SPDX-License-Identifier: Apache-2.0
"""A report's findings as one flat list with places and texts, in a fixed order: what machine
formats are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from portkit.model.plans import Finding, Plan
from portkit.model.words import Severity
from portkit.report.model import Position, Report
from portkit.rules.texts import message


class Entry(msgspec.Struct, frozen=True):
    """One finding of one plan. Lines and columns are 1-based, the end is exclusive; `path` is "."
    for the tree itself.

    `whole` says that the finding is of a file or folder and not of a place in it; `raw` is a path
    that is not UTF-8.
    """

    target: str
    profile: str
    path: str
    finding: Finding
    start: Position
    end: Position
    text: str
    whole: bool = False
    raw: bytes = b""


def plan_entries(report: Report, plan: Plan) -> Iterator[Entry]:
    """Yield the findings of one plan sorted by path, place and rule; those of the tree come first."""
    for path, item in sorted(
        plan.findings, key=lambda pair: (pair[0], pair[1].rule, pair[1].fingerprint)
    ):
        yield Entry(
            plan.target,
            plan.profile,
            path or ".",
            item,
            (1, 1),
            (1, 1),
            message(item, report.language),
            True,
        )
    for file in sorted(plan.files, key=lambda f: f.scan.path):
        if not file.findings:
            continue
        offsets = [
            o
            for f in file.findings
            for s in (f.span, *(e.span for e in f.fix))
            for o in (s.start, s.end)
        ]
        places = report.positions(file.scan.path, offsets)
        raw = bytes.fromhex(file.scan.path_bytes)
        for item in sorted(file.findings, key=lambda f: (f.span, f.rule, f.fingerprint)):
            place = places[item.span.start], places[item.span.end]
            text = message(item, report.language)
            yield Entry(
                plan.target,
                plan.profile,
                file.scan.path,
                item,
                *place,
                text,
                not len(item.span),
                raw,
            )


def entries(report: Report) -> Iterator[Entry]:
    """Yield the findings of every plan in order."""
    for plan, _ in report.plans:
        yield from plan_entries(report, plan)


def gravest(found: Iterable[Entry], most: int) -> tuple[list[Entry], int]:
    """Return at most `most` findings in their order, with how many were left out.

    The gravest are kept; what is suppressed, known to a baseline or on unchanged lines goes first.
    """
    everything = list(found)
    if len(everything) <= most:
        return everything, 0
    items = [e.finding for e in everything]
    ranked = sorted(
        range(len(items)),
        key=lambda i: (bool(items[i].suppressed or items[i].exempt), -items[i].severity, i),
    )
    kept = sorted(ranked[:most])
    return [everything[i] for i in kept], len(everything) - most


def level(item: Finding) -> str:
    """Return error, warning or note, as most formats spell it."""
    return {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}[
        item.severity
    ]
