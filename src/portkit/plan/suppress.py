# SPDX-License-Identifier: Apache-2.0
"""Comments that switch portkit off, for a line, a region or a file, and what became of them.

`// portkit: ignore[PK301,PK4] reason` silences findings of its line, or of the next line when it
stands alone; `// portkit: ignore-next-line[PK301] reason` those of the next line, `// portkit:
ignore-file[PK301] reason` those of the file; `// portkit: off` to `// portkit: on` leaves a region
as it is: no edit, no finding. MUSIFY's marks (MUSIFY_EXCL_LINE, MUSIFY_EXCL_START to
MUSIFY_EXCL_STOP) do the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from portkit.files.text import line_starts
from portkit.model.plans import Decision, Finding, Suppression
from portkit.model.reading import FileScan, Reference
from portkit.model.spans import Span
from portkit.model.words import Action, Reason, Severity, Silenced
from portkit.plan.callers import AFFECTED
from portkit.rules.registry import all_rules, finding, retired

_MARK = re.compile(
    r"portkit:\s*(?P<word>ignore-file|ignore-next-line|ignore|off|on)\b"
    r"(?:\s*\[(?P<ids>[^\]]*)\])?[ \t]*(?P<reason>[^\n]*)"
    r"|MUSIFY_EXCL_(?P<musify>START|STOP|LINE)"
)
_ALL = ("PK",)


class Mark(msgspec.Struct):
    """One mark: the bytes that it rules, the id prefixes that it silences, and how often it was
    needed.
    """

    span: Span
    text: str
    covers: Span
    ids: tuple[str, ...] = _ALL
    reason: str = ""
    whole: bool = False  # edits are left out too
    used: int = 0


class Suppressions:
    """The marks of one file. An empty one costs nothing and changes nothing."""

    def __init__(self, file: FileScan, data: bytes) -> None:
        self.marks: list[Mark] = []
        self._strange: list[tuple[Span, str]] = []
        if file.facts.marks:
            self._read(file, data)

    def _read(self, file: FileScan, data: bytes) -> None:
        starts = line_starts(data)
        opened: Mark | None = None
        for text, span in file.facts.marks:
            for match in _MARK.finditer(text):
                word = (
                    match["word"] or {"START": "off", "STOP": "on", "LINE": "line"}[match["musify"]]
                )
                ids = (
                    tuple(
                        part.strip().upper()
                        for part in (match["ids"] or "").split(",")
                        if part.strip()
                    )
                    or _ALL
                )
                self._strange += [
                    (span, i)
                    for i in ids
                    if not any(known.startswith(retired().get(i, i) or i) for known in all_rules())
                ]
                ids = tuple(retired().get(i, i) or i for i in ids)
                reason = (match["reason"] or "").strip().removesuffix("*/").strip()
                shown = match.group().strip().removesuffix("*/").strip()
                if word == "off":
                    if opened is None:
                        opened = Mark(
                            span, shown, Span(span.start, len(data)), reason=reason, whole=True
                        )
                        self.marks.append(opened)
                elif word == "on":
                    if opened is not None:
                        opened.covers, opened = Span(opened.covers.start, span.end), None
                elif word == "ignore-file":
                    self.marks.append(Mark(span, shown, Span(0, len(data) + 1), ids, reason))
                else:
                    covers = _lines(span, starts, data, alone=word == "ignore-next-line")
                    self.marks.append(Mark(span, shown, covers, ids, reason, whole=word == "line"))

    def leave(
        self, references: tuple[Reference, ...], decisions: tuple[Decision, ...]
    ) -> tuple[Decision, ...]:
        """Return the decisions with everything kept that stands where portkit is switched off."""
        whole = [m for m in self.marks if m.whole]
        if not whole:
            return decisions
        result = list(decisions)
        for index, ref in enumerate(references):
            for mark in whole:
                if mark.covers.contains(ref.span):
                    mark.used += 1
                    if decisions[index].action is not Action.KEEP:
                        result[index] = Decision(
                            Action.KEEP, Reason.SUPPRESSED, row=decisions[index].row
                        )
                    break
        return tuple(result)

    def silence(self, findings: list[Finding]) -> list[Finding]:
        """Return the findings, those that a mark covers marked as suppressed, and one for each mark
        that nothing needed.
        """
        if not self.marks:
            return findings
        result = self.cover(findings)
        result += [
            finding("PK911", m.span, {"name": m.text})
            for m in self.marks
            if not m.used and not self._unknown(m) and m.ids != (AFFECTED,)
        ]
        result += [
            finding("PK911", span, {"name": id, "case": "unknown"}, severity=Severity.WARNING)
            for span, id in self._strange
        ]
        return sorted(result, key=lambda f: f.span)

    def cover(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings, those that a mark covers marked as suppressed."""
        result = []
        for item in findings:
            mark = next((m for m in self.marks if _covers(m, item)), None)
            if mark is not None and not item.suppressed:
                mark.used += 1
                item = msgspec.structs.replace(
                    item, suppressed=Suppression(Silenced.COMMENT, mark.reason or "yes")
                )
            result.append(item)
        return result

    def _unknown(self, mark: Mark) -> bool:
        return any(span == mark.span and id in mark.ids for span, id in self._strange)


def _covers(mark: Mark, item: Finding) -> bool:
    return mark.covers.start <= item.span.start < mark.covers.end and item.rule.startswith(mark.ids)


def _lines(span: Span, starts: list[int], data: bytes, *, alone: bool) -> Span:
    """The line of a comment; with the next one that is not blank when the comment stands alone on
    its line, or is taken to.
    """
    first = bisect_right(starts, span.start) - 1
    last = bisect_right(starts, max(span.start, span.end - 1)) - 1
    end = starts[last + 1] if last + 1 < len(starts) else len(data) + 1
    if alone or (not data[starts[first] : span.start].strip() and not data[span.end : end].strip()):
        while last + 2 < len(starts) and not data[starts[last + 1] : starts[last + 2]].strip():
            last += 1
        end = starts[last + 2] if last + 2 < len(starts) else len(data) + 1
    return Span(span.end if alone else starts[first], end)
