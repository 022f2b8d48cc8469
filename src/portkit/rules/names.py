# SPDX-License-Identifier: Apache-2.0
"""PK1xx: names without an equivalent, unknown or unproven names, names that CUDA itself gave up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from portkit.model import Action, Effort, Exists, Kind, Reason, Severity
from portkit.rules.registry import FileView, Hit, rule

if TYPE_CHECKING:
    from portkit.target.target import Target


def _for_reason(view: FileView, *reasons: Reason) -> Iterator[Hit]:
    for i, ref, decision in view.decided():
        if decision.reason in reasons:
            args = {"name": ref.name, "library": ref.library or "?", "target": decision.replacement}
            if decision.row is not None:
                args |= {"note": decision.row.note, "exists": decision.row.exists.name.lower(), "pairs": decision.row.pairs.name.lower()}
            yield Hit(ref.span, args, (i,))


@rule("PK101", "no-equivalent-name", severity=Severity.ERROR, effort=Effort.DAYS, blocking=True)
def no_equivalent(view: FileView, target: Target) -> Iterator[Hit]:
    """A source says that the target has no equivalent of the name."""
    yield from _for_reason(view, Reason.NO_EQUIVALENT)


@rule("PK102", "unknown-name", severity=Severity.WARNING, effort=Effort.HOURS, blocking=True)
def unknown(view: FileView, target: Target) -> Iterator[Hit]:
    """No row speaks of the name: neither supported nor unsupported is known."""
    yield from _for_reason(view, Reason.UNKNOWN)


@rule("PK103", "unproven-name", severity=Severity.WARNING, effort=Effort.MINUTES, blocking=True)
def unproven(view: FileView, target: Target) -> Iterator[Hit]:
    """The row's evidence lies below the accepted floor."""
    yield from _for_reason(view, Reason.UNPROVEN)


@rule("PK104", "renamed-existence-unproven", severity=Severity.INFO, effort=Effort.MINUTES)
def table_only(view: FileView, target: Target) -> Iterator[Hit]:
    """Renamed on a rename table's word alone: whether the SDK has the name is not known. One finding a name and file."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, ref, decision in view.decided():
        if decision.action is Action.EDIT and decision.row is not None and decision.row.exists <= Exists.TABLE:
            groups[ref.name].append(i)
    for name, indexes in groups.items():
        first, decision = view.scan.references[indexes[0]], view.decisions[indexes[0]]
        yield Hit(first.span, {"name": name, "target": decision.replacement, "count": str(len(indexes))}, tuple(indexes))


@rule("PK105", "known-difference", severity=Severity.ERROR, effort=Effort.HOURS, blocking=True)
def differs(view: FileView, target: Target) -> Iterator[Hit]:
    """The row is known to differ in order, value or meaning, or asks for a person."""
    yield from _for_reason(view, Reason.DIFFERS, Reason.ROW_MANUAL)


@rule("PK106", "removed-from-cuda", severity=Severity.INFO, effort=Effort.HOURS)
def removed(view: FileView, target: Target) -> Iterator[Hit]:
    """CUDA itself has deprecated or removed the name. One finding a name and file."""
    seen: dict[str, list[int]] = defaultdict(list)
    for i, ref, _ in view.decided():
        if not ref.user and ref.kind not in (Kind.UNKNOWN, Kind.FIELD):
            seen[ref.name].append(i)
    for name, indexes in seen.items():
        ref = view.scan.references[indexes[0]]
        entity = next((e for e in view.vocabulary.get(name) if e.library == ref.library and e.kind is ref.kind), None)
        if entity is not None and entity.removed:
            yield Hit(ref.span, {"name": name, "version": entity.removed, "count": str(len(indexes))}, tuple(indexes))


@rule("PK107", "spelling-only", severity=Severity.WARNING, effort=Effort.MINUTES, blocking=True)
def spelling_only(view: FileView, target: Target) -> Iterator[Hit]:
    """Only the letters say that the name is CUDA's."""
    yield from _for_reason(view, Reason.SPELLING_ONLY)
