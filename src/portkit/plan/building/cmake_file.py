# SPDX-License-Identifier: Apache-2.0
"""A CMake file as its plan sees it: commands with the references in them, which commands make
targets of device sources, how targets are linked.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cmake.commands import Argument, Command
from portkit.model.reading import Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Context, Kind
from portkit.plan.building.cmake_index import CMakeIndex
from portkit.plan.building.made import BuildSite, Made, inserted, replaced

_REST = re.compile(rb"[ \t]*(?:#(?!\[)[^\n]*)?(?=\r?\n|\Z)")
_LINE = re.compile(rb"^[ \t]*", re.M)
_NO_MORE = re.compile(rb"[ \t]*(?:\r?\n|\Z)")
_BLANK = frozenset({b" ", b"\t", b"\r", b"\n"})
_SAFE = re.compile(r"[^\s;\"()#\\]+")


class Placed(msgspec.Struct, frozen=True):
    """A command with the numbers of the references in it."""

    number: int
    command: Command
    refs: tuple[int, ...]


class CMakeFile:
    """One file, its commands, and where edits go."""

    def __init__(self, site: BuildSite, made: Made) -> None:
        """`made`: what was decided before is left as it is."""
        self.site, self.made, self.data = site, made, site.data
        self.index = site.source.once(CMakeIndex)
        self.commands, self.adders = self.index.commands, self.index.adders
        self.eol = "\r\n" if b"\r\n" in self.data else "\n"

    @functools.cached_property
    def placed(self) -> list[Placed]:
        """The commands with references that are not decided yet, in order."""
        refs = [
            i
            for i, r in enumerate(self.site.references)
            if r.context is Context.BUILD and i not in self.made.decisions
        ]
        found, at = list[Placed](), 0
        for number, command in enumerate(self.commands):
            inside = []
            while at < len(refs) and self.ref(refs[at]).span.start < command.end:
                inside.append(refs[at])
                at += 1
            if inside:
                found.append(Placed(number, command, tuple(inside)))
        return found

    @functools.cached_property
    def turns_on(self) -> bool:
        """Whether a command of the file turns CUDA on as a language."""
        return any(
            self.ref(i).kind is Kind.LANGUAGE and p.command.name in ("project", "enable_language")
            for p in self.placed
            for i in p.refs
        )

    def ref(self, index: int) -> Reference:
        """Return a reference by its number."""
        return self.site.references[index]

    def refs_in(self, whole: Span) -> range:
        """Return the numbers of the references that begin within a span."""
        refs = self.site.references
        return range(*(bisect_left(refs, at, key=_start) for at in (whole.start, whole.end)))

    # --- edits

    def indent(self, command: Command) -> str:
        """Return the blanks in front of a command on its line."""
        start = self._begun.get(command.span.start)
        return self.data[start : command.span.start].decode("latin-1") if start is not None else ""

    @functools.cached_property
    def _begun(self) -> dict[int, int]:
        """Where the line of a byte begins that has nothing but blanks before it."""
        return {m.end(): m.start() for m in _LINE.finditer(self.data)}

    def after(self, command: Command, lines: Sequence[str]) -> Edit:
        """Return the edit that puts lines behind a command."""
        rest = _REST.match(self.data, command.end)
        at = rest.end() if rest is not None else command.end
        indent = self.indent(command)
        return inserted(at, "".join(f"{self.eol}{indent}{line}" for line in lines))

    def before(self, command: Command, lines: Sequence[str]) -> Edit:
        """Return the edit that puts lines in front of a command."""
        indent = self.indent(command)
        return inserted(command.span.start, "".join(f"{line}{self.eol}{indent}" for line in lines))

    def instead(self, command: Command, lines: Sequence[str]) -> Edit:
        """Return the edit that puts lines in a command's place; without any its line goes too,
        where nothing else stands on it.
        """
        whole = command.whole
        if lines:
            return replaced(self.data, whole, f"{self.eol}{self.indent(command)}".join(lines))
        start = self._begun.get(whole.start)
        rest = _NO_MORE.match(self.data, whole.end)
        if start is not None and rest is not None:
            whole = Span(start, rest.end())
        return replaced(self.data, whole, "")

    def without(self, first: Argument, last: Argument | None = None) -> Edit:
        """Return the edit that takes an argument away, or those up to `last`, with the blanks in
        front.
        """
        ends = [(a.span.start - a.quoted, a.span.end + a.quoted) for a in (first, last or first)]
        start, end = ends[0][0], ends[1][1]
        before = start
        while self.data[before - 1 : before] in _BLANK:
            before -= 1
        if self.data[before - 1 : before] == b"(":
            rest = re.compile(rb"[ \t\r\n]*").match(self.data, end)
            before, end = start, rest.end() if rest is not None else end
        return replaced(self.data, Span(before, end), "")


def _start(one: Reference | Argument) -> int:
    return one.span.start


def quoted(word: str) -> str:
    """Return a word as one argument of a command."""
    if _SAFE.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def argument_of(command: Command, span: Span) -> Argument | None:
    """Return the argument that holds a span."""
    before = bisect_right(command.arguments, span.start, key=_start)
    found = command.arguments[before - 1] if before else None
    return found if found is not None and found.span.contains(span) else None


def arguments_in(command: Command, span: Span) -> range:
    """Return the numbers of the arguments that begin within a span."""
    given = command.arguments
    return range(*(bisect_left(given, at, key=_start) for at in (span.start, span.end)))


def pairs_after(command: Command, word: str) -> Iterator[tuple[Argument, Argument]]:
    """Yield the pairs of arguments behind a word: names of properties and their values."""
    texts = [a.text for a in command.arguments]
    if word not in texts:
        return
    rest = command.arguments[texts.index(word) + 1 :]
    yield from zip(rest[::2], rest[1::2], strict=False)
