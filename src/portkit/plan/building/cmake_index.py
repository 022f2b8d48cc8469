# SPDX-License-Identifier: Apache-2.0
"""What the commands of a CMake file say of each other, whatever the target: each is worked out once
a file, since a plan asks for it at each reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from portkit.languages.cmake.commands import Command
from portkit.languages.cmake.file import read_file
from portkit.languages.cmake.flag_lists import FlagList, used_variables
from portkit.languages.cmake.reach import reached
from portkit.languages.cmake.targets import ADDS, Adder
from portkit.rules.view import FileSource

LISTS = frozenset({"set", "list", "file"})
_KEYWORDS = frozenset({"PRIVATE", "PUBLIC", "INTERFACE"})


class CMakeIndex:
    """The commands of a file by what a plan looks for."""

    def __init__(self, source: FileSource) -> None:
        self._read = read_file(source.data)
        self.commands: tuple[Command, ...] = self._read.commands

    @property
    def adders(self) -> Mapping[int, Adder]:
        """The commands that make targets of device sources, by number."""
        return self._read.adders

    @cached_property
    def lists(self) -> Mapping[int, list[FlagList]]:
        """The lists of options for nvcc, by the number of their command."""
        found: dict[int, list[FlagList]] = {}
        for one in self._read.flag_lists:
            found.setdefault(one.command, []).append(one)
        return found

    @cached_property
    def signatures(self) -> Mapping[str, str]:
        """How targets are linked in the file: "keyword", "plain", "both"."""
        found: dict[str, str] = {}
        for command in self.commands:
            if command.name == "target_link_libraries" and command.arguments:
                asks = any(a.text in _KEYWORDS for a in command.arguments[1:2])
                way, target = "keyword" if asks else "plain", command.arguments[0].text
                found[target] = way if found.get(target, way) == way else "both"
        return found

    @cached_property
    def host_targets(self) -> frozenset[str]:
        """The targets that the file makes of no device sources."""
        host, device = set[str](), set[str]()
        for number, command in enumerate(self.commands):
            if command.name in ADDS and command.arguments:
                (device if number in self.adders else host).add(command.arguments[0].text)
        return frozenset(host - device)

    @cached_property
    def only_target(self) -> str | None:
        """The target that takes device options, where the file has one such and no folders below."""
        targets = [a.target for a in self.adders.values()]
        below = any(c.name == "add_subdirectory" for c in self.commands)
        return targets[0] if len(targets) == 1 and not below else None

    @cached_property
    def asked(self) -> frozenset[str]:
        """The words that the conditions of the file hold."""
        return frozenset(
            a.text for c in self.commands if c.name in ("if", "elseif") for a in c.arguments
        )

    @cached_property
    def compiled(self) -> frozenset[str]:
        """The words of the commands that make targets of device sources: files among them."""
        return frozenset(a.text for n in self.adders for a in self.commands[n].arguments)

    @cached_property
    def source_variables(self) -> frozenset[str]:
        """The variables that reach the sources of a target, through others of the file."""
        given: dict[str, list[Command]] = {}
        for command in self.commands:
            if command.name in LISTS:
                for name in {a.text for a in command.arguments[:2]}:
                    given.setdefault(name, []).append(command)

        def leads(name: str) -> Iterator[str]:
            for command in given.get(name, ()):
                for argument in command.arguments:
                    yield from used_variables(argument.text)

        start = [v for a in self.adders.values() for v in a.variables]
        return frozenset(reached(start, leads))
