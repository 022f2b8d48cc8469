# SPDX-License-Identifier: Apache-2.0
"""Decisions on what Python code asks of CUDA, by the route that it takes, and what is written.

On a route that changes nothing the tables' exceptions are edited. A route that imports a module
leaves what that makes work as it is, and what it does not cover to a person. The others edit names
and strings. Nothing that only its letters say is edited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from portkit.languages.python.tables import LIBRARY
from portkit.model.plans import Decision
from portkit.model.reading import FileScan, Reference
from portkit.model.rows import Row
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Exists, Kind, Pairs, Reason, Status
from portkit.plan.decide import Policy, decide_by_row
from portkit.rules.view import FileSource
from portkit.targets.routes import Gap, Route
from portkit.targets.target import Target
from portkit.targets.ways import PythonRow, is_python, portable_row, python_row, route_of, routes_of
from portkit.vocab.vocabulary import Vocabulary

_TORCH = "torch."
GROUP = "route"  # of the import that a route asks for
_NAMED = re.compile(r"[A-Za-z_][\w.]*")
_AS = re.compile(rb"[ \t]+as\b")
_FROM = re.compile(rb"from[ \t]+$")
_SHIM_KINDS = frozenset({Kind.ATTRIBUTE, Kind.DEVICE, Kind.BACKEND, Kind.DISPATCH_KEY})


def decide_python(
    ref: Reference, target: Target, vocabulary: Vocabulary, policy: Policy, ported: bool
) -> Decision:
    """Return the decision on a reference of Python's; `ported`: its file knows the target already."""
    if ported:
        return Decision(Action.KEEP, Reason.VENDOR_CODE)
    if (policy.only and ref.library not in policy.only) or ref.library in policy.skip:
        return Decision(Action.KEEP, Reason.NOT_SELECTED)
    route = route_of(target)
    if route is None:
        if not routes_of(target).route and target.folder.name != target.id:
            return Decision(Action.KEEP, Reason.NOT_SELECTED)
        return Decision(Action.MANUAL, Reason.UNKNOWN)
    row = python_row(ref, target)
    if ref.kind is Kind.EXTENSION:
        return _builder(row)
    if route.way == "portable":
        return decide_by_row(ref, portable_row(ref, target) or _any_way(row), policy)
    gap = route.gap_of(ref)
    if gap is not None:
        return Decision(Action.MANUAL, Reason.ROW_MANUAL, row=_gap_row(ref, gap, row))
    if route.way == "import":
        return _by_shim(ref, row, route, policy)
    if row is not None and row.route not in ("", route.id, route.way):
        row = None
    return _whole(ref, decide_by_row(ref, row, policy), route.importable)


def _builder(row: PythonRow | None) -> Decision:
    """Decide what builds an extension: with its sources and flags, or not at all."""
    if row is None:
        return Decision(Action.MANUAL, Reason.UNKNOWN)
    if row.status is Status.SAME and row.exists > Exists.RULE:
        return Decision(Action.KEEP, Reason.SAME_SPELLING, row=row)
    return Decision(Action.MANUAL, Reason.DIFFERS, row.target, row)


def _any_way(row: PythonRow | None) -> PythonRow | None:
    return row if row is None or not row.route else None


def _gap_row(ref: Reference, gap: Gap, row: Row | None) -> Row:
    ids, target = tuple(gap.source.split()), row.target if row is not None else ""
    return Row(
        ref.name, target, ref.kind, Status.MANUAL, Exists.USAGE, Pairs.NO, ref.library, ids,
        note=gap.note["en"],
    )  # fmt: skip


def _by_shim(ref: Reference, row: PythonRow | None, route: Route, policy: Policy) -> Decision:
    """Decide on a route that imports a module, by what is known of the names behind it."""
    if ref.name in route.adds or ref.name in route.mirrors:
        return Decision(Action.KEEP, Reason.ROUTE, row=row)
    if row is None:
        return Decision(Action.MANUAL, Reason.UNKNOWN)
    if row.route == "rename" and ref.kind in _SHIM_KINDS:
        if row.status is Status.MAPPED and row.exists > Exists.RULE and row.pairs > Pairs.NO:
            return Decision(Action.KEEP, Reason.ROUTE, row=row)
        if row.status is Status.SAME:
            return decide_by_row(ref, row, policy)
        return decide_by_row(ref, replace(row, target="", status=_left(row)), policy)
    if row.route == "rename":
        return Decision(Action.MANUAL, Reason.DIFFERS, row.target, row)
    return _whole(ref, decide_by_row(ref, row, policy))


def _left(row: Row) -> Status:
    return Status.NONE if row.status is Status.NONE else Status.MANUAL


def _whole(ref: Reference, decision: Decision, importable: Sequence[str] = ()) -> Decision:
    """Return the decision where what is to be written can stand in the reference's place."""
    if decision.action is not Action.EDIT:
        return decision
    to, row = decision.replacement, decision.row
    module = ref.context is Context.IMPORT and ref.kind is Kind.ATTRIBUTE and not ref.qualifier
    if module and to.count(".") > 1 and to not in importable and row is not None:
        # what is an attribute there need not be a module that can be found
        note = f"whether {to} can be imported as a module is not known"
        return Decision(Action.MANUAL, Reason.ROW_MANUAL, to, replace(row, note=note))
    told = ref.kind in (Kind.ENVIRONMENT, Kind.ATTRIBUTE, Kind.PACKAGE)
    name = decision.replacement.removeprefix(".")
    unclear = told and _NAMED.fullmatch(name.replace("().", ".")) is None
    if unclear:
        return Decision(Action.MANUAL, Reason.DIFFERS, to, row)
    if ref.qualifier == "in" and row is not None:
        choice = replace(row, note="one of a choice: another is to be added beside it")
        return Decision(Action.MANUAL, Reason.DIFFERS, to, choice)
    return decision


def each_by_its_own(
    source: FileSource,
    shapes: Sequence[int],
    python: Mapping[int, Decision],
    held: Mapping[int, Decision],
    target: Target,
) -> tuple[Decision, ...]:
    """Return the decisions on a Python file by the numbers of its references' shapes: `python` has
    those on its own, `held` those on CUDA source in its strings.
    """
    facts, route = source.scan.facts.python, route_of(target)
    kept = [
        text.span
        for text in (facts.texts if facts is not None else ())
        if route is not None and route.way != "rename" and text.call.startswith(_TORCH)
    ]
    return tuple(
        python[shape] if is_python(ref) else _held(ref, held[shape], kept)
        for ref, shape in zip(source.references, shapes, strict=True)
    )


def _held(ref: Reference, decision: Decision, kept: Sequence[Span]) -> Decision:
    """Return the decision on a name in a literal. `kept`: literals whose builder the route has
    compile CUDA as it is. What a recipe would do there is for a person.
    """
    if any(span.contains(ref.span) for span in kept):
        return Decision(Action.KEEP, Reason.ROUTE, row=decision.row)
    if decision.action is Action.EDIT and decision.row is not None and decision.row.recipe:
        return Decision(Action.MANUAL, Reason.RECIPE, decision.replacement, decision.row)
    return decision


class Changes(NamedTuple):
    """What is written of a file: final decisions, and the edits of its Python references, by whose
    numbers the others are known.
    """

    decisions: tuple[Decision, ...]
    edits: list[Edit]
    theirs: frozenset[int]


def python_changes(source: FileSource, decisions: Sequence[Decision], target: Target) -> Changes:
    """Return what is written of a Python file, whose references are decided."""
    held = _hold_imports(source, list(decisions))
    edits: list[Edit] = []
    for number, (ref, decision) in enumerate(zip(source.references, held, strict=True)):
        if decision.action is not Action.EDIT or not is_python(ref):
            continue
        new = _written(source.data, ref, decision, target)
        old = source.data[ref.span.start : ref.span.end]
        if new is None:
            held[number] = Decision(
                Action.MANUAL, Reason.DIFFERS, decision.replacement, decision.row
            )
        elif new == old:  # its module is renamed where it is imported
            held[number] = Decision(Action.KEEP, Reason.SAME_SPELLING, row=decision.row)
        else:
            edits.append(Edit(ref.span, old, new))
    route = route_of(target)
    if route is not None and route.line:
        edits += _import_line(source, held, route)
    theirs = frozenset(n for n, ref in enumerate(source.references) if is_python(ref))
    return Changes(tuple(held), edits, theirs)


def _hold_imports(source: FileSource, decisions: list[Decision]) -> list[Decision]:
    """Return the decisions with the names of one import left together: one that the target lacks
    would have the whole statement fail.
    """
    groups: dict[int, list[int]] = {}
    module = -1
    for number, ref in enumerate(source.references):
        if ref.context is not Context.IMPORT:
            continue
        if not ref.qualifier:
            module = number
        elif module >= 0 and source.references[module].name == ref.qualifier:
            groups.setdefault(module, []).append(number)
    groups.update(_handles(source, decisions))
    for first, members in groups.items():
        every = [first, *members]
        if any(decisions[n].action is Action.MANUAL for n in every):
            for n in every:
                if decisions[n].action is Action.EDIT:
                    decisions[n] = Decision(
                        Action.MANUAL, Reason.HELD, decisions[n].replacement, decisions[n].row
                    )
    return decisions


def _handles(source: FileSource, decisions: Sequence[Decision]) -> dict[int, list[int]]:
    """Return the calls that give a module of the C API, each with the name that is called on it,
    where the target's module lacks that.
    """
    found: dict[int, list[int]] = {}
    for number, (ref, decision) in enumerate(zip(source.references, decisions, strict=True)):
        before = source.references[number - 1].name if number else ""
        if before and ref.name.startswith(f"{before}().") and decision.action is Action.MANUAL:
            found[number - 1] = [number]
    return found


def _written(data: bytes, ref: Reference, decision: Decision, target: Target) -> bytes | None:
    """Return what stands in a reference's place; None where it cannot stand there."""
    to = decision.replacement
    old = data[ref.span.start : ref.span.end].decode("latin-1")
    if ref.kind is Kind.PACKAGE:
        return _package(data, ref, to)
    if ref.kind is not Kind.ATTRIBUTE:
        return to.encode() if to and '"' not in to and "\\" not in to else None
    if ref.name.startswith(".") or "()" in ref.name:
        return to.rpartition(".")[2].encode()
    if old == ref.name:
        return to.encode()
    if not ref.name.endswith(f".{old}"):
        return None
    before = ref.name[: -len(old) - 1]
    row = python_row(replace(ref, name=before), target)
    moved = row.target if row is not None and row.status is Status.MAPPED else before
    if not to.startswith(f"{moved}."):
        return None
    new = to[len(moved) + 1 :]
    if ref.context is Context.IMPORT and ref.qualifier and new != old:
        if "." in new:
            return None
        named = _AS.match(data, ref.span.end) is not None
        return new.encode() if named else f"{new} as {old}".encode()
    return new.encode()


def _package(data: bytes, ref: Reference, to: str) -> bytes | None:
    """Return what is imported instead of a package: under its name, where that is what is used."""
    behind = data[ref.span.end : ref.span.end + 1]
    if "." in ref.name or behind == b".":
        return None
    line = data.rfind(b"\n", 0, ref.span.start) + 1
    if _FROM.search(data, line, ref.span.start) or _AS.match(data, ref.span.end):
        return to.encode()
    return f"{to} as {ref.name}".encode()


def _import_line(source: FileSource, decisions: Sequence[Decision], route: Route) -> list[Edit]:
    """Return the import that a route asks for, where something in the file rests on it."""
    facts = source.scan.facts.python
    wanted = Reason.ROUTE if route.way == "import" else Reason.MAPPED
    rests = any(
        d.reason is wanted and ref.library == LIBRARY
        for ref, d in zip(source.references, decisions, strict=True)
    )
    if facts is None or not rests or set(route.modules) & set(facts.modules):
        return []
    at = facts.before if route.place == "before" else facts.after
    if at < 0:
        return []
    data = source.data
    ending = b"\r\n" if b"\r\n" in data else b"\n"
    line = route.line.encode() + ending
    if at and data[at - 1 : at] not in (b"\n", b"\r"):
        line = ending + route.line.encode()
    return [Edit(Span(at, at), b"", line, GROUP)]


def is_ported(scan: FileScan, target: Target) -> bool:
    """Return whether a Python file knows the target already."""
    facts = scan.facts.python
    if facts is None:
        return False
    platform = set(routes_of(target).platform)
    for route in routes_of(target).of(target.profile):
        platform.update(route.modules)
    return any(m.split(".")[0] in platform or m in platform for m in facts.modules)
