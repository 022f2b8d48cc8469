# SPDX-License-Identifier: Apache-2.0
"""Which findings the gate leaves out: those that a baseline knows, and those on lines that did not
change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from portkit.files.text import SourceText
from portkit.model.plans import FilePlan, Finding, Plan
from portkit.plan.baseline import Baseline, Drift, compare, findings_of, known

BASELINE, SINCE = "baseline", "since"
Lines = Sequence[tuple[int, int]]  # sorted ranges of lines, first and last


def know(plan: Plan, baseline: Baseline, exists: Callable[[str], bool]) -> tuple[Plan, Drift]:
    """Mark the findings that a baseline knows for the plan's target; the drift says what else there
    is.
    """
    target = f"{plan.target}@{plan.profile}"
    entries = [k for k in baseline.findings if k.target == target]
    drift = compare(entries, findings_of(plan), [f.scan.path for f in plan.files], exists)
    old = Counter((*drift.known, *(now for _, now in drift.moved)))

    def mark(path: str, item: Finding) -> Finding:
        key = known(plan, path, item)
        if item.suppressed or not old[key]:
            return item
        old[key] -= 1
        return msgspec.structs.replace(item, exempt=BASELINE)

    return _map(plan, mark), drift


def only_changed(plan: Plan, changed: Mapping[str, Lines], read: Callable[[str], bytes]) -> Plan:
    """Mark the findings that stand on no line of `changed` (ranges by path).

    One of a whole file counts when any line of the file changed, or any that it points at; one of
    the tree does not.
    """
    texts: dict[str, SourceText] = {}
    files = {f.scan.path: f for f in plan.files}

    def mark(path: str, item: Finding) -> Finding:
        lines = changed.get(path)
        if lines is None:
            return item if item.exempt else msgspec.structs.replace(item, exempt=SINCE)
        file = files.get(path)
        if item.exempt or file is None:
            return item
        spans = [item.span] if len(item.span) else []
        spans += [file.scan.references[i].span for i in item.references]
        if not spans:
            return item
        if path not in texts:
            texts[path] = SourceText(read(path))
        text = texts[path]
        ranges = [
            (text.position(s.start)[0], text.position(max(s.start, s.end - 1))[0]) for s in spans
        ]
        return (
            item
            if any(_meets(lines, *r) for r in ranges)
            else msgspec.structs.replace(item, exempt=SINCE)
        )

    return _map(plan, mark)


def _meets(lines: Lines, first: int, last: int) -> bool:
    index = bisect_left(lines, first, key=lambda r: r[1])
    return index < len(lines) and lines[index][0] <= last


def _map(plan: Plan, mark: Callable[[str, Finding], Finding]) -> Plan:
    files: list[FilePlan] = []
    for file in plan.files:
        marked = tuple(mark(file.scan.path, f) for f in file.findings)
        files.append(
            file if marked == file.findings else msgspec.structs.replace(file, findings=marked)
        )
    tree = tuple((path, mark(path, f)) for path, f in plan.findings)
    return msgspec.structs.replace(plan, files=tuple(files), findings=tree)
