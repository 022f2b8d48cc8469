# SPDX-License-Identifier: Apache-2.0
"""One CMake file as it is read: its commands, and what is worked out of all of them. Each is worked
out once, whoever asks: the reading first, the plans of all targets later.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from portkit.languages.cmake.commands import read_commands
from portkit.languages.cmake.flag_lists import FlagList, flag_lists
from portkit.languages.cmake.targets import Adder, device_adders
from portkit.languages.kept import kept_by_bytes


class ReadFile:
    """The commands of a file, never changed, with what they say of each other."""

    def __init__(self, data: bytes) -> None:
        read = read_commands(data)
        self.commands, self.comments, self.fault = read.commands, read.comments, read.fault

    @functools.cached_property
    def flag_lists(self) -> tuple[FlagList, ...]:
        """The lists of options for nvcc, in order."""
        return tuple(flag_lists(self.commands))

    @functools.cached_property
    def adders(self) -> Mapping[int, Adder]:
        """The commands that make targets of device sources, by number."""
        return device_adders(self.commands)


@kept_by_bytes
def read_file(data: bytes) -> ReadFile:
    """Return what a CMake file says. Never raises."""
    return ReadFile(data)
