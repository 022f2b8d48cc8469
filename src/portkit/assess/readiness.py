# SPDX-License-Identifier: Apache-2.0
"""Totals and readiness of a plan, computed once. The formula is explained in docs/readiness.md."""

from __future__ import annotations

from collections import Counter

import msgspec

from portkit.model import Action, Context, Decision, Effort, Exists, Kind, Parse, Plan, Reason, Reference, Severity

_NOT_COUNTED = frozenset({Context.COMMENT, Context.STRING})
_WORKS = frozenset({Reason.SAME_SPELLING, Reason.DROPPED, Reason.VENDOR_CODE, Reason.COMPILER_GUARD})
_BUILTIN = frozenset({Kind.BUILTIN, Kind.DEVICE_FUNCTION, Kind.FIELD})
HOURS = {Effort.MINUTES: (0.1, 0.5), Effort.HOURS: (1.0, 8.0), Effort.DAYS: (8.0, 40.0)}


class Assessment(msgspec.Struct, frozen=True):
    """Totals over decisions; columns add up: references = edit + manual + keep."""

    files: int
    lines: int
    files_by_parse: dict[str, int]
    references: int
    edit: int
    manual: int
    keep: int
    user_declared: int
    by_library: dict[str, dict[str, int]]
    by_proof: dict[str, int]
    by_exists: dict[str, int]
    by_pairs: dict[str, int]
    by_reason: dict[str, int]
    by_rung: dict[str, int]
    findings_by_severity: dict[str, int]
    findings_by_rule: dict[str, int]
    blocking: int
    unproven: list[str]
    unlocks: dict[str, int]
    hours: tuple[float, float]
    readiness: float | None
    readiness_all: float | None
    files_needing_work: list[tuple[str, int]]
    not_parsed: list[str]


def assess(plan: Plan) -> Assessment:
    """Return the assessment of a plan."""
    actions: Counter[str] = Counter()
    proofs: Counter[str] = Counter()
    exists: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    rungs: Counter[str] = Counter()
    unlocks: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    libraries: dict[str, Counter[str]] = {}
    unproven: set[str] = set()
    good = counted = good_all = counted_all = user = blocking = 0
    work: Counter[str] = Counter()
    kinds: dict[tuple[str, str], Effort] = {}
    for file in plan.files:
        blocked = {i for f in file.findings if f.blocking for i in f.references}
        for i, (ref, decision) in enumerate(zip(file.scan.references, file.decisions, strict=True)):
            actions[decision.action.value] += 1
            reasons[decision.reason.value] += 1
            rungs[ref.rung.value] += 1
            proofs[ref.proof.name.lower() if ref.proof else "none"] += 1
            if ref.user:
                user += 1
                continue
            libraries.setdefault(ref.library or "unknown", Counter())[decision.action.value] += 1
            _count_evidence(decision, exists, pairs, unlocks)
            if _is_unproven(decision):
                unproven.add(ref.name)
            if ref.context in _NOT_COUNTED or decision.reason is Reason.NOT_SELECTED:
                continue
            works = _works(decision, i in blocked)
            counted_all += 1
            good_all += works
            if not _is_builtin(ref, decision):
                counted += 1
                good += works
        for finding in file.findings:
            severities[finding.severity.name.lower()] += 1
            rules[finding.rule] += 1
            blocking += finding.blocking
            if finding.blocking:
                work[file.scan.path] += 1
            if finding.severity > Severity.INFO:
                kinds[finding.rule, finding.args.get("name", "") or finding.args.get("test", "")] = finding.effort
    for _, finding in plan.findings:
        severities[finding.severity.name.lower()] += 1
        rules[finding.rule] += 1
    low = sum(HOURS[e][0] for e in kinds.values())
    high = sum(HOURS[e][1] for e in kinds.values())
    parses = Counter(f.scan.parse.value for f in plan.files)
    return Assessment(
        files=len(plan.files),
        lines=sum(f.scan.lines for f in plan.files),
        files_by_parse=dict(sorted(parses.items())),
        references=sum(actions.values()),
        edit=actions["edit"],
        manual=actions["manual"],
        keep=actions["keep"],
        user_declared=user,
        by_library={k: {a: v[a] for a in ("edit", "manual", "keep")} for k, v in sorted(libraries.items())},
        by_proof={k: proofs[k] for k in ("proved", "likely", "spelling", "none")},
        by_exists={e.name.lower(): exists[e.name.lower()] for e in reversed(Exists)},
        by_pairs=dict(sorted(pairs.items())),
        by_reason=dict(sorted(reasons.items())),
        by_rung=dict(sorted(rungs.items())),
        findings_by_severity={s.name.lower(): severities[s.name.lower()] for s in reversed(Severity)},
        findings_by_rule=dict(sorted(rules.items())),
        blocking=blocking,
        unproven=sorted(unproven),
        unlocks=dict(sorted(unlocks.items())),
        hours=(round(low, 1), round(high, 1)),
        readiness=_percent(good, counted),
        readiness_all=_percent(good_all, counted_all),
        files_needing_work=sorted(work.items(), key=lambda p: (-p[1], p[0])),
        not_parsed=sorted(f.scan.path for f in plan.files if f.scan.parse in (Parse.FAILED, Parse.LIMIT) or any(i.rule == "PK901" for i in f.scan.issues)),
    )


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _works(decision: Decision, blocked: bool) -> bool:
    return not blocked and (decision.action is Action.EDIT or (decision.action is Action.KEEP and decision.reason in _WORKS))


def _is_builtin(ref: Reference, decision: Decision) -> bool:
    return ref.kind in _BUILTIN and decision.reason is Reason.SAME_SPELLING


def _is_unproven(decision: Decision) -> bool:
    return decision.action is Action.EDIT and decision.row is not None and decision.row.exists <= Exists.TABLE


def _count_evidence(decision: Decision, exists: Counter[str], pairs: Counter[str], unlocks: Counter[str]) -> None:
    if decision.row is None:
        return
    exists[decision.row.exists.name.lower()] += 1
    pairs[decision.row.pairs.name.lower()] += 1
    if decision.reason is Reason.UNPROVEN:
        unlocks[f"exists={decision.row.exists.name.lower()},pairs={decision.row.pairs.name.lower()}"] += 1
    elif decision.reason is Reason.SPELLING_ONLY:
        unlocks["proof=spelling"] += 1
