# SPDX-License-Identifier: Apache-2.0
"""What the parts of a plan of a file of Make's share."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from portkit.languages.make.lines import Reading
from portkit.languages.make.makefile import Makefile
from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Reason
from portkit.plan.building.findings import left
from portkit.plan.building.made import BuildSite, Made
from portkit.rules.registry import finding
from portkit.targets.build_facts import MakeWay

NO_PLACE = Decision(Action.MANUAL, Reason.STRUCTURE)


class MakeShop:
    """The plan of one file in the making."""

    def __init__(self, site: BuildSite, made: Made, way: MakeWay, file: Makefile) -> None:
        """`way`: how the target compiles device sources."""
        self.site, self.made, self.way, self.file = site, made, way, file
        self.reading = Reading(file)
        self.data = site.data
        self.eol = "\r\n" if b"\r\n" in self.data else "\n"
        self.arch = site.build.arch
        self._starts = [r.span.start for r in site.references]

    def open(self) -> list[int]:
        """Return the references that are not decided yet."""
        return [i for i in range(len(self._starts)) if self._is_open(i)]

    def _is_open(self, index: int) -> bool:
        is_of_build = self.ref(index).context is Context.BUILD
        return is_of_build and index not in self.made.decisions

    def _ends(self, index: int) -> int:
        return self.ref(index).span.end

    def ref(self, index: int) -> Reference:
        """Return a reference by its number."""
        return self.site.references[index]

    def within(self, span: Span) -> list[int]:
        """Return the open references in a span."""
        first, last = (bisect_left(self._starts, at) for at in (span.start, span.end))
        return [i for i in range(first, last) if self._is_open(i) and self._ends(i) <= span.end]

    def leave(self, index: int, decision: Decision, rule: str = "", case: str = "") -> None:
        """Leave a reference to a person, with a finding; `case`: the message of the rule."""
        self.made.decide(index, decision)
        ref = self.ref(index)
        if case:
            args = {"name": ref.name, "target": self.site.target.name(), "case": case}
            self.made.findings.append(finding(rule, ref.span, args, (index,)))
        else:
            self.made.findings.append(left(index, ref, decision, self.site, rule))

    def keep(self, index: int, reason: Reason = Reason.SAME_SPELLING) -> None:
        """Keep a reference as it is."""
        self.made.decide(index, Decision(Action.KEEP, reason))

    def edit(
        self, index: int, replacement: str, edits: Sequence[Edit], row: Row | None = None
    ) -> None:
        """Take it that a reference is edited."""
        reason = Reason.MAPPED if replacement else Reason.DROPPED
        self.made.decide(index, Decision(Action.EDIT, reason, replacement, row))
        self.made.change(edits, [index])

    def line_start(self, at: int) -> int:
        """Return where the line begins that a byte stands on."""
        return self.data.rfind(b"\n", 0, at) + 1

    def suffix(self, suffix: str) -> str:
        """Return the suffix that a source has after the run."""
        moved = self.site.target.rename_suffixes if self.site.rename else {}
        return moved.get(suffix, suffix)
