# SPDX-License-Identifier: Apache-2.0
"""What the parts of a CMake plan share: the file, the target's way, changes by command, and options
that wait for a place where device sources take them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from portkit.files.edits import EditMismatch, apply_edits
from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Reason
from portkit.plan.building.cmake_file import CMakeFile, Placed, quoted
from portkit.plan.building.findings import left
from portkit.plan.building.made import BuildSite, Made, inserted
from portkit.targets.build_facts import CMakeWay

# commands that open or close a block: none of them can stand in a branch of its own
_FLOW = frozenset({
    "if", "elseif", "else", "endif", "while", "endwhile", "foreach", "endforeach", "function",
    "endfunction", "macro", "endmacro", "block", "endblock",
})  # fmt: skip
NO_PLACE = Decision(Action.MANUAL, Reason.STRUCTURE)


class Change(msgspec.Struct):
    """Edits on one command, for the references that they are made for. `gone`: it was taken back."""

    command: int
    edits: list[Edit]
    references: list[int]
    gone: bool = False


class Waiting(msgspec.Struct):
    """Options that go where all device sources of a folder take them, and what is done with the
    command that had them. `target`: whose they are, "" for those of a folder; `standard`: it is a
    version of C++, of which a folder has one.
    """

    words: tuple[str, ...]
    change: Change
    target: str = ""
    standard: bool = False


class Shop:
    """The plan of one CMake file in the making."""

    def __init__(self, site: BuildSite, made: Made, way: CMakeWay) -> None:
        """`way`: how the target compiles device sources."""
        self.site, self.made, self.way = site, made, way
        self.file = CMakeFile(site, made)
        self.changes: list[Change] = []
        self.waiting: list[Waiting] = []
        self.turned: Change | None = None  # the command in whose place the target's lines stand
        self.rooted = False  # lines that say where the SDK is stand before
        self._looks = set[tuple[int, str]]()  # for which packages, in the place of which commands
        self.keyword = ""  # how the target's commands link from here on

    def ref(self, index: int) -> Reference:
        """Return a reference by its number."""
        return self.site.references[index]

    def leave(self, index: int, decision: Decision, rule: str = "") -> None:
        """Leave a reference to a person, with a finding."""
        self.made.decide(index, decision)
        self.made.findings.append(left(index, self.ref(index), decision, self.site, rule))

    def leave_all(self, indexes: Iterable[int], decision: Decision = NO_PLACE) -> None:
        """Leave references to a person."""
        for index in indexes:
            if index not in self.made.decisions:
                self.leave(index, decision)

    def keep(self, index: int, reason: Reason = Reason.SAME_SPELLING) -> None:
        """Keep a reference as it is."""
        self.made.decide(index, Decision(Action.KEEP, reason))

    def edit(
        self, index: int, replacement: str, row: Row | None = None, *, dropped: bool = False
    ) -> None:
        """Take it that a reference is edited."""
        reason = Reason.DROPPED if dropped else Reason.MAPPED
        self.made.decide(index, Decision(Action.EDIT, reason, replacement, row))

    def change(self, command: int, edits: Sequence[Edit], references: Sequence[int]) -> Change:
        """Take edits on a command."""
        made = Change(command, list(edits), list(references))
        self.changes.append(made)
        return made

    def looked_for(self, imported: str, placed: Placed) -> list[Edit]:
        """Have the file look for the package that brings an imported target: behind the target's
        lines, where they stand in the file, else before each command that names it, as that may be
        in a branch. Return what is written before this command.
        """
        package = self.way.packages.get(imported, "")
        place = placed.number if self.turned is None else self.turned.command
        if not package or (place, package) in self._looks:
            return []
        self._looks.add((place, package))
        line = f"find_package({package} REQUIRED)"
        if self.turned is None:
            return [self.file.before(placed.command, [line])]
        self.turned.edits[-1] = _with_line(self.turned.edits[-1], line, self.file)
        return []

    # --- options for device sources

    def adding(self, words: Sequence[str]) -> str:
        """Return the command that gives device sources more options."""
        name = self.way.flags
        if self.way.flags_text:
            return f'set({name} "${{{name}}} {" ".join(words)}")'
        return f"list(APPEND {name} {' '.join(quoted(w) for w in words)})"

    def settle_waiting(self) -> None:
        """Put the options that wait where device sources take them, or leave them to a person."""
        adders = self.file.adders
        words, said = list[str](), set[str]()
        standards = {w.words for w in self.waiting if w.standard}
        for one in self.waiting:
            fits = not one.target or one.target == self.file.index.only_target
            fits = fits and not (one.standard and len(standards) > 1)
            if not one.words:
                fits = True
            elif not (self.turned or adders):
                fits = False
            if not fits:
                one.change.gone = True
                for index in one.change.references:
                    self.made.decisions.pop(index, None)
                self.leave_all(one.change.references)
                continue
            words += [w for w in one.words if w not in said]
            said.update(one.words)
        if not words:
            return
        line = self.adding(words)
        whole = [i for w in self.waiting if not w.change.gone for i in w.change.references]
        of_targets = adders and any(w.target for w in self.waiting if w.words)
        if self.turned is not None and not of_targets:
            self.turned.edits[-1] = _with_line(self.turned.edits[-1], line, self.file)
            self.turned.references += whole
            return
        first = min(adders)
        self.change(first, [self.file.before(self.file.commands[first], [line])], whole)

    # --- the end

    def finish(self) -> None:
        """Hand the changes over, each command's together, as the route has it."""
        by_command: dict[int, Change] = {}
        for one in self.changes:
            if one.gone:
                continue
            known = by_command.setdefault(one.command, Change(one.command, [], []))
            known.edits += one.edits
            known.references += one.references
        for number, one in by_command.items():
            edits = _joined(one.edits)
            if self.site.route == "beside":
                alone = self.file.commands[number].name in _FLOW
                beside = None if alone or self._has_left(number) else self._beside(number, edits)
                if beside is None:
                    self._take_back(one)
                    continue
                edits = beside
            self.made.change(edits, one.references)

    def _has_left(self, number: int) -> bool:
        """Is a reference in a command left to a person?"""
        inside = self.file.refs_in(self.file.commands[number].whole)
        made = (self.made.decisions.get(i) for i in inside)
        return any(d is not None and d.action is Action.MANUAL for d in made)

    def _take_back(self, one: Change) -> None:
        for index in one.references:
            if self.made.decisions[index].action is Action.EDIT:
                del self.made.decisions[index]
                self.leave(index, NO_PLACE)

    def _beside(self, number: int, edits: Sequence[Edit]) -> list[Edit] | None:
        """Return edits that write a command's new form into a branch of its own, and leave the
        command as it is in the other; None where two of `edits` want the same bytes.
        """
        file, command = self.file, self.file.commands[number]
        whole, indent, eol = command.whole, file.indent(command), file.eol
        start = min([whole.start, *(e.span.start for e in edits)])
        end = max([whole.end, *(e.span.end for e in edits)])
        shifted = [
            msgspec.structs.replace(
                e, span=Span(e.span.start - start, e.span.end - start), group=""
            )
            for e in edits
        ]
        try:
            changed = apply_edits(file.data[start:end], shifted)
        except EditMismatch:
            return None
        new = changed.decode("utf-8", "surrogateescape").strip()
        switch = self.way.switch
        head = f"if({switch}){eol}{indent}{new}{eol}{indent}else()" if new else f"if(NOT {switch})"
        return [
            inserted(whole.start, f"{head}{eol}{indent}"),
            file.after(command, ["endif()"]),
        ]


def _with_line(edit: Edit, line: str, file: CMakeFile) -> Edit:
    """Return an edit whose text has one more line at its end."""
    text = edit.new.decode("utf-8", "surrogateescape")
    last = text.rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())]
    return msgspec.structs.replace(
        edit, new=f"{text}{file.eol}{indent}{line}".encode("utf-8", "surrogateescape")
    )


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Return edits with those that insert at one place as one, in their order."""
    found: list[list[Edit]] = []
    inserting: dict[int, list[Edit]] = {}
    for edit in edits:
        alike = inserting.get(edit.span.start) if not len(edit.span) else None
        if alike is not None:
            alike.append(edit)
            continue
        found.append([edit])
        if not len(edit.span):
            inserting[edit.span.start] = found[-1]
    return [
        msgspec.structs.replace(some[0], new=b"".join(e.new for e in some))
        if len(some) > 1
        else some[0]
        for some in found
    ]
