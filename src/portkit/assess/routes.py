# SPDX-License-Identifier: Apache-2.0
"""The routes of a tree's Python code to a target: what each runs as it is, what it leaves, and what
tests answer on it.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from portkit.assess.counts import NOT_KNOWN
from portkit.model.plans import Decision
from portkit.model.reading import FileScan, Gate, Reference, Scan
from portkit.model.words import Action, Reason
from portkit.plan.decide import Policy
from portkit.plan.python import decide_python, is_ported
from portkit.targets.routes import Port, Route
from portkit.targets.target import Target
from portkit.targets.ways import is_python, route_of, routes_of
from portkit.vocab.vocabulary import Vocabulary

_NAMES = 6  # of a gap that are listed
_KEPT = frozenset({Reason.NOT_SELECTED, Reason.VENDOR_CODE})


class Place(msgspec.Struct, frozen=True):
    """The first place of something: a file, and a byte of it."""

    path: str
    offset: int


class FoundGap(msgspec.Struct, frozen=True):
    """Something of a tree that a route does not cover. `case`: noted (`note` says why, in each
    language), unknown (no table speaks of it), or left (known to lack or to differ).
    """

    case: str
    names: tuple[str, ...]
    count: int
    files: int
    first: Place
    note: dict[str, str] = {}


class FoundTests(msgspec.Struct, frozen=True):
    """Tests of a kind in a tree, and what they answer: `value` "" where that is not known."""

    asks: str
    name: str
    count: int
    files: int
    first: Place
    value: str = ""
    note: dict[str, str] = {}


class RouteAdvice(msgspec.Struct, frozen=True):
    """One route for a tree. `works`: references that run as they are, or by what the route edits;
    `edit` of those are rewritten; `person`, `unknown`: left. `lines`: imports that are put in.
    """

    id: str
    way: str
    chosen: bool
    title: dict[str, str]
    needs: tuple[dict[str, str], ...]
    line: str
    references: int
    works: int
    edit: int
    person: int
    unknown: int
    gaps: tuple[FoundGap, ...]
    tests: tuple[FoundTests, ...]


class Advice(msgspec.Struct, frozen=True):
    """What is said of a tree's Python code and a target. `ported`: files that know the target;
    `neutral`: files that ask for the platform by neutral names; `asides`: strings with a word of
    CUDA's that name no device; `ports`: libraries of the tree, or used by it, that have a port.
    """

    target: str
    profile: str
    files: int
    references: int
    by_kind: dict[str, int]
    asides: int
    ported: int
    neutral: int
    ports: tuple[Port, ...]
    routes: tuple[RouteAdvice, ...]


class _Sort:
    """References of one shape: how many, in which files, the first place."""

    def __init__(self, ref: Reference, path: str) -> None:
        self.sample, self.count = ref, 0
        self.files: set[str] = set()
        self.first = Place(path, ref.span.start)


def python_files(scan: Scan) -> list[FileScan]:
    """Return the Python files of a scan that say something."""
    return [f for f in scan.files if f.facts.python is not None]


def advise(scan: Scan, target: Target, vocabulary: Vocabulary, policy: Policy) -> Advice | None:
    """Return the routes of a tree's Python code to a target; None where there is none to speak of."""
    files = python_files(scan)
    found = routes_of(target).of(target.profile)
    if not found or not any(is_python(r) for f in files for r in f.references):
        return None
    fresh = [f for f in files if not is_ported(f, target)]
    sorts, kinds = _sorts(fresh), Counter[str]()
    for one in sorts:
        kinds[one.sample.kind.value] += one.count
    chosen = route_of(target)
    routes = tuple(
        _advise(route, route is chosen, sorts, fresh, target, vocabulary, policy) for route in found
    )
    facts = [f.facts.python for f in files if f.facts.python is not None]
    return Advice(
        target.id,
        target.profile,
        sum(1 for f in files if any(is_python(r) for r in f.references)),
        sum(kinds.values()),
        dict(sorted(kinds.items())),
        sum(f.asides for f in facts),
        len(files) - len(fresh),
        sum("torch.accelerator" in f.modules for f in facts),
        tuple(_ports(files, routes_of(target).ports(target.profile))),
        routes,
    )


def _sorts(files: Iterable[FileScan]) -> list[_Sort]:
    found: dict[tuple[object, ...], _Sort] = {}
    for file in files:
        for ref in file.references:
            if not is_python(ref):
                continue
            key = (ref.name, ref.kind, ref.context, ref.proof, ref.library, ref.qualifier)
            one = found.setdefault(key, _Sort(ref, file.path))
            one.count += 1
            one.files.add(file.path)
    return list(found.values())


def _advise(
    route: Route,
    chosen: bool,
    sorts: Sequence[_Sort],
    files: Sequence[FileScan],
    target: Target,
    vocabulary: Vocabulary,
    policy: Policy,
) -> RouteAdvice:
    taken = copy.copy(target)
    taken.way = route.id
    decided = [(s, decide_python(s.sample, taken, vocabulary, policy, False)) for s in sorts]
    counts = Counter[str]()
    for one, decision in decided:
        counts[_standing(decision)] += one.count
        if decision.action is Action.EDIT:
            counts["edit"] += one.count
    return RouteAdvice(
        route.id,
        route.way,
        chosen,
        {str(k): v for k, v in route.title.items()},
        tuple({str(k): v for k, v in need.items()} for need in route.needs),
        route.line,
        sum(s.count for s in sorts),
        counts["works"],
        counts["edit"],
        counts["person"],
        counts["unknown"],
        _gaps(decided, target),
        _tests(route, files, target.profile),
    )


def _standing(decision: Decision) -> str:
    if decision.action is not Action.MANUAL:
        return "works"
    return "unknown" if decision.reason in NOT_KNOWN else "person"


def _gaps(decided: Sequence[tuple[_Sort, Decision]], target: Target) -> tuple[FoundGap, ...]:
    groups: dict[tuple[str, str], list[_Sort]] = {}
    for one, decision in decided:
        if decision.action is not Action.MANUAL:
            continue
        case, note = "left", decision.row.note if decision.row is not None else ""
        if decision.reason in NOT_KNOWN:
            case, note = "unknown", ""
        elif note:
            case = "noted"
        groups.setdefault((case, note), []).append(one)
    found = []
    for (case, note), members in groups.items():
        names = Counter[str]()
        for one in members:
            names[one.sample.name] += one.count
        said = {"en": note, "zh": target.chinese(note) or note} if note else {}
        found.append(
            FoundGap(
                case,
                tuple(name for name, _ in names.most_common(_NAMES)),
                sum(names.values()),
                len({path for one in members for path in one.files}),
                min((one.first for one in members), key=lambda p: (p.path, p.offset)),
                said,
            )
        )
    return tuple(sorted(found, key=lambda g: (-g.count, g.case, g.names)))


def _tests(route: Route, files: Sequence[FileScan], profile: str) -> tuple[FoundTests, ...]:
    groups: dict[tuple[str, str], list[tuple[str, Gate]]] = {}
    for file in files:
        if file.facts.python is not None:
            for gate in file.facts.python.gates:
                groups.setdefault((gate.asks, gate.name), []).append((file.path, gate))
    found = []
    for (asks, name), members in sorted(groups.items()):
        answer = route.answer_to(members[0][1])
        path, gate = min(members, key=lambda m: (m[0], m[1].span))
        note: Mapping[str, str] = {str(k): v for k, v in answer.note.items()} if answer else {}
        value = answer.at(profile) if answer is not None else ""
        count, in_files = len(members), len({p for p, _ in members})
        found.append(
            FoundTests(asks, name, count, in_files, Place(path, gate.span.start), value, dict(note))
        )
    return tuple(found)


def _ports(files: Sequence[FileScan], ports: Sequence[Port]) -> list[Port]:
    """Return the ports of libraries that a tree is, or that it imports."""
    folders = {part for f in files for part in f.path.split("/")[:2]}
    used = {m.partition(".")[0] for f in files if f.facts.python for m in f.facts.python.modules}
    return [p for p in ports if p.name in folders or p.name in used]
