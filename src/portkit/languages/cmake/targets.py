# SPDX-License-Identifier: Apache-2.0
"""Which commands of a CMake file make targets of device sources: by the names in them, by variables
that hold such names, by sources that are said to be CUDA's.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

import msgspec

from portkit.languages.cmake.commands import Command
from portkit.languages.cmake.names import is_source, names
from portkit.languages.cmake.reach import reached

ADDS = frozenset({"add_executable", "add_library"})
_USED = re.compile(r"\$\{(\w+)\}")
_NO_SOURCES = frozenset({"ALIAS", "IMPORTED", "INTERFACE"})


class Adder(msgspec.Struct, frozen=True):
    """A command that makes a target with device sources. `kind`: STATIC, OBJECT ..., "" where none
    is named; `variables`: those that hold device sources; `sources`: the first and last argument
    that may be one.
    """

    number: int
    target: str
    kind: str
    variables: frozenset[str]
    sources: tuple[int, int]


def device_variables(commands: Sequence[Command]) -> frozenset[str]:
    """Return the variables that some command of the file gives a device source, directly or by
    another variable.
    """
    takers: dict[str, set[str]] = {}
    found = set[str]()
    for command in commands:
        name, texts = _given(command)
        if not name:
            continue
        for text in texts:
            for used in _USED.findall(text):
                takers.setdefault(used, set()).add(name)
        if any(is_source(part) for t in texts for part in t.split(";")):
            found.add(name)
    return frozenset(reached(found, lambda name: takers.get(name, ())))


def _given(command: Command) -> tuple[str, list[str]]:
    """Return the variable that a command sets, and the texts that it may take in."""
    texts = [a.text for a in command.arguments]
    if command.name == "set" and texts:
        return texts[0], texts[1:]
    if command.name == "list" and len(texts) > 1 and texts[0] in ("APPEND", "PREPEND"):
        return texts[1], texts[2:]
    if command.name == "file" and len(texts) > 1 and texts[0] in ("GLOB", "GLOB_RECURSE"):
        return texts[1], texts[2:]
    return "", []


def marked_sources(commands: Sequence[Command]) -> frozenset[str]:
    """Return the files that a command of the file says to be of CUDA's language."""
    found = set[str]()
    for command in commands:
        if command.name == "set_source_files_properties":
            texts = [a.text for a in command.arguments]
            if "PROPERTIES" in texts and _says_cuda(texts):
                found.update(texts[: texts.index("PROPERTIES")])
    return frozenset(found)


def _says_cuda(texts: Sequence[str]) -> bool:
    return any(
        one == "LANGUAGE" and other in names().languages for one, other in itertools.pairwise(texts)
    )


def device_adders(commands: Sequence[Command]) -> Mapping[int, Adder]:
    """Return the commands that make targets of device sources, by number."""
    found: dict[int, Adder] = {}
    variables, marked = device_variables(commands), marked_sources(commands)
    for number, command in enumerate(commands):
        if command.name not in ADDS or len(command.arguments) < 2:
            continue
        texts = [a.text for a in command.arguments]
        kinds = [t for t in texts[1:3] if t.isupper() and t.isalpha()]
        if _NO_SOURCES.intersection(kinds):
            continue
        used = frozenset(v for t in texts for v in _USED.findall(t)) & variables
        if used or any(is_source(t) or t in marked for t in texts[1:]):
            kind = kinds[0] if kinds and command.name == "add_library" else ""
            first = 1 + len(kinds)
            found[number] = Adder(number, texts[0], kind, used, (first, len(texts) - 1))
    return found
