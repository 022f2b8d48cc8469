# SPDX-License-Identifier: Apache-2.0
"""The findings on constructs of a build that are left to a person: one a construct, by its kind."""

from __future__ import annotations

from portkit.model.plans import Decision, Finding
from portkit.model.reading import Reference
from portkit.model.words import Kind, Reason
from portkit.plan.building.made import BuildSite
from portkit.rules.registry import finding
from portkit.rules.view import noted

RULES: dict[Kind, str] = {
    Kind.LANGUAGE: "PK701",
    Kind.PACKAGE: "PK716",
    Kind.COMMAND: "PK716",
    Kind.VARIABLE: "PK716",
    Kind.ENVIRONMENT: "PK716",
    Kind.IMPORTED_TARGET: "PK703",
    Kind.LINK_LIBRARY: "PK703",
    Kind.HEADER: "PK716",
    Kind.FLAG: "PK704",
    Kind.PROPERTY: "PK704",
    Kind.ARCH: "PK705",
    Kind.CONDITION: "PK706",
    Kind.SOURCE: "PK707",
    Kind.PATH: "PK710",
    Kind.IMAGE: "PK711",
    Kind.TOOL: "PK712",
    Kind.KEY: "PK713",
}
VERSION, ARCHITECTURE = "PK708", "PK705"
WAY = "way"  # detail of a decision: what is known of the target's builds says why
_BROUGHT = frozenset({Kind.IMAGE})  # the target's is what a person wants to know
_SOFT = frozenset({Kind.VARIABLE, Kind.ENVIRONMENT})  # an empty variable stops no build by itself


def left(
    index: int, ref: Reference, decision: Decision, site: BuildSite, rule: str = ""
) -> Finding:
    """Return the finding on a reference that is left to a person."""
    row = decision.row
    args = {"name": ref.name, "target": site.target.name(), **_case(decision)}
    if row is not None and row.note:
        args |= noted(row.note, site.target)
    if ref.kind in _BROUGHT and row is not None and row.target:
        args |= {"case": "noted", "note": row.target, "note_zh": row.target}
    way = site.build.facts.cmake
    if decision.detail == WAY and way is not None:
        args |= {"case": "noted", "note": way.note, "note_zh": way.note_zh}
    soft = False if ref.kind in _SOFT or ref.user else None
    return finding(rule or RULES[ref.kind], ref.span, args, (index,), blocking=soft)


def _case(decision: Decision) -> dict[str, str]:
    """Return which message of the rule is meant."""
    row = decision.row
    if decision.reason is Reason.STRUCTURE:
        return {"case": "structure"}
    if row is None:
        return {"case": "unknown"}
    if row.note:
        return {"case": "noted"}
    return {}
