# SPDX-License-Identifier: Apache-2.0
"""A plan's totals and readiness, computed once; the formats only show them. The formula stands in
docs/readiness.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from portkit.assess.build import Building, build_of, is_of_build
from portkit.assess.counts import (
    Count,
    Labels,
    Totals,
    alike,
    hindered,
    is_language,
    label,
)
from portkit.assess.effort import EffortHint, EffortItem, EffortTable, by_rule, total
from portkit.assess.hidden import Hidden, hidden_in
from portkit.assess.kernels import count_kernels
from portkit.assess.parts import Parts, parts_of, share_of
from portkit.assess.unlocks import unlocks
from portkit.assess.unread import not_read
from portkit.assess.verdict import Verdict, verdict_of
from portkit.model.plans import Decision, FilePlan, Finding, Plan
from portkit.model.reading import Reference, Scan
from portkit.model.words import (
    BUILD_LIBRARY,
    Action,
    Context,
    Exists,
    Parse,
    Proof,
    Reason,
    Severity,
)
from portkit.targets.floors import Floors

_TITLE = "title"
_Alike = tuple[Reference, Decision, int]  # a reference without its place, and how many there are
OUTSIDE_CODE = frozenset(
    {
        *(Context.INACTIVE, Context.MACRO, Context.PASTE, Context.STRING, Context.COMMENT),
        Context.BUILD,
    }
)


class Share(msgspec.Struct, frozen=True):
    """`proved` of `references`: in active code outside macro definitions, without the project's own
    names.
    """

    references: int
    proved: int


class Summary(msgspec.Struct, frozen=True):
    """The totals of one plan. Every `by_` table of references adds up to `references`."""

    files: int
    files_by_parse: dict[str, int]
    lines: int
    references: int
    edit: int
    manual: int
    keep: int
    user_declared: int
    by_library: dict[str, Totals]
    by_proof: dict[str, int]
    by_exists: dict[str, int]
    by_pairs: dict[str, int]
    by_rung: dict[str, int]
    by_context: dict[str, int]
    by_reason: dict[str, int]
    active: Share
    findings: int
    findings_by_severity: dict[str, int]
    suppressed: int
    blocking: int
    unproven: list[str]
    unlocks: dict[str, int]
    kernels: dict[str, int]
    effort_hours: EffortHint
    readiness: float | None
    readiness_all: float | None
    parts: Parts
    verdict: Verdict
    hidden: Hidden
    # files that were not read: by the reason why they were left out, and those that hold CUDA by
    # their kind; `unread_words`: CUDA's words in both, roughly
    left_out: dict[str, int] = {}
    unread: dict[str, int] = {}
    unread_words: int = 0
    build: Building = Building()


class FileTotals(msgspec.Struct, frozen=True):
    """One file's counts, blocking findings and readiness."""

    path: str
    parse: Parse
    totals: Totals
    blocking: int
    readiness: float | None


class Blocker(msgspec.Struct, frozen=True):
    """Blocking findings of one rule on one name: how many, in how many files, and the first place
    (byte offset).

    `spoken` has the name in other languages than English, where it is the title of a feature.
    """

    rule: str
    name: str
    count: int
    files: int
    path: str
    offset: int
    spoken: dict[str, str] = {}

    def called(self, language: str) -> str:
        """Return the name for readers of a language."""
        return self.spoken.get(language, self.name)


class Assessment(msgspec.Struct, frozen=True):
    """What a plan amounts to. `files` lists every file with references, `not_parsed` what Clang did
    not read, nor another language's own parser.

    `effort` holds the hours by rule, the most expensive first; `summary.effort_hours` is their sum.
    """

    summary: Summary
    files: tuple[FileTotals, ...]
    blockers: tuple[Blocker, ...]
    not_parsed: tuple[FileTotals, ...]
    effort: tuple[EffortItem, ...] = ()


def assess(
    plan: Plan,
    floors: Floors | None = None,
    table: EffortTable | None = None,
    moved: Mapping[str, int] = MappingProxyType({}),
    scan: Scan | None = None,
) -> Assessment:
    """Return the assessment of a plan. `floors` are the ones that it was made with (for `unlocks`),
    `table` the hours; `moved`: by file, how many names of the target's its code has already; `scan`
    says what was not read.
    """
    labels, tree, libraries = Labels(plan), Count(), dict[str, Count]()
    words: dict[str, Counter[str]] = {
        k: Counter() for k in ("proof", "exists", "pairs", "rung", "context", "reason")
    }
    kinds = list(alike(plan))
    for ref, decision, count in kinds:
        for counts in (tree, libraries.setdefault(ref.library, Count())):
            of_build = ref.library == BUILD_LIBRARY
            counts.add(label(decision, is_language(ref.kind, ref.library), of_build), count)
        _tally(words, ref, decision, count)
    files = []
    for item in plan.files:
        persons = Counter((ref.library, standing) for ref, standing in hindered(item))
        mine = labels.count(item)
        for (library, standing), count in persons.items():
            for counts in (libraries[library], tree, mine):
                counts.hinder(standing, count)
        files.append(_file_totals(item, mine, moved.get(item.scan.path, 0)))
    findings = [f for item in plan.files for f in item.findings] + [f for _, f in plan.findings]
    counted = [f for f in findings if not f.suppressed]
    totals = tree.totals()
    blocking = sum(f.blocking for f in counted)
    of_names = sum(f.blocking and not is_of_build(f) for f in counted)
    parts, building = parts_of(tree.standings, sum(moved.values()), of_names), build_of(plan)
    kernels, unread = count_kernels(plan), not_read(scan)
    effort = by_rule(counted, sum(bool(f.edits) for f in plan.files), table)
    summary = Summary(
        files=len(plan.files),
        files_by_parse=_sorted(Counter(f.scan.parse.value for f in plan.files)),
        lines=sum(f.scan.lines for f in plan.files),
        references=totals.references,
        edit=totals.edit,
        manual=totals.manual,
        keep=totals.keep,
        user_declared=totals.user_declared,
        by_library={name or "unknown": libraries[name].totals() for name in sorted(libraries)},
        by_proof=_in_order(words["proof"], ("proved", "likely", "spelling", "none")),
        by_exists=_in_order(words["exists"], (*(e.name.lower() for e in reversed(Exists)), "none")),
        by_pairs=_in_order(words["pairs"], ("user", "usage", "table", "alike", "no", "none")),
        by_rung=_sorted(words["rung"]),
        by_context=_sorted(words["context"]),
        by_reason=_sorted(words["reason"]),
        active=_active(kinds),
        findings=len(counted),
        findings_by_severity=_severities(counted),
        suppressed=len(findings) - len(counted),
        blocking=blocking,
        unproven=_unproven(kinds),
        unlocks=unlocks(kinds, floors or Floors()),
        kernels=kernels,
        effort_hours=total(effort),
        readiness=parts.share.by_itself if parts.share is not None else None,
        readiness_all=_with_language(parts, of_names),
        parts=parts,
        verdict=verdict_of(parts, kernels, of_names, unread, building),
        hidden=hidden_in(plan),
        left_out=unread.left_out,
        unread=unread.kinds,
        unread_words=unread.words,
        build=building,
    )
    listed = tuple(f for f in files if f.totals.references)
    own = {f.scan.path for f in plan.files if f.scan.facts.python is not None}
    not_parsed = tuple(
        f
        for f in files
        if f.parse is not Parse.CLANG and not (f.parse is Parse.SYNTAX and f.path in own)
    )
    return Assessment(summary, listed, blockers(plan), not_parsed, effort)


def blockers(plan: Plan) -> tuple[Blocker, ...]:
    """Return the blocking findings grouped by rule and name, the most frequent first."""
    groups: dict[tuple[str, str], list[tuple[str, int]]] = {}
    spoken: dict[str, dict[str, str]] = {}
    for path, item in all_findings(plan):
        if item.blocking and not item.suppressed:
            name = subject(item)
            groups.setdefault((item.rule, name), []).append((path, item.span.start))
            if name == item.args.get(_TITLE):
                spoken[name] = {
                    k.removeprefix(f"{_TITLE}_"): v
                    for k, v in item.args.items()
                    if k.startswith(f"{_TITLE}_")
                }
    found = [
        Blocker(
            rule, name, len(places), len({p for p, _ in places}), *min(places), spoken.get(name, {})
        )
        for (rule, name), places in groups.items()
    ]
    return tuple(sorted(found, key=lambda b: (-b.count, b.rule, b.name)))


def all_findings(plan: Plan) -> Iterable[tuple[str, Finding]]:
    """Yield (path, finding) of every file of a plan, then of the tree."""
    for item in plan.files:
        for finding in item.findings:
            yield item.scan.path, finding
    yield from plan.findings


def subject(finding: Finding) -> str:
    """Return what a finding is about: a name, a macro's test, the instructions of an assembly
    statement, or a feature's title.
    """
    args = finding.args
    if "operator" in args:
        return f"{args.get('macro', '')} {args['operator']} {args.get('value', '')}"
    return next(
        (args[key] for key in ("name", "macro", "mnemonics", "path", _TITLE) if args.get(key)), ""
    )


def _with_language(parts: Parts, blocking: int) -> float | None:
    """Return what moves by itself of all names, with the words of the language that stay."""
    by_itself = parts.moved + parts.to_move + parts.stays
    share = share_of(by_itself, parts.person, parts.unknown, blocking)
    return share.by_itself if share is not None else None


def _file_totals(item: FilePlan, own: Count, ported: int) -> FileTotals:
    blocking = _blocking(item)
    share = parts_of(own.standings, ported, blocking).share
    ready = share.by_itself if share is not None else None
    return FileTotals(item.scan.path, item.scan.parse, own.totals(), blocking, ready)


def _active(kinds: Iterable[_Alike]) -> Share:
    references = proved = 0
    for ref, _, count in kinds:
        if ref.context not in OUTSIDE_CODE and not ref.user:
            references += count
            proved += count if ref.proof is Proof.PROVED else 0
    return Share(references, proved)


def _unproven(kinds: Iterable[_Alike]) -> list[str]:
    """Return the renamed names whose new name a table or the naming rule alone vouches for."""
    names = set()
    for ref, decision, _ in kinds:
        row = decision.row
        renamed = decision.action is Action.EDIT or decision.reason is Reason.COMPAT_HEADER
        if renamed and row is not None and row.exists <= Exists.TABLE:
            names.add(f"{ref.qualifier}::{ref.name}" if ref.qualifier else ref.name)
    return sorted(names)


def _tally(
    words: Mapping[str, Counter[str]], ref: Reference, decision: Decision, count: int
) -> None:
    row = decision.row
    words["proof"][ref.proof.name.lower() if ref.proof is not None else "none"] += count
    words["exists"][row.exists.name.lower() if row is not None else "none"] += count
    words["pairs"][row.pairs.name.lower() if row is not None else "none"] += count
    words["rung"][ref.rung.value] += count
    words["context"][ref.context.value] += count
    words["reason"][decision.reason.value] += count


def _blocking(item: FilePlan) -> int:
    return sum(f.blocking and not f.suppressed for f in item.findings)


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {key: counts[key] for key in sorted(counts)}


def _in_order(counts: Counter[str], order: tuple[str, ...]) -> dict[str, int]:
    return {key: counts[key] for key in order if counts[key]}


def _severities(findings: Iterable[Finding]) -> dict[str, int]:
    counts = Counter(f.severity for f in findings)
    return {s.name.lower(): counts[s] for s in reversed(Severity)}
