# SPDX-License-Identifier: Apache-2.0
"""The JSON report `portkit/report/1`, written file by file. Same input, same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import msgspec

from portkit.assess.kernels import KernelState, kernel_states
from portkit.assess.readiness import Assessment
from portkit.model.plans import FilePlan, Finding, Plan
from portkit.model.spans import Span
from portkit.model.words import Exists, Pairs, Proof
from portkit.printable import printable_json
from portkit.report.documents import (
    REPORT,
    JsonCreated,
    JsonEdit,
    JsonFile,
    JsonFinding,
    JsonFix,
    JsonKernel,
    JsonLooked,
    JsonMove,
    JsonReference,
    JsonTreeFinding,
)
from portkit.report.model import Position, Report
from portkit.rules.texts import message

NAME = "json"
Place = tuple[int, int, int, int, int, int]
_PIECES = 10_000  # of an encoder, a token each, that are written at once
_SPOOLED = 1 << 20  # characters of a plan that wait in memory
_encoder = msgspec.json.Encoder()


def render(report: Report, out: TextIO) -> None:
    """Write the report to `out`: one line a file, so that no more than one file's references are
    held at a time.

    The plans of all targets are written side by side, each file read and its places found once;
    what comes behind the first plan waits in a temporary file.
    """
    out.write(
        f'{{"schema":"{REPORT}","tool":{_text(report.tool)},"path_base":{_text(report.scan.path_base)},\n"plans":['
    )
    out.write("\n" if report.plans else "")
    with contextlib.ExitStack() as stack:
        later = [
            stack.enter_context(
                tempfile.SpooledTemporaryFile(_SPOOLED, "w+", encoding="utf-8", newline="")
            )
            for _ in report.plans[1:]
        ]
        _plans(report, [out, *later])
        for spool in later:
            out.write(",\n")
            spool.seek(0)
            shutil.copyfileobj(spool, out)
    out.write("]}\n")


def _plans(report: Report, outs: Sequence[Any]) -> None:
    """Write each plan to its stream."""
    for (plan, _), out in zip(report.plans, outs, strict=False):
        out.write(f'{{"target":{_text(plan.target)},"profile":{_text(plan.profile)},"files":[')
    columns = [{f.scan.path: f for f in plan.files} for plan, _ in report.plans]
    breaks = ["\n"] * len(columns)
    for path in sorted(set[str]().union(*columns)):
        holding = [number for number, files in enumerate(columns) if path in files]
        for number, document in zip(
            holding, file_documents([columns[n][path] for n in holding], report), strict=True
        ):
            outs[number].write(breaks[number] + _text(document))
            breaks[number] = ",\n"
    for (plan, assessment), out in zip(report.plans, outs, strict=False):
        _end(report, plan, assessment, out)


def _end(report: Report, plan: Plan, assessment: Assessment, out: Any) -> None:
    out.write('],\n"findings":' + _text(_tree_findings(plan, report.language)))
    moves = [JsonMove(m.source, m.destination) for m in sorted(plan.moves, key=lambda m: m.source)]
    created = [
        JsonCreated(p, len(data), hashlib.sha256(data).hexdigest())
        for p, data in sorted(plan.created)
    ]
    out.write(f',\n"moves":{_text(moves)},"created":{_text(created)}')
    looked = plan.looked
    verified = None
    if looked is not None:
        verified = JsonLooked(looked.units, looked.refused, looked.unread, looked.skipped)
    out.write(f',\n"summary":{_text(assessment.summary)},"verified":{_text(verified)}')
    if plan.guide is not None:
        out.write(f',"build":{_text(plan.guide)}')
    out.write(f',"since_report":{_text(report.trend(plan, assessment))}}}')


def _text(value: object) -> str:
    return printable_json(_encoder.encode(value))


def write_json(document: object, out: TextIO) -> None:
    """Write a document, indented, in pieces that cut no string; what acts on a terminal, and
    orders, are escapes in it.
    """
    pieces = json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(document)
    while piece := "".join(itertools.islice(pieces, _PIECES)):
        out.write(printable_json(piece.encode("utf-8", "surrogatepass")))
    out.write("\n")


def file_documents(plans: Sequence[FilePlan], report: Report) -> Iterator[JsonFile]:
    """Yield the JSON form of one file under each of its plans."""
    scan = plans[0].scan
    spans = (
        [r.span for r in scan.references]
        + [k.span for k in scan.facts.kernels]
        + [f.span for p in plans for f in p.findings]
    )
    places = report.positions(
        scan.path, [offset for span in spans for offset in (span.start, span.end)]
    )
    named = [_place(r.span, places) for r in scan.references]
    for file in plans:
        findings = sorted(file.findings, key=lambda f: (f.span, f.rule, f.fingerprint))
        yield JsonFile(
            path=scan.path,
            encoding=scan.encoding,
            parse=scan.parse,
            references=_references(file, named),
            findings=[_finding(f, places, scan.encoding, report.language) for f in findings],
            kernels=[_kernel(state, places) for state in kernel_states(file)],
            path_bytes=scan.path_bytes or None,
            language=scan.language,
        )


def _kernel(made: KernelState, places: dict[int, Position]) -> JsonKernel:
    kernel = made.kernel
    state: Any = made.state
    place = _place(kernel.span, places)
    return JsonKernel(
        kernel.name,
        kernel.space,
        *place,
        state,
        list(made.rules),
        list(made.features),
        made.through or None,
    )


def _place(span: Span, places: dict[int, Position]) -> Place:
    """Offset, length, line, column, end line, end column."""
    start, end = span.start, span.end
    return start, end - start, *places[start], *places[end]


# The words of evidence, since `.name` of an enumeration's member is slow where it is asked for with
# each reference.
_PROOF: dict[Proof | None, Any] = {None: None} | {p: p.name.lower() for p in Proof}
_EXISTS: dict[Exists, Any] = {e: e.name.lower() for e in Exists}
_PAIRS: dict[Pairs, Any] = {p: p.name.lower() for p in Pairs}


def _references(file: FilePlan, places: Sequence[Place]) -> list[JsonReference]:
    found = []
    for ref, decision, place in zip(file.scan.references, file.decisions, places, strict=True):
        row = decision.row
        evidence = (
            (_EXISTS[row.exists], _PAIRS[row.pairs], row.status)
            if row is not None
            else (None, None, None)
        )
        found.append(
            JsonReference(
                ref.name,
                ref.library,
                ref.kind,
                ref.context,
                *place,
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


def _finding(
    item: Finding, places: dict[int, Position], encoding: str, language: str
) -> JsonFinding:
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
        item.suppressed.reason if item.suppressed else None,
        item.exempt or None,  # type: ignore[arg-type]
        _fix(item, encoding),
        item.suppressed.kind if item.suppressed else None,
    )


def _args(item: Finding) -> dict[str, str]:
    return {key: item.args[key] for key in sorted(item.args)}


def _fix(item: Finding, encoding: str) -> JsonFix | None:
    if not item.fix:
        return None
    edits = [
        JsonEdit(
            e.span.start,
            len(e.span),
            e.expect.decode(encoding, "replace"),
            e.new.decode(encoding, "replace"),
        )
        for e in item.fix
    ]
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
            item.suppressed.reason if item.suppressed else None,
            item.exempt or None,  # type: ignore[arg-type]
            item.suppressed.kind if item.suppressed else None,
        )
        for path, item in ordered
    ]
