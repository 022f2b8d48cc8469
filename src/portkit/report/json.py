# SPDX-License-Identifier: Apache-2.0
"""The JSON report `portkit/report/1`, written file by file. Same input, same bytes."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any, TextIO

import msgspec

from portkit.assess.kernels import KernelState, kernel_states
from portkit.assess.readiness import Assessment
from portkit.model import Exists, FilePlan, Finding, Pairs, Plan, Proof, Span
from portkit.report.documents import (
    REPORT,
    JsonCreated,
    JsonEdit,
    JsonFile,
    JsonFinding,
    JsonFix,
    JsonKernel,
    JsonMove,
    JsonReference,
    JsonTreeFinding,
)
from portkit.report.model import Position, Report
from portkit.rules.texts import message

NAME, SUFFIX = "json", ".json"
_encoder = msgspec.json.Encoder()


def render(report: Report, out: TextIO) -> None:
    """Write the report to `out`: one line a file, so that no more than one file's references are held at a time."""
    out.write(f'{{"schema":"{REPORT}","tool":{_text(report.tool)},"path_base":{_text(report.scan.path_base)},\n"plans":[')
    for index, (plan, assessment) in enumerate(report.plans):
        out.write(",\n" if index else "\n")
        _plan(report, plan, assessment, out)
    out.write("]}\n")


def _plan(report: Report, plan: Plan, assessment: Assessment, out: TextIO) -> None:
    out.write(f'{{"target":{_text(plan.target)},"profile":{_text(plan.profile)},"files":[')
    for index, file in enumerate(sorted(plan.files, key=lambda f: f.scan.path)):
        out.write(",\n" if index else "\n")
        out.write(_text(file_document(file, report)))
    out.write('],\n"findings":' + _text(_tree_findings(plan, report.language)))
    moves = [JsonMove(m.source, m.destination) for m in sorted(plan.moves, key=lambda m: m.source)]
    created = [JsonCreated(p, len(data), hashlib.sha256(data).hexdigest()) for p, data in sorted(plan.created)]
    out.write(f',\n"moves":{_text(moves)},"created":{_text(created)}')
    out.write(f',\n"summary":{_text(assessment.summary)}}}')


def _text(value: object) -> str:
    return _encoder.encode(value).decode("utf-8")


def file_document(file: FilePlan, report: Report) -> JsonFile:
    """Return the JSON form of one file."""
    scan = file.scan
    findings = sorted(file.findings, key=lambda f: (f.span, f.rule, f.fingerprint))
    spans = itertools.chain((r.span for r in scan.references), (f.span for f in findings), (k.span for k in scan.facts.kernels))
    offsets = [offset for span in spans for offset in (span.start, span.end)]
    places = report.positions(scan.path, offsets)
    return JsonFile(
        path=scan.path,
        encoding=scan.encoding,
        parse=scan.parse,
        references=_references(file, places),
        findings=[_finding(f, places, scan.encoding, report.language) for f in findings],
        kernels=[_kernel(state, places) for state in kernel_states(file)],
        path_bytes=scan.path_bytes or None,
    )


def _kernel(made: KernelState, places: dict[int, Position]) -> JsonKernel:
    kernel = made.kernel
    state: Any = made.state
    place = _place(kernel.span, places)
    return JsonKernel(kernel.name, kernel.space, *place, state, list(made.rules), list(made.features), made.through or None)


def _place(span: Span, places: dict[int, Position]) -> tuple[int, int, int, int, int, int]:
    """Offset, length, line, column, end line, end column."""
    start, end = span.start, span.end
    return start, end - start, *places[start], *places[end]


# The words of evidence, since `.name` of an enumeration's member is slow where it is asked for with each reference.
_PROOF: dict[Proof | None, Any] = {None: None} | {p: p.name.lower() for p in Proof}
_EXISTS: dict[Exists, Any] = {e: e.name.lower() for e in Exists}
_PAIRS: dict[Pairs, Any] = {p: p.name.lower() for p in Pairs}


def _references(file: FilePlan, places: dict[int, Position]) -> list[JsonReference]:
    found = []
    for ref, decision in zip(file.scan.references, file.decisions, strict=True):
        row = decision.row
        evidence = (_EXISTS[row.exists], _PAIRS[row.pairs], row.status) if row is not None else (None, None, None)
        found.append(
            JsonReference(
                ref.name,
                ref.library,
                ref.kind,
                ref.context,
                *_place(ref.span, places),
                _PROOF[ref.proof],
                ref.rung,
                decision.action,
                decision.reason,
                ref.qualifier or None,
                decision.replacement or None,
                *evidence,
            )
        )
    return found


def _finding(item: Finding, places: dict[int, Position], encoding: str, language: str) -> JsonFinding:
    return JsonFinding(
        item.rule,
        item.severity.name.lower(),  # type: ignore[arg-type]
        item.blocking,
        item.effort,
        message(item, language),
        _args(item),
        *_place(item.span, places),
        list(item.references),
        item.fingerprint,
        item.suppressed or None,
        item.exempt or None,  # type: ignore[arg-type]
        _fix(item, encoding),
    )


def _args(item: Finding) -> dict[str, str]:
    return {key: item.args[key] for key in sorted(item.args)}


def _fix(item: Finding, encoding: str) -> JsonFix | None:
    if not item.fix:
        return None
    edits = [JsonEdit(e.span.start, len(e.span), e.expect.decode(encoding, "replace"), e.new.decode(encoding, "replace")) for e in item.fix]
    return JsonFix("safe" if item.fix_safe else "unsafe", edits)


def _tree_findings(plan: Plan, language: str) -> list[JsonTreeFinding]:
    ordered = sorted(plan.findings, key=lambda pair: (pair[0], pair[1].rule, pair[1].fingerprint))
    return [
        JsonTreeFinding(
            path,
            item.rule,
            item.severity.name.lower(),  # type: ignore[arg-type]
            item.blocking,
            item.effort,
            message(item, language),
            _args(item),
            item.fingerprint,
            item.suppressed or None,
            item.exempt or None,  # type: ignore[arg-type]
        )
        for path, item in ordered
    ]
