# SPDX-License-Identifier: Apache-2.0
"""One decision for one name in a tree: names that are edited here and defined by the project there,
and names that are declared together of which only some can move.

The plans of single files do not see each other; what is found here is withheld from a rename in
all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from portkit.model.plans import Decision, FilePlan, Finding
from portkit.model.reading import FileScan, Reference
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Effort, Kind, Reason, Severity
from portkit.rules.fingerprint import Fingerprints

# cases of PK909's
UNITS, USES, PART, ALONE, DEFINED, APART = "units", "uses", "part", "alone", "defined", "apart"
_ASIDE = frozenset({Context.STRING, Context.COMMENT, Context.PASTE, Context.INCLUDE})
# an overload of a device function is one for its callers alone
_OVERLOADED = frozenset({Kind.DEVICE_FUNCTION, Kind.BUILTIN})
# keeps that leave a name as it is though CUDA's other names move
_LEFT = frozenset({Reason.NOT_SELECTED, Reason.SUPPRESSED})

Withheld = Mapping[str, str]  # a name, and why it has two owners


def defined_apart(files: Sequence[FilePlan], native: Set[str]) -> list[tuple[str, Finding]]:
    """Return a finding, by file, for each file that defines names which others use as CUDA's, and
    which these had renamed: they seem to be of other programs.
    """
    owned = {
        file.scan.path: names
        for file in files
        if file.scan.facts.owned and file.scan.path not in native and (names := set(_owned(file)))
    }
    if not owned:
        return []
    every = set[str]().union(*owned.values())
    edited = {
        ref.name
        for file in files
        for ref, decision in zip(file.scan.references, file.decisions, strict=True)
        if ref.name in every and decision.action is Action.EDIT
    }
    found = []
    for path, names in owned.items():
        if left := sorted(names & edited):
            args = {"name": left[0], "count": str(len(left)), "case": APART}
            # made by hand: a warm run loads no rule for it
            item = Finding("PK909", Severity.INFO, Effort.MINUTES, Span(0, 0), args)
            mark, content = Fingerprints(path, b"").pair("PK909", left[0], None)
            found.append((path, msgspec.structs.replace(item, fingerprint=mark, content=content)))
    return found


def leave_disputed(file: FileScan, decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Return the decisions with the names left to a person that are CUDA's for one unit and the
    project's for another.
    """
    places = frozenset(file.facts.disputed)
    if not places:
        return decisions
    return tuple(
        _taken_back(d, USES if r.context is Context.MACRO else UNITS)
        if d.action is Action.EDIT and r.span in places
        else d
        for r, d in zip(file.references, decisions, strict=True)
    )


def withhold(
    file: FileScan, decisions: tuple[Decision, ...], names: Withheld
) -> tuple[Decision, ...]:
    """Return the decisions with these names left to a person."""
    return tuple(
        _taken_back(d, names[r.name])
        if r.name in names and r.context not in _ASIDE and _is_open(d)
        else d
        for r, d in zip(file.references, decisions, strict=True)
    )


def _is_open(decision: Decision) -> bool:
    return decision.action in (Action.EDIT, Action.MANUAL)


def _taken_back(decision: Decision, why: str) -> Decision:
    return Decision(
        Action.MANUAL, Reason.TWO_OWNERS, decision.replacement, decision.row, detail=why
    )


def two_owners(files: Sequence[FilePlan], native: Set[str]) -> Mapping[str, Withheld]:
    """Return for each file the names that its plan may not rename, each with a case of PK909's and
    what that is about. `native`: files that are a vendor's own code.
    """
    found: dict[str, dict[str, str]] = {}
    owned: dict[str, list[FilePlan]] = {}
    groups: list[tuple[frozenset[str], dict[str, set[str]]]] = []
    for file in files:
        facts = file.scan.facts
        if (facts.owned or facts.redeclared) and file.scan.path not in native:
            for name in _owned(file):
                owned.setdefault(name, []).append(file)
            if facts.redeclared:
                scope = frozenset([file.scan.path, *facts.joined])
                groups.append((scope, _joined(facts.redeclared)))
    names = owned.keys() | {name for _, sets in groups for name in sets}
    if not names:
        return {}
    edited: dict[str, set[str]] = {}
    stuck: dict[str, set[str]] = {}
    for file in files:
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            if ref.name not in names or ref.context in _ASIDE:
                continue
            if decision.action is Action.EDIT:
                edited.setdefault(ref.name, set()).add(file.scan.path)
            elif _stays(decision):
                stuck.setdefault(ref.name, set()).add(file.scan.path)
    places = {n: edited.get(n, set()) | stuck.get(n, set()) for n in names}
    for name in owned.keys() & edited.keys():
        for owner in owned[name]:
            for path in places[name].intersection(owner.scan.facts.joined):
                found.setdefault(path, {})[name] = f"{DEFINED} {owner.scan.path}"
                stuck.setdefault(name, set()).add(path)
    _withhold_groups(groups, places, stuck, found)
    return found


def _withhold_groups(
    groups: Sequence[tuple[frozenset[str], dict[str, set[str]]]],
    places: Mapping[str, set[str]],
    stuck: dict[str, set[str]],
    found: dict[str, dict[str, str]],
) -> None:
    """Withhold names that are declared together where one of them cannot move. Each group is that of
    a file that declares them by hand, and holds for the files that are read with it.
    """
    changed = True
    while changed:
        changed = False
        for scope, sets in groups:
            for name, members in sets.items():
                left = sorted(m for m in members if not scope.isdisjoint(stuck.get(m, ())))
                if not left:
                    continue
                other = next((member for member in left if member != name), "")
                for path in places.get(name, set()) & scope:
                    told = found.setdefault(path, {})
                    if name not in told:
                        told[name] = f"{PART} {other}" if other else ALONE
                        stuck.setdefault(name, set()).add(path)
                        changed = True


def _stays(decision: Decision) -> bool:
    if decision.action is Action.MANUAL:
        return True
    return decision.action is Action.KEEP and decision.reason in _LEFT


def _owned(file: FilePlan) -> Iterable[str]:
    """The names that a file defines for the whole program, vendor code left out."""
    places: dict[int, tuple[Reference, Decision]] = {}
    wanted = {span.start for _, span in file.scan.facts.owned}
    if wanted:
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            if ref.span.start in wanted:
                places[ref.span.start] = ref, decision
    for name, span in file.scan.facts.owned:
        known = places.get(span.start)
        if known is None or known[0].kind in _OVERLOADED:
            continue
        if known[1].reason is Reason.USER_DECLARED:
            yield name


def _joined(groups: Iterable[tuple[str, ...]]) -> dict[str, set[str]]:
    """Return for each name of some groups all names that it is tied to, itself among them."""
    sets: dict[str, set[str]] = {}
    for group in groups:
        whole = set(group).union(*(sets.get(name, ()) for name in group))
        for name in whole:
            sets[name] = whole
    return sets
