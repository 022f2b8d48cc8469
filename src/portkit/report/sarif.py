# SPDX-License-Identifier: Apache-2.0
"""SARIF 2.1.0 (docs.oasis-open.org/sarif): a run a target, within the limits of GitHub's code
scanning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO
from urllib.parse import quote

from portkit import __version__
from portkit.model.plans import Finding, Plan
from portkit.model.words import Parse, Severity, Silenced
from portkit.report.json import write_json
from portkit.report.listing import Entry, gravest, level, plan_entries
from portkit.report.model import Report
from portkit.rules.registry import all_rules
from portkit.rules.texts import load_text

NAME = "sarif"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://pypi.org/project/portkit/"
MOST = 5000  # results that code scanning shows of a run; it takes 25,000
_PROBLEM = {"error": "error", "warning": "warning", "note": "recommendation"}
_WARP = "PK3"  # evidence from data flow: the one family that can be wrong

_CUT: dict[str, Any] = {
    "id": "portkit-left-out",
    "name": "left-out",
    "shortDescription": {"text": "Findings left out of this file"},
    "fullDescription": {
        "text": "Code scanning shows a limited number of results; the gravest are kept."
    },
    "help": {"text": "Write the JSON report beside this one: it has all findings."},
    "defaultConfiguration": {"level": "note"},
}


def render(report: Report, out: TextIO) -> None:
    """Write one run a plan. What goes over the limit is left out, the mildest first, and a result
    says so.
    """
    runs = [_run(report, plan) for plan, _ in report.plans]
    write_json({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}, out)


def _run(report: Report, plan: Plan) -> dict[str, Any]:
    kept, left_out = gravest(plan_entries(report, plan), MOST - 1)
    ids = sorted({e.finding.rule for e in kept})
    numbers = {rule: i for i, rule in enumerate(ids)}
    rules = [_rule(rule, report.language) for rule in ids]
    results = [_result(report, e, numbers) for e in kept]
    notes = [
        _note("warning", f"{f.scan.path} could not be read", f.scan.path)
        for f in plan.files
        if f.scan.parse is Parse.FAILED
    ]
    if sdk := report.sdk.get(f"{plan.target}@{plan.profile}"):
        notes.append(_note("note", f"an SDK on this machine proves some names: {sdk}", ""))
    if left_out:
        text = (
            f"{left_out} milder findings are left out of this file: code scanning shows "
            f"{MOST}. The JSON report has them all."
        )
        rules.append(_CUT)
        results.append(_cut(text, len(ids), kept[0].path))
        notes.append(_note("note", text, ""))
    return {
        "tool": {
            "driver": {
                "name": "portkit",
                "semanticVersion": __version__,
                "informationUri": HOME,
                "rules": rules,
            }
        },
        "automationDetails": {"id": f"portkit/{plan.target}-{plan.profile}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "%SRCROOT%": {
                "description": {"text": "The root that the report's paths are relative to."}
            }
        },
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": results,
    }


def _rule(rule: str, language: str) -> dict[str, Any]:
    known, text = all_rules()[rule], load_text(rule, language)
    grade = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}[
        known.severity
    ]
    body = "\n\n".join(
        (text.sections["what"], text.sections["why"], text.sections["do"], text.sections["example"])
    )
    return {
        "id": rule,
        "name": known.slug,
        "shortDescription": {"text": text.title[:1024]},
        "fullDescription": {"text": text.sections["what"][:1024]},
        "help": {"text": body, "markdown": body},
        "defaultConfiguration": {"level": grade},
        "properties": {
            "precision": "medium" if rule.startswith(_WARP) else "high",
            "problem.severity": _PROBLEM[grade],
            "tags": ["portability", rule[:3]],
        },
    }


def _result(report: Report, entry: Entry, numbers: dict[str, int]) -> dict[str, Any]:
    item = entry.finding
    result: dict[str, Any] = {
        "ruleId": item.rule,
        "ruleIndex": numbers[item.rule],
        "level": level(item),
        "message": {"text": entry.text},
        "locations": [{"physicalLocation": _location(entry)}],
        "partialFingerprints": {"portkit/v1": item.fingerprint},
        "properties": {"blocking": item.blocking, "effort": str(item.effort)},
    }
    if item.suppressed:
        kind = "inSource" if item.suppressed.kind is Silenced.COMMENT else "external"
        result["suppressions"] = [{"kind": kind, "justification": item.suppressed.reason}]
    if item.exempt:
        result["properties"]["exempt"] = item.exempt
    if report.compared:
        result["baselineState"] = "unchanged" if item.exempt else "new"
    if item.fix:
        result["fixes"] = [_fix(report, entry, item)]
    return result


def _location(entry: Entry) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(entry.path, entry.raw)}
    if not entry.whole or entry.path != ".":
        place["region"] = _region(
            entry.start,
            entry.end if entry.end > entry.start else (entry.start[0], entry.start[1] + 1),
        )
    return place


def _artifact(path: str, raw: bytes = b"") -> dict[str, str]:
    return {"uri": quote(raw or path, safe="/"), "uriBaseId": "%SRCROOT%"}


def _region(start: Sequence[int], end: Sequence[int]) -> dict[str, int]:
    return {"startLine": start[0], "startColumn": start[1], "endLine": end[0], "endColumn": end[1]}


def _fix(report: Report, entry: Entry, item: Finding) -> dict[str, Any]:
    places = report.positions(entry.path, [o for e in item.fix for o in (e.span.start, e.span.end)])
    replacements = [
        {
            "deletedRegion": _region(places[e.span.start], places[e.span.end]),
            "insertedContent": {"text": e.new.decode("utf-8", "replace")},
        }
        for e in item.fix
    ]
    change = {"artifactLocation": _artifact(entry.path, entry.raw), "replacements": replacements}
    return {
        "description": {"text": f"{item.rule}: {'safe' if item.fix_safe else 'unsafe'} fix"},
        "artifactChanges": [change],
    }


def _cut(text: str, number: int, path: str) -> dict[str, Any]:
    """Return the result that says what was left out. Code scanning wants a place of every result:
    the first file.
    """
    return {
        "ruleId": _CUT["id"],
        "ruleIndex": number,
        "level": "note",
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(path),
                    "region": _region((1, 1), (1, 2)),
                }
            }
        ],
    }


def _note(grade: str, text: str, path: str) -> dict[str, Any]:
    made: dict[str, Any] = {"level": grade, "message": {"text": text}}
    if path:
        made["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(path)}}]
    return made
