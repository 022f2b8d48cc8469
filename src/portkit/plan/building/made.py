# SPDX-License-Identifier: Apache-2.0
"""What is worked out of a build file: one decision for each reference of a build, edits in groups
with the references that each stands for, findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from portkit.model.plans import Decision, Finding
from portkit.model.reading import Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Reason
from portkit.rules.view import FileSource
from portkit.targets.build import Build
from portkit.targets.floors import Floors
from portkit.targets.target import Target

Route = Literal["replace", "beside", "wrapper"]
ROUTES: tuple[Route, ...] = ("replace", "beside", "wrapper")
GROUP = "build "  # starts the group of each edit that a plan of a build makes


class BuildSite(msgspec.Struct, frozen=True):
    """A build file under one target. `rename`: device sources get the target's suffixes."""

    source: FileSource
    target: Target
    floors: Floors
    route: Route
    rename: bool = False

    @property
    def build(self) -> Build:
        """What the target knows of builds."""
        return self.target.build

    @property
    def data(self) -> bytes:
        """The file's bytes as scanned."""
        return self.source.data

    @property
    def references(self) -> tuple[Reference, ...]:
        """The file's references, sorted by span."""
        return self.source.references


class Made(msgspec.Struct):
    """What was worked out so far. `decisions`: by reference; `groups`: the references that a group
    of edits is made for.
    """

    decisions: dict[int, Decision] = {}
    edits: list[Edit] = []
    groups: dict[str, tuple[int, ...]] = {}
    findings: list[Finding] = []

    def decide(self, index: int, decision: Decision) -> None:
        """Decide a reference, unless it is decided."""
        self.decisions.setdefault(index, decision)

    def change(self, edits: Sequence[Edit], references: Sequence[int]) -> None:
        """Take edits that are applied together or not at all, made for these references."""
        name = f"{GROUP}{len(self.groups)}"
        self.groups[name] = tuple(references)
        self.edits += [msgspec.structs.replace(e, group=name) for e in edits]

    def settled(self, decisions: Sequence[Decision]) -> tuple[tuple[Decision, ...], list[Edit]]:
        """Return final decisions and edits for `decisions` of all references of the file, some of
        which were left since: a group of which one is left goes, and its others are held.
        """
        result, gone = list(decisions), set[str]()
        changed = True
        while changed:
            changed = False
            for name, indexes in self.groups.items():
                mine = [result[i] for i in indexes]
                if name in gone or all(d.action is Action.EDIT for d in mine):
                    continue
                gone.add(name)
                changed = True
                for index in indexes:
                    if (was := result[index]).action is Action.EDIT:
                        result[index] = Decision(
                            Action.MANUAL, Reason.HELD, was.replacement, was.row
                        )
        return tuple(result), [e for e in self.edits if e.group not in gone]


def replaced(data: bytes, span: Span, new: str) -> Edit:
    """Return the edit that puts a text in the place of a span."""
    return Edit(span, data[span.start : span.end], new.encode("utf-8", "surrogateescape"))


def inserted(at: int, new: str) -> Edit:
    """Return the edit that inserts a text."""
    return Edit(Span(at, at), b"", new.encode("utf-8", "surrogateescape"))
