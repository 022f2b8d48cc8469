# SPDX-License-Identifier: Apache-2.0
"""Names that are only renamed together with others: those of one condition, and a probe with all
that it guards. Where one of them is left to a person, so are the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from portkit.model.plans import Decision, FilePlan
from portkit.model.reading import FileScan, Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Reason
from portkit.rules.cxx.branches import Probe, guarded_by, may_probe, probes
from portkit.rules.cxx.conditions import are_alternatives, condition_lines
from portkit.rules.view import FileSource
from portkit.vocab.vocabulary import Vocabulary

LINE, BRANCH = "line", "branch"  # why a name is held: the first word of its decision's detail
# Says what becomes of a reference that this run leaves out, so that steps end as one run does.
Judge = Callable[[Reference], Decision]


def hold_together(
    source: FileSource, decisions: tuple[Decision, ...], judge: Judge
) -> tuple[Decision, ...]:
    """Return the decisions of a file with every rename held back that would be half of one."""
    if not any(d.action is Action.MANUAL or d.reason is Reason.NOT_SELECTED for d in decisions):
        return decisions
    result, scan = list(decisions), source.scan
    _hold_lines(source, result, judge)
    for probe in reversed(source.once(probes)):  # inner ones first
        if result[probe.index].action is Action.EDIT:
            spans = (*probe.guarded, *guarded_by(scan, probe.macros))
            cause = _left_in(scan, result, spans, judge, probe.line)
            _hold_probe(scan, probe, cause, result)
    _hold_lines(source, result, judge)
    return tuple(result)


def hold_across(
    plans: Sequence[FilePlan],
    vocabulary: Vocabulary,
    read: Callable[[str], bytes],
    judge: Judge,
) -> dict[int, tuple[FileSource, tuple[Decision, ...]]]:
    """Return the sources of the files, by number, and their new decisions, whose probes define
    macros that guard names which are left to a person in other files.
    """
    changed: dict[int, tuple[FileSource, tuple[Decision, ...]]] = {}
    for number, plan in enumerate(plans):
        scan = plan.scan
        if not (scan.facts.macros and plan.edits and may_probe(scan, vocabulary)):
            continue
        source = FileSource(scan, read(scan.path), vocabulary)
        result = list(plan.decisions)
        for probe in source.once(probes):
            if result[probe.index].action is Action.EDIT and probe.macros:
                cause = _left_elsewhere(plans, number, probe.macros, judge)
                _hold_probe(scan, probe, cause, result)
        if result != list(plan.decisions):
            _hold_lines(source, result, judge)
            changed[number] = source, tuple(result)
    return changed


def without_held(
    edits: Sequence[Edit], scan: FileScan, decisions: Sequence[Decision]
) -> tuple[Edit, ...]:
    """Return the edits but those of names that are held."""
    pairs = zip(scan.references, decisions, strict=True)
    held = {r.span for r, d in pairs if d.reason is Reason.HELD}
    return tuple(e for e in edits if e.span not in held) if held else tuple(edits)


def _is_left(ref: Reference, decision: Decision, judge: Judge) -> bool:
    """Is a name left to a person, or would it be in a run that takes its library in?"""
    if decision.reason is Reason.NOT_SELECTED:
        return judge(ref).action is Action.MANUAL
    return decision.action is Action.MANUAL


def _left_in(
    scan: FileScan,
    decisions: Sequence[Decision],
    spans: Iterable[Span],
    judge: Judge,
    apart: Span | None = None,
) -> str:
    """Return the first name in `spans` that is left to a person, or ""."""
    places = tuple(spans)
    for ref, decision in zip(scan.references, decisions, strict=True):
        if (
            any(s.contains(ref.span) for s in places)
            and not (apart is not None and apart.contains(ref.span))
            and _is_left(ref, decision, judge)
        ):
            return ref.name
    return ""


def _left_elsewhere(
    plans: Sequence[FilePlan], number: int, macros: Sequence[str], judge: Judge
) -> str:
    for other, plan in enumerate(plans):
        if other != number and plan.scan.facts.guards:
            spans = guarded_by(plan.scan, macros)
            if spans and (name := _left_in(plan.scan, plan.decisions, spans, judge)):
                return name
    return ""


def _hold_probe(scan: FileScan, probe: Probe, cause: str, result: list[Decision]) -> None:
    """Hold a probe, and the include of what it asks for: the two name one header."""
    if not cause:
        return
    asked = scan.references[probe.index]
    result[probe.index] = _held(result[probe.index], f"{BRANCH} {cause}")
    if asked.context is not Context.INCLUDE:
        return
    for index, ref in enumerate(scan.references):
        if (
            ref.context is Context.INCLUDE
            and ref.name == asked.name
            and result[index].action is Action.EDIT
            and any(span.contains(ref.span) for span in probe.guarded)
        ):
            result[index] = _held(result[index], f"{BRANCH} {cause}")


def _hold_lines(source: FileSource, result: list[Decision], judge: Judge) -> None:
    """Hold what shares a condition with a name that is left to a person."""
    for index, line in source.once(condition_lines).items():
        if result[index].action is Action.EDIT:
            left = (i for i in line if _is_left(source.references[i], result[i], judge))
            cause = next(left, None)
            if cause is not None and not are_alternatives(source, line):
                name = source.references[cause].name
                result[index] = _held(result[index], f"{LINE} {name}")


def _held(decision: Decision, detail: str) -> Decision:
    return Decision(Action.MANUAL, Reason.HELD, decision.replacement, decision.row, detail)
