# SPDX-License-Identifier: Apache-2.0
"""PK1xx: names without an equivalent, unknown names, names whose equivalent is not proved well
enough.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import pairwise

from msgspec.structs import replace

from portkit.model.plans import Decision, Finding
from portkit.model.words import Action, Effort, Exists, Kind, Reason, Severity
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget, full_name, noted
from portkit.vocab.vocabulary import Vocabulary

_REFERENCES = ("references",)


def _each(id: str, view: FileView, target: RuleTarget, *reasons: Reason) -> Iterator[Finding]:
    """One finding for each reference decided for one of `reasons`; it blocks where the code is
    live.
    """
    for index in view.because(*reasons):
        ref, decision = view.references[index], view.decisions[index]
        row = decision.row
        args = {
            "name": full_name(ref),
            "target": target.id,
            "library": ref.library,
            "replacement": decision.replacement,
        }
        if row is not None:
            note = row.note or (target.recipes[row.recipe].note if row.recipe else "")
            args |= {"exists": row.exists.name.lower(), "pairs": row.pairs.name.lower()}
            args |= noted(note, target)
        case = _case(id, ref.kind, decision, bool(args.get("note")))
        if case:
            args["case"] = case
        yield finding(id, ref.span, args, (index,), blocking=None if view.live(index) else False)


def _case(id: str, kind: Kind, decision: Decision, has_note: bool) -> str:
    match id:
        case "PK101":
            return "noted" if has_note else ""
        case "PK102":
            return "shape" if kind is Kind.UNKNOWN else ""
        case "PK103":
            return "" if decision.replacement else "as-is"
        case "PK105":
            return "noted" if has_note else ""
        case _:
            return ""


@rule(
    "PK101",
    "no-equivalent",
    severity=Severity.ERROR,
    effort=Effort.HOURS,
    needs=_REFERENCES,
    blocking=True,
    languages=(),
)
def no_equivalent(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A source says that the target has nothing for this name."""
    return _each("PK101", view, target, Reason.NO_EQUIVALENT)


@rule(
    "PK102",
    "unknown-name",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=_REFERENCES,
    blocking=True,
    languages=(),
)
def unknown_name(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """No row speaks of this name: neither supported nor unsupported is known. Namespaces in front
    of such a name are said with it.
    """
    last, ahead = view.once(_ahead), dict[int, list[int]]()
    unknown = {*view.because(Reason.UNKNOWN)}
    for index in sorted(unknown):
        if index in last and index + 1 in unknown:
            ahead[index + 1] = [*ahead.pop(index, []), index]
    for made in _each("PK102", view, target, Reason.UNKNOWN):
        (index,) = made.references
        if index in last and index + 1 in unknown:
            continue
        yield replace(made, references=(*ahead.get(index, ()), index))


def _ahead(source: FileSource) -> frozenset[int]:
    """Return the namespaces that stand in front of the next reference."""
    return frozenset(
        index
        for index, (ref, after) in enumerate(pairwise(source.references))
        if ref.kind is Kind.NAMESPACE
        and source.data[ref.span.end : after.span.start].strip() == b"::"
    )


@rule(
    "PK103",
    "unproven-equivalent",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_REFERENCES,
    blocking=True,
    languages=(),
)
def unproven(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The row's evidence lies below the accepted floor."""
    return _each("PK103", view, target, Reason.UNPROVEN)


@rule(
    "PK104",
    "existence-unproven",
    severity=Severity.INFO,
    needs=_REFERENCES,
    scope="name",
    languages=(),
)
def existence_unproven(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Renamed, though only a table or the naming rule says that the target has the name: one per
    name and file.
    """
    weak = [
        index
        for index in view.because(Reason.MAPPED)
        if (row := view.decisions[index].row) is not None and row.exists <= Exists.TABLE
    ]
    for name, indexes in view.names(weak).items():
        decision = view.decisions[indexes[0]]
        exists = decision.row.exists.name.lower() if decision.row else ""
        args = {
            "name": name,
            "target": target.id,
            "replacement": decision.replacement,
            "exists": exists,
            "count": str(len(indexes)),
        }
        yield finding("PK104", view.references[indexes[0]].span, args, tuple(indexes))


@rule(
    "PK105",
    "manual-equivalent",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=_REFERENCES,
    blocking=True,
    languages=(),
)
def manual_row(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The row asks for a person; what is known to differ in order, value or meaning is PK805 to
    PK808's.
    """
    return _each("PK105", view, target, Reason.ROW_MANUAL, Reason.NOT_FOUND)


@rule(
    "PK106", "deprecated-api", severity=Severity.INFO, needs=_REFERENCES, scope="name", languages=()
)
def deprecated(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """CUDA itself deprecated or removed the name: one finding per name and file. Versions come from
    the vocabulary.
    """
    wanted = [i for i in view.once(_with_old_names) if view.decisions[i].action is not Action.KEEP]
    for name, indexes in view.names(wanted).items():
        ref = view.references[indexes[0]]
        entity = view.entity(ref)
        if entity is None or not (entity.removed or entity.deprecated):
            continue
        case = "removed" if entity.removed else "deprecated"
        args = {
            "name": name,
            "case": case,
            "version": entity.removed or entity.deprecated,
            "count": str(len(indexes)),
        }
        yield finding("PK106", ref.span, args, tuple(indexes))


def _with_old_names(source: FileSource) -> list[int]:
    """Return the references to names that some entity of CUDA's with that name has seen deprecated
    or removed.
    """
    return [i for i, ref in enumerate(source.references) if _is_old(source.vocabulary, ref.name)]


@functools.lru_cache(maxsize=65536)
def _is_old(vocabulary: Vocabulary, name: str) -> bool:
    return any(e.removed or e.deprecated for e in vocabulary.get(name))


@rule(
    "PK107",
    "spelling-only",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_REFERENCES,
    languages=(),
)
def spelling_only(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Only the letters say that the name is CUDA's, so it was not rewritten."""
    return _each("PK107", view, target, Reason.SPELLING_ONLY)


@rule(
    "PK111",
    "ambiguous-origin",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_REFERENCES,
    blocking=True,
    scope="name",
    languages=(),
)
def ambiguous(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """On the way back to CUDA: a name that several CUDA names became, one finding per name and
    file.
    """
    unsure = [
        i
        for i in view.because(Reason.MAPPED, Reason.AMBIGUOUS)
        if (row := view.decisions[i].row) is not None and row.ambiguous
    ]
    for name, indexes in view.names(unsure).items():
        decision = view.decisions[indexes[0]]
        others = decision.row.ambiguous if decision.row is not None else ()
        args = {
            "name": name,
            "others": ", ".join(others),
            "replacement": decision.replacement,
            "count": str(len(indexes)),
        }
        span = view.references[indexes[0]].span
        if decision.reason is Reason.AMBIGUOUS:
            yield finding("PK111", span, args, tuple(indexes))
        else:
            yield finding(
                "PK111",
                span,
                args | {"case": "taken"},
                tuple(indexes),
                severity=Severity.INFO,
                blocking=False,
            )
