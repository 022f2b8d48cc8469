# SPDX-License-Identifier: Apache-2.0
"""What no source says, said once: one note of the tree for the names that were kept by assumption,
and one for each kind of note that a file, or several of the tree, would repeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from portkit.model.plans import FilePlan, Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Reason, Severity
from portkit.rules.fingerprint import Fingerprints
from portkit.rules.view import full_name

ASSUMED = "PK112"
_UNPROVEN = "PK104"
_UNKNOWN, _OF_FILES = "unknown", "files"  # cases of messages
_NAMED = 12  # of the names, the most used ones
_Kind = tuple[str, str]  # rule, and what the note is of: a feature, a grade of evidence


def assumed_names(files: Iterable[FilePlan], target: str) -> list[tuple[str, Finding]]:
    """Return one finding of the tree where names are assumed to be the same on a target: how many,
    how often they stand there, and the most used ones.
    """
    uses: Counter[str] = Counter()
    for file in files:
        for ref, decision in zip(file.scan.references, file.decisions, strict=True):
            if decision.reason is Reason.ASSUMED_SAME:
                uses[ref.name] += 1
    if not uses:
        return []
    args = _counted(uses) | {"name": _first(uses), "target": target}
    return [("", _note(ASSUMED, target, args))]


def said_once(
    files: Sequence[FilePlan],
) -> tuple[Sequence[FilePlan], list[tuple[str, Finding]]]:
    """Return the files' plans with one note of each kind where a file has several and no other has
    any, and without those that several files have; for each of these, one finding of the tree.

    A note is one of a feature of which no source says whether the target has it, or of names whose
    existence only a table or the naming rule says. What a comment or a setting silences stays.
    """
    places: dict[_Kind, dict[int, list[Finding]]] = {}
    for number, file in enumerate(files):
        for item in file.findings:
            kind = _kind(item)
            if kind is not None:
                places.setdefault(kind, {}).setdefault(number, []).append(item)
    many = {
        kind: found
        for kind, found in places.items()
        if len(found) > 1 or len(next(iter(found.values()))) > 1
    }
    if not many:
        return files, []
    left, inside = list(files), {number for found in many.values() for number in found}
    for number in inside:
        kept = [f for f in left[number].findings if _kind(f) not in many]
        alone = [(k, found) for k, found in many.items() if [*found] == [number]]
        kept += [_at_first(_joined(kind, found, files), found[number]) for kind, found in alone]
        kept.sort(key=lambda f: f.span)
        left[number] = msgspec.structs.replace(left[number], findings=tuple(kept))
    spread = {kind: found for kind, found in many.items() if len(found) > 1}
    return left, [("", _joined(kind, found, files)) for kind, found in spread.items()]


def _at_first(note: Finding, items: Sequence[Finding]) -> Finding:
    """Return a note at the place of the first of those that it stands for, which are a file's."""
    first = min(items, key=lambda f: f.span)
    references = tuple(sorted({index for item in items for index in item.references}))
    return msgspec.structs.replace(
        first, args=note.args | {"case": first.args.get("case", note.args["case"])},
        references=references,
    )  # fmt: skip


def _kind(item: Finding) -> _Kind | None:
    """Return the kind of a note that is said once for a tree; None of any other finding."""
    if item.suppressed or item.severity is not Severity.INFO:
        return None
    if item.rule == _UNPROVEN:
        return item.rule, item.args["exists"]
    if item.args.get("case") == _UNKNOWN and "feature" in item.args:
        return item.rule, item.args["feature"]
    return None


def _joined(
    kind: _Kind, found: Mapping[int, Sequence[Finding]], files: Sequence[FilePlan]
) -> Finding:
    uses: Counter[str] = Counter()
    for number, items in found.items():
        references = files[number].scan.references
        for item in items:
            named = [full_name(references[index]) for index in item.references]
            uses.update(named or item.args["names"].split(", "))
    first = next(iter(found.values()))[0]
    told = {k: v for k, v in first.args.items() if k not in ("name", "names", "replacement")}
    told |= _counted(uses) | {"files": str(len(found)), "path": files[min(found)].scan.path}
    if first.rule == _UNPROVEN:
        args = told | {"case": _OF_FILES, "name": _first(uses)}
    else:
        args = told | {"case": f"{_UNKNOWN}-{_OF_FILES}", "names": _first(uses)}
    return _note(kind[0], kind[1], args)


def _counted(uses: Counter[str]) -> dict[str, str]:
    return {"count": str(uses.total()), "names": str(len(uses))}


def _first(uses: Counter[str]) -> str:
    """Return the most used names of some, as a message lists them."""
    first = sorted(uses, key=lambda name: (-uses[name], name))[:_NAMED]
    return ", ".join(first) + (", ..." if len(uses) > len(first) else "")


def _note(rule: str, entity: str, args: dict[str, str]) -> Finding:
    """Return a note of the tree. It is made by hand: a warm run loads no rule for it."""
    item = Finding(rule, Severity.INFO, Effort.MINUTES, Span(0, 0), args)
    mark, content = Fingerprints("", b"").pair(rule, entity, None)
    return msgspec.structs.replace(item, fingerprint=mark, content=content)
