# SPDX-License-Identifier: Apache-2.0
"""Tables of what Python code uses, as users of an analyser of PyTorch programs know them: every
use, those that the target lacks, those that are not known, and advice. `--format analyse=DIR`
writes one file each; without a folder the first of them is written.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import TextIO

from portkit.assess.counts import NOT_KNOWN
from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.words import Action
from portkit.printable import printable_path
from portkit.report.csv import harmless
from portkit.report.listing import entries
from portkit.report.model import Report

NAME = "analyse"
OPS = (
    "target", "profile", "file", "line", "op", "kind", "context", "proof", "decision", "reason",
    "replacement", "note",
)  # fmt: skip
ADVICE = ("target", "profile", "file", "line", "rule", "severity", "advice", "exempt")
Wanted = Callable[[Decision], bool]


def render(report: Report, out: TextIO) -> None:
    """Write the table of every use."""
    _ops(report, out, lambda decision: True)


def _ops(report: Report, out: TextIO, wanted: Wanted) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(OPS)
    for row in _uses(report, wanted):
        writer.writerow([harmless(cell) for cell in row])


def _uses(report: Report, wanted: Wanted) -> Iterator[list[str]]:
    for plan, _ in report.plans:
        for file in plan.files:
            if file.scan.facts.python is None:
                continue
            found = [
                (ref, decision)
                for ref, decision in zip(file.scan.references, file.decisions, strict=True)
                if wanted(decision)
            ]
            if not found:
                continue
            places = report.positions(file.scan.path, [ref.span.start for ref, _ in found])
            for ref, decision in found:
                where = [plan.target, plan.profile, printable_path(file.scan.path)]
                line = places[ref.span.start][0]
                yield [*where, str(line), *_said(ref, decision)]


def _said(ref: Reference, decision: Decision) -> list[str]:
    proof = ref.proof.name.lower() if ref.proof is not None else ""
    note = decision.row.note if decision.row is not None else ""
    return [
        ref.name, ref.kind.value, ref.context.value, proof, decision.action.value,
        decision.reason.value, decision.replacement, note,
    ]  # fmt: skip


def _unsupported(report: Report, out: TextIO) -> None:
    _ops(
        report,
        out,
        lambda d: d.action is Action.MANUAL and d.reason not in NOT_KNOWN,
    )


def _unknown(report: Report, out: TextIO) -> None:
    _ops(report, out, lambda d: d.action is Action.MANUAL and d.reason in NOT_KNOWN)


def _advice(report: Report, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ADVICE)
    python = {f.scan.path for plan, _ in report.plans for f in plan.files if f.scan.facts.python}
    for entry in entries(report):
        if entry.path in python and not entry.finding.suppressed:
            item = entry.finding
            cells = [
                entry.target, entry.profile, entry.path, str(entry.start[0]), item.rule,
                item.severity.name.lower(), entry.text, item.exempt,
            ]  # fmt: skip
            writer.writerow([harmless(cell) for cell in cells])


FILES: dict[str, Callable[[Report, TextIO], None]] = {
    "cuda_op_list.csv": render,
    "unsupported_api.csv": _unsupported,
    "unknown_api.csv": _unknown,
    "advice.csv": _advice,
}
