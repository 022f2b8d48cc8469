# SPDX-License-Identifier: Apache-2.0
"""A CMake file as its plan sees it: commands with the references in them, which commands make
targets of device sources, how targets are linked.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cmake.commands import Argument, Command, read_commands
from portkit.languages.cmake.flag_lists import FlagList, flag_lists
from portkit.languages.cmake.targets import ADDS, device_adders
from portkit.model.reading import Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Context
from portkit.plan.building.made import BuildSite, Made, inserted, replaced
from portkit.rules.view import FileSource

_KEYWORDS = frozenset({"PRIVATE", "PUBLIC", "INTERFACE"})
_REST = re.compile(rb"[ \t]*(?:#(?!\[)[^\n]*)?(?=\r?\n|\Z)")
_BLANK_BEFORE = re.compile(rb"[ \t\r\n]*\Z")
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
        self.commands = site.source.once(_commands)
        self.lists: list[FlagList] = flag_lists(self.commands)
        self.adders = device_adders(self.commands)
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

    def ref(self, index: int) -> Reference:
        """Return a reference by its number."""
        return self.site.references[index]

    def signature(self, target: str) -> str:
        """Return how a target is linked in the file: "keyword", "plain", "both", or ""."""
        found = {
            "keyword" if any(a.text in _KEYWORDS for a in c.arguments[1:2]) else "plain"
            for c in self.commands
            if c.name == "target_link_libraries" and c.arguments and c.arguments[0].text == target
        }
        return "both" if len(found) > 1 else next(iter(found), "")

    def is_host_only(self, target: str) -> bool:
        """Return whether the file makes a target of no device sources."""
        makers = [
            n
            for n, c in enumerate(self.commands)
            if c.name in ADDS and c.arguments and c.arguments[0].text == target
        ]
        return bool(makers) and not any(n in self.adders for n in makers)

    # --- edits

    def indent(self, command: Command) -> str:
        """Return the blanks in front of a command on its line."""
        start = self.data.rfind(b"\n", 0, command.span.start) + 1
        before = self.data[start : command.span.start]
        return before.decode("latin-1") if not before.strip(b" \t") else ""

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
        start = self.data.rfind(b"\n", 0, whole.start) + 1
        alone = not self.data[start : whole.start].strip(b" \t")
        rest = re.compile(rb"[ \t]*(?:\r?\n|\Z)").match(self.data, whole.end)
        if alone and rest is not None:
            whole = Span(start, rest.end())
        return replaced(self.data, whole, "")

    def without(self, first: Argument, last: Argument | None = None) -> Edit:
        """Return the edit that takes an argument away, or those up to `last`, with the blanks in
        front.
        """
        ends = [(a.span.start - a.quoted, a.span.end + a.quoted) for a in (first, last or first)]
        start, end = ends[0][0], ends[1][1]
        blank = _BLANK_BEFORE.search(self.data[:start])
        before = blank.start() if blank is not None else start
        if self.data[before - 1 : before] == b"(":
            rest = re.compile(rb"[ \t\r\n]*").match(self.data, end)
            before, end = start, rest.end() if rest is not None else end
        return replaced(self.data, Span(before, end), "")


def _commands(source: FileSource) -> tuple[Command, ...]:
    return read_commands(source.data).commands


def quoted(word: str) -> str:
    """Return a word as one argument of a command."""
    if _SAFE.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def argument_of(command: Command, span: Span) -> Argument | None:
    """Return the argument that holds a span."""
    return next((a for a in command.arguments if a.span.contains(span)), None)


def pairs_after(command: Command, word: str) -> Iterator[tuple[Argument, Argument]]:
    """Yield the pairs of arguments behind a word: names of properties and their values."""
    texts = [a.text for a in command.arguments]
    if word not in texts:
        return
    rest = command.arguments[texts.index(word) + 1 :]
    yield from zip(rest[::2], rest[1::2], strict=False)
