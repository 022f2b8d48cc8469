# SPDX-License-Identifier: Apache-2.0
"""One open document as an editor asks about it: its plans, by the settings of its folder, and what
its bytes mean.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from portkit.files.text import line_starts
from portkit.languages.registry import LANGUAGES
from portkit.model.plans import Decision, FilePlan, Finding, Plan
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Action
from portkit.report.i18n import Catalog


class Analysis:
    """The plans of a document's text: one a target, with the targets that they are for. Offsets are
    bytes of UTF-8.
    """

    def __init__(self, text: str, plans: Sequence[tuple[Plan, Any]]) -> None:
        self.data = text.encode("utf-8", "replace")
        self.plans = [(plan, target, plan.files[0]) for plan, target in plans if plan.files]
        self._starts = line_starts(self.data)

    def place(self, offset: int) -> tuple[int, str]:
        """Return the 0-based line of a byte offset, and the text of that line before it."""
        line = max(bisect_right(self._starts, offset) - 1, 0)
        return line, self.data[self._starts[line] : offset].decode("utf-8", "replace")

    def line(self, number: int) -> str:
        """Return the text of a 0-based line without its line end; empty beyond the last one."""
        if not 0 <= number < len(self._starts):
            return ""
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.data)
        return self.data[self._starts[number] : end].decode("utf-8", "replace").rstrip("\r\n")

    def offset(self, line: int, characters: int) -> int:
        """Return the byte offset of a place given as 0-based line and code points of it."""
        if line >= len(self._starts):
            return len(self.data)
        return self._starts[line] + len(self.line(line)[:characters].encode("utf-8", "replace"))

    def findings(self) -> Iterator[tuple[Plan, Finding]]:
        """Yield the findings of the document for each target, suppressed ones left out."""
        for plan, _, file in self.plans:
            yield from ((plan, f) for f in file.findings if not f.suppressed)

    def references(
        self, start: int, end: int
    ) -> Iterator[tuple[Plan, Any, FilePlan, int, Reference, Decision]]:
        """Yield what stands between two byte offsets, ends included, for each target."""
        for plan, target, file in self.plans:
            for index, (ref, decision) in enumerate(
                zip(file.scan.references, file.decisions, strict=True)
            ):
                if ref.span.start <= end and start <= ref.span.end:
                    yield plan, target, file, index, ref, decision


def analyse(path: Path, text: str, targets: Sequence[str]) -> Analysis:
    """Plan a document's `text`, which stands in for the file, for `targets`, else for those that
    its settings name.

    Raises PortkitError for settings that do not read, and for a target that does not exist.
    """
    from portkit.api import Options, Session

    real = path.resolve()
    options = Options.load([real]).given(jobs=1)
    data = text.encode("utf-8", "replace")
    session = Session([real], options, targets, texts={real: data})
    if not session.targets:
        return Analysis(text, ())
    return Analysis(text, list(zip(session.plans(), session.targets, strict=True)))


def all_edits(file: FilePlan) -> list[tuple[Span, str]]:
    """Return the planned edits of a file as (span, new text)."""
    return [(e.span, e.new.decode("utf-8", "replace")) for e in file.edits]


def edits_at(file: FilePlan, span: Span) -> list[list[tuple[Span, str]]]:
    """Return the planned edits that touch `span`, each with those that go with it; the one touched
    comes first.
    """
    found, seen = [], set()
    for edit in file.edits:
        if (
            edit.span.start <= span.end
            and span.start <= edit.span.end
            and not (edit.group and edit.group in seen)
        ):
            seen.add(edit.group)
            others = [e for e in file.edits if edit.group and e.group == edit.group and e != edit]
            found.append([(e.span, e.new.decode("utf-8", "replace")) for e in (edit, *others)])
    return found


def suppression(line: str, rule: str, language: str = "cxx") -> tuple[int, str]:
    """Return where in a line of code, in code points, to insert which comment so that `rule` is
    silent there.
    """
    mark = f"portkit: ignore[{rule}]"
    body = line.rstrip()
    # a macro goes on: a line comment would swallow its next line
    if language == "cxx" and body.endswith("\\"):
        at = len(body[:-1].rstrip())
        return at, f" /* {mark} */"
    return len(body), f"  {LANGUAGES[language].comment(mark)}"


def said(target: Any, ref: Reference, decision: Decision, words: Catalog) -> list[str]:
    """Return the lines of Markdown that say what a reference becomes on a target, on what evidence,
    and where from.
    """
    reason, row = decision.reason.value, decision.row
    if decision.action is Action.EDIT:
        what = words("lsp_becomes", replacement=decision.replacement)
    elif decision.action is Action.KEEP:
        what = words("lsp_stays", reason=reason)
    elif decision.replacement:
        what = words("lsp_person_would", reason=reason, replacement=decision.replacement)
    else:
        what = words("lsp_person", reason=reason)
    lines = [words("lsp_target", target=target.spec, what=what)]
    if row is not None:
        axes = {"exists": row.exists.name.lower(), "pairs": row.pairs.name.lower()}
        lines.append(words("lsp_rule_only") if row.derived else words("lsp_evidence", **axes))
        lines += [words("lsp_source", source=target.sources.get(s, s)) for s in row.sources]
        if row.note:
            lines.append(words("lsp_note", note=row.note))
    return lines
