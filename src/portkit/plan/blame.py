# SPDX-License-Identifier: Apache-2.0
"""Which edits a compiler's complaint about the output points at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from portkit.languages.base import Broken
from portkit.model.plans import FilePlan, Plan
from portkit.model.refusals import Charge, Refusals
from portkit.model.spans import Edit, Span
from portkit.model.words import Kind

_ENDS = re.compile(rb"[;{}]")
# what a vendor declares outside of all scopes; a built-in word may be anything
_SCOPED = frozenset({Kind.FUNCTION, Kind.TYPE, Kind.ENUMERATOR})
_REACH = 4000  # bytes, within which a statement is looked for


def blame(
    broken: Iterable[Broken], plan: Plan, read: Callable[[str], bytes]
) -> dict[str, Refusals]:
    """Return which edits of a plan the complaints point at, by file. `read` gives a file's bytes."""
    files = {f.scan.path: f for f in plan.files}
    found: dict[str, Refusals] = {}
    for one in broken:
        charged = [*_charged(one, files, read)]
        for path, edit, charge in charged:
            found.setdefault(path, Refusals()).edits.setdefault(edit.span, charge)
        if not charged:
            path, span = one.marks[0]
            charge = Charge("error", one.words)
            found.setdefault(path, Refusals()).left.append((span, charge))
    return found


def _charged(
    one: Broken, files: Mapping[str, FilePlan], read: Callable[[str], bytes]
) -> Iterable[tuple[str, Edit, Charge]]:
    """Yield the edits that one complaint points at, with their files."""
    near = [(path, _near(span, files[path], read)) for path, span in one.marks if path in files]
    (path, here), *others = near
    if one.name:
        scoped = {r.span for r in files[path].scan.references if r.kind in _SCOPED}
        for edit in here:
            instead = one.instead if edit.span in scoped else ""
            yield path, edit, Charge("capture", becomes=one.name, instead=instead)
        return
    there = [(at, edit) for at, edits in others for edit in edits]
    twins = [(e, a, o) for e in here for a, o in there if e.new == o.new and e.expect != o.expect]
    for edit, at, other in twins:
        names = other.expect.decode("latin-1"), edit.new.decode("latin-1")
        twin = other.span if at == path else None
        yield path, edit, Charge("merge", one.words, *names, twin=twin)
    if twins:
        return
    for at, edits in near:
        if edits:
            yield from ((at, edit, Charge("error", one.words)) for edit in edits)
            return


def _near(span: Span, file: FilePlan, read: Callable[[str], bytes]) -> Sequence[Edit]:
    """Return the edits at a place, else those of the statement around it."""
    at = [e for e in file.edits if e.span.start <= max(span.end, span.start) and
          span.start <= e.span.end]  # fmt: skip
    if at:
        return at
    data = read(file.scan.path)
    before = max(0, span.start - _REACH)
    ends = [m.end() for m in _ENDS.finditer(data, before, span.start)]
    start = ends[-1] if ends else before
    stop = _ENDS.search(data, span.end, min(len(data), span.end + _REACH))
    end = stop.start() if stop is not None else span.end
    inside = [e for e in file.edits if start <= e.span.start and e.span.end <= end]
    return [e for e in inside if not _directive(data, e.span.start)]


def _directive(data: bytes, offset: int) -> bool:
    """Does a place stand on a directive's line? No statement of code reaches there."""
    return data[data.rfind(b"\n", 0, offset) + 1 : offset].lstrip().startswith(b"#")
