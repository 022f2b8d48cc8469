# SPDX-License-Identifier: Apache-2.0
"""`portkit/report/1`: the full result as JSON, written file by file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

import msgspec

import portkit
from portkit.assess.readiness import Assessment
from portkit.files.text import SourceText
from portkit.model import Decision, FilePlan, Finding, Kernel, Plan, Reference, Span
from portkit.report.model import Report
from portkit.rules.texts import message_of

NAME, SUFFIX = "json", ".json"
SCHEMA = "portkit/report/1"


def render(report: Report, out: TextIO) -> None:
    """Write the report. Same input, same bytes."""
    tool = {
        "name": "portkit",
        "version": portkit.__version__,
        "clang": report.scan.clang,
        "vocabulary": report.scan.vocabulary,
        "tables": dict(sorted(report.tables.items())),
    }
    out.write('{"schema":' + _dump(SCHEMA) + ',"tool":' + _dump(tool) + ',"path_base":' + _dump(report.scan.path_base))
    out.write(',"plans":[')
    for i, (plan, assessment) in enumerate(report.plans):
        out.write("," if i else "")
        for part in _plan(report, plan, assessment):
            out.write(part)
    out.write("]}\n")


def _dump(value: Any) -> str:
    return msgspec.json.encode(value).decode("utf-8")


def _plan(report: Report, plan: Plan, assessment: Assessment) -> Iterator[str]:
    yield '{"target":' + _dump(plan.target) + ',"profile":' + _dump(plan.profile) + ',"files":['
    for i, file in enumerate(plan.files):
        yield ("," if i else "") + "\n" + _dump(file_entry(report, file))
    tree = [{"path": path, **_finding(f, None, report.language)} for path, f in plan.findings]
    yield "]," + _dump({"findings": tree, "moves": plan.moves, "created": [p for p, _ in plan.created]})[1:-1]
    yield ',"summary":' + _dump(assessment) + "}"


def file_entry(report: Report, file: FilePlan) -> dict[str, Any]:
    """Return one file's part of the document as plain values."""
    scan = file.scan
    text = report.text(scan.path, scan.encoding) if scan.references or file.findings else None
    entry: dict[str, Any] = {"path": scan.path}
    if scan.path_bytes:
        entry["path_bytes"] = scan.path_bytes
    entry |= {"encoding": scan.encoding, "parse": scan.parse.value, "lines": scan.lines}
    entry["references"] = [_reference(r, d, text) for r, d in zip(scan.references, file.decisions, strict=True)]
    entry["findings"] = [_finding(f, text, report.language) for f in file.findings]
    entry["kernels"] = [_kernel(k, scan.references, text) for k in scan.facts.kernels if k.space == "global" and text is not None]
    return entry


def _place(span: Span, text: SourceText | None) -> dict[str, int]:
    line, column = text.position(span.start) if text else (1, 1)
    end_line, end_column = text.position(span.end) if text else (1, 1)
    return {"offset": span.start, "length": len(span), "line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _reference(ref: Reference, decision: Decision, text: SourceText | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": ref.name}
    if ref.qualifier:
        entry["qualifier"] = ref.qualifier
    entry |= {"library": ref.library, "kind": ref.kind.value, "context": ref.context.value}
    entry |= _place(ref.span, text)
    entry["proof"] = ref.proof.name.lower() if ref.proof is not None else None
    entry |= {"rung": ref.rung.value, "decision": decision.action.value, "reason": decision.reason.value}
    if decision.replacement:
        entry["replacement"] = decision.replacement
    if decision.row is not None:
        row = decision.row
        entry |= {"exists": row.exists.name.lower(), "pairs": row.pairs.name.lower(), "status": row.status.value}
    return entry


def _finding(finding: Finding, text: SourceText | None, language: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "blocking": finding.blocking,
        "effort": finding.effort.value,
        "message": message_of(finding.rule, finding.args, language),
        "args": dict(sorted(finding.args.items())),
    }
    entry |= _place(finding.span, text)
    entry |= {"references": list(finding.references), "fingerprint": finding.fingerprint}
    if finding.suppressed:
        entry["suppressed"] = finding.suppressed
    return entry


def _kernel(kernel: Kernel, references: tuple[Reference, ...], text: SourceText | None) -> dict[str, Any]:
    inside = [i for i, r in enumerate(references) if kernel.span.contains(r.span)]
    return {"name": kernel.name, **_place(kernel.span, text), "references": inside}
