# SPDX-License-Identifier: Apache-2.0
"""One plan as the template shows it: nothing is computed anew that the assessment knows."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from portkit.assess.counts import Totals
from portkit.assess.coverage import Wanted, unknown, wanted
from portkit.assess.readiness import Assessment, Summary, all_findings
from portkit.model.plans import Plan
from portkit.model.spans import Span
from portkit.model.words import Action, Parse, Severity
from portkit.printable import printable
from portkit.report.i18n import catalog
from portkit.report.left_out import left_out
from portkit.report.listing import Entry
from portkit.report.model import Report

if TYPE_CHECKING:
    from portkit.assess.routes import RouteAdvice

KERNELS = 15
LIBRARIES = 24
WANTED = 20  # names that are not known, the most used
Part = tuple[str, int]
_WEAK = frozenset({"spelling", "rule", "table", "alike", "no"})


class PageLibrary(msgspec.Struct, frozen=True):
    """A row of the chart by library."""

    name: str
    total: int
    edit: int
    keep: int
    manual: int
    parts: list[Part]


class KernelRow(msgspec.Struct, frozen=True):
    """A kernel with the references and findings in its body; `most` is the scale of the chart."""

    name: str
    place: str
    total: int
    manual: int
    findings: int
    parts: list[Part]
    most: int


class BlockerRow(msgspec.Struct, frozen=True):
    """What blocks, with a link to the first finding of it."""

    rule: str
    name: str
    count: int
    files: int
    place: str
    link: str


class PlanView(msgspec.Struct, frozen=True):
    """What the template needs of a plan. `id` is good for an element's id and for a URL fragment."""

    id: str
    target: str
    spec: str
    verdict: str
    summary: Summary
    blockers: list[BlockerRow]
    libraries: list[PageLibrary]
    axes: list[tuple[str, list[tuple[str, int, int, str]]]]
    kernels: list[KernelRow]
    kernel_count: int
    kernels_with_work: int
    unlocks: list[tuple[str, int]]
    wanted: list[Wanted]
    wanted_names: int
    wanted_uses: int
    parse_clang: int
    parse_other: int
    active: str
    left_out: list[tuple[str, int]]
    limits: list[tuple[str, int]]
    not_parsed: list[tuple[str, str, int]]
    routes: list[RouteAdvice] = []  # of Python code, the one that is taken first


def plan_id(plan: Plan) -> str:
    """Return a plan's id within the page."""
    return f"{plan.target}-{plan.profile}"


def fragments(plan: Plan, entries: list[Entry]) -> list[str]:
    """Return the URL fragment of each finding: the plan, half of the fingerprint, and a number
    where two are alike.
    """
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        name = f"f-{plan_id(plan)}-{entry.finding.fingerprint[:16]}"
        found.append(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def plan_view(
    report: Report, plan: Plan, assessment: Assessment, entries: list[Entry], links: list[str]
) -> PlanView:
    """Return the view of one plan. `entries` are its findings with their places, `links` their
    fragments.
    """
    s = assessment.summary
    kernels, with_work = _kernels(report, plan)
    share = f"{100 * s.active.proved / s.active.references:.1f}" if s.active.references else ""
    limits = Counter(f.rule for _, f in all_findings(plan) if f.rule.startswith("PK9"))
    unread = [
        f
        for f in assessment.not_parsed
        if f.totals.references or f.parse in (Parse.FAILED, Parse.LIMIT)
    ]
    open_names = unknown(wanted(plan))
    return PlanView(
        id=plan_id(plan),
        target=plan.target,
        spec=f"{plan.target}@{plan.profile}",
        verdict=s.verdict.whole,
        summary=s,
        blockers=_blockers(assessment, entries, links),
        libraries=_libraries(s),
        axes=[_axis("proof", s.by_proof), _axis("exists", s.by_exists), _axis("pairs", s.by_pairs)],
        kernels=kernels,
        kernel_count=sum(len(f.scan.facts.kernels) for f in plan.files),
        kernels_with_work=with_work,
        unlocks=[(floor, count) for floor, count in s.unlocks.items() if floor],
        wanted=open_names[:WANTED],
        wanted_names=len(open_names),
        wanted_uses=sum(w.uses for w in open_names),
        parse_clang=s.files_by_parse.get(Parse.CLANG.value, 0),
        parse_other=s.files - s.files_by_parse.get(Parse.CLANG.value, 0),
        active=share,
        left_out=left_out(s, catalog(report.language)),
        limits=sorted(limits.items()),
        not_parsed=[(printable(f.path), f.parse.value, f.totals.references) for f in unread],
        routes=[
            route
            for advice in report.advice
            if (advice.target, advice.profile) == (plan.target, plan.profile)
            for route in advice.routes
        ],
    )


def parts_of(totals: Totals) -> list[Part]:
    """Return the parts of a bar; the project's own names are left out."""
    return [
        ("edit", totals.edit),
        ("keep", totals.keep - totals.user_declared),
        ("manual", totals.manual),
    ]


def settled(totals: Totals) -> str:
    """Return the share of references that need no person, in per cent rounded down."""
    whole = totals.references - totals.user_declared
    return str(100 * (whole - totals.manual) // whole) if whole else "-"


def _libraries(s: Summary) -> list[PageLibrary]:
    found = []
    for name, totals in s.by_library.items():
        works = totals.keep - totals.user_declared
        found.append(
            PageLibrary(
                name,
                totals.edit + works + totals.manual,
                totals.edit,
                works,
                totals.manual,
                parts_of(totals),
            )
        )
    return sorted((x for x in found if x.total), key=lambda x: (-x.total, x.name))


def _axis(name: str, counts: dict[str, int]) -> tuple[str, list[tuple[str, int, int, str]]]:
    most = max(counts.values(), default=1)
    kind = {"none": "own"} | dict.fromkeys(_WEAK, "weak")
    return name, [(word, count, most, kind.get(word, "strong")) for word, count in counts.items()]


def _blockers(assessment: Assessment, entries: list[Entry], links: list[str]) -> list[BlockerRow]:
    first: dict[tuple[str, str, int], tuple[str, str]] = {}
    for entry, link in zip(entries, links, strict=True):
        if entry.finding.blocking:
            place = (
                printable(entry.path)
                if entry.whole
                else f"{printable(entry.path)}:{entry.start[0]}"
            )
            first.setdefault(
                (entry.finding.rule, entry.path, entry.finding.span.start), (place, link)
            )
    return [
        BlockerRow(
            b.rule, printable(b.name), b.count, b.files, *first[b.rule, b.path or ".", b.offset]
        )
        for b in assessment.blockers
    ]


def _kernels(report: Report, plan: Plan) -> tuple[list[KernelRow], int]:
    """Return the kernels that ask for the most work, and how many ask for any."""
    found: list[tuple[int, int, str, str, Span, Counter[Action]]] = []
    for file in plan.files:
        starts = [r.span.start for r in file.scan.references]
        work = sorted(
            f.span.start for f in file.findings if f.severity > Severity.INFO and not f.suppressed
        )
        for kernel in file.scan.facts.kernels:
            first, end = (bisect_left(starts, p) for p in (kernel.span.start, kernel.span.end))
            actions = Counter(d.action for d in file.decisions[first:end])
            findings = bisect_left(work, kernel.span.end) - bisect_left(work, kernel.span.start)
            if findings or actions[Action.MANUAL]:
                found.append(
                    (
                        findings,
                        actions[Action.MANUAL],
                        file.scan.path,
                        kernel.name,
                        kernel.span,
                        actions,
                    )
                )
    found.sort(key=lambda k: (-k[0] - k[1], k[2], k[4]))
    most = max((sum(k[5].values()) for k in found[:KERNELS]), default=1)
    return [_kernel(report, k, most) for k in found[:KERNELS]], len(found)


def _kernel(
    report: Report, item: tuple[int, int, str, str, Span, Counter[Action]], most: int
) -> KernelRow:
    findings, manual, path, name, span, actions = item
    line = report.positions(path, [span.start])[span.start][0]
    parts: list[Part] = [
        (action.value, actions[action]) for action in (Action.EDIT, Action.KEEP, Action.MANUAL)
    ]
    return KernelRow(
        printable(name),
        f"{printable(path)}:{line}",
        sum(actions.values()),
        manual,
        findings,
        parts,
        most,
    )


def comparison(
    views: list[PlanView],
) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[tuple[str, list[Part]]]]]]:
    """Return the rows of the table of targets: measures, then libraries with the share that needs
    no person.
    """
    sums = [v.summary for v in views]

    def ready(value: float | None) -> str:
        return "-" if value is None else f"{value} %"

    rows = [
        ("readiness_word", [ready(s.readiness) for s in sums]),
        ("person_share", [ready(s.parts.share.person if s.parts.share else None) for s in sums]),
        ("unknown_share", [ready(s.parts.share.unknown if s.parts.share else None) for s in sums]),
        ("moved_already", [f"{s.parts.moved:,}" for s in sums]),
        ("readiness_all", [ready(s.readiness_all) for s in sums]),
        ("by_itself", [f"{s.edit:,}" for s in sums]),
        ("by_hand", [f"{s.manual:,}" for s in sums]),
        ("stays", [f"{s.keep - s.user_declared:,}" for s in sums]),
        ("blocking_findings", [f"{s.blocking:,}" for s in sums]),
        (
            "errors_warnings_notes",
            [
                " / ".join(f"{s.findings_by_severity[w]:,}" for w in ("error", "warning", "info"))
                for s in sums
            ],
        ),
        ("suppressed_word", [f"{s.suppressed:,}" for s in sums]),
        ("effort_word", [f"{s.effort_hours.low:,.0f}-{s.effort_hours.high:,.0f} h" for s in sums]),
        ("unproven_word", [f"{len(s.unproven):,}" for s in sums]),
    ]
    weight: Counter[str] = Counter()
    for s in sums:
        weight.update({name: t.references - t.user_declared for name, t in s.by_library.items()})
    names = [name for name, count in sorted(weight.items(), key=lambda x: (-x[1], x[0])) if count][
        :LIBRARIES
    ]
    nothing = Totals(0, 0, 0, 0, 0)
    cells = [(name, [s.by_library.get(name, nothing) for s in sums]) for name in names]
    return rows, [
        (name, [(settled(t), parts_of(t) if t.references > t.user_declared else []) for t in row])
        for name, row in cells
    ]
