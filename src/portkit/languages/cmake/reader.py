# SPDX-License-Identifier: Apache-2.0
"""What the commands of a CMake file say: where CUDA is asked for, and which files are named."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator

import msgspec

from portkit.languages.base import Link, Parsed
from portkit.languages.cmake.commands import Argument, Command, read_commands
from portkit.model.reading import Issue
from portkit.model.spans import Span
from portkit.model.words import Parse
from portkit.vocab.data import mappings_folder

RULE = "PK701"
_FILE = re.compile(r"[^$<>;|*?\\]*[^$<>;|*?\\/]\.\w+")  # no variable, no pattern
_PACKAGES = frozenset({"find_package", "find_dependency"})


class CMakeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of mappings/cuda/cmake.toml, commands in lower case."""

    languages: frozenset[str]
    packages: frozenset[str]
    commands: frozenset[str]
    lists: frozenset[str]


@functools.cache
def names() -> CMakeWords:
    """Return what CUDA is called in CMake files."""
    text = (mappings_folder() / "cuda" / "cmake.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), CMakeWords)


def read_cmake(data: bytes) -> Parsed:
    """Return what a CMake file says. What is no CMake gives an issue where the syntax is lost;
    commands before it stand.
    """
    read = read_commands(data)
    issues = [Issue(RULE, span, args) for c in read.commands for span, args in _asks(c)]
    if read.fault is not None:
        issues.append(Issue(RULE, read.fault, {"name": "CMake", "case": "unparsed"}))
    parse = Parse.SYNTAX if read.fault is None else Parse.LEX
    return Parsed(parse, issues=issues, comments=read.comments)


def _asks(command: Command) -> Iterator[tuple[Span, dict[str, str]]]:
    """Yield the places of a command that ask for CUDA, and what they ask."""
    known, given = names(), command.arguments
    if command.name in known.commands:
        yield command.span, {"name": command.name, "case": "command"}
    elif command.name in _PACKAGES and given and given[0].text in known.packages:
        yield given[0].span, {"name": given[0].text, "case": "package"}
    elif command.name in ("project", "enable_language"):
        wanted = given[1:] if command.name == "project" else given
        for argument in wanted:
            if argument.text in known.languages:
                yield argument.span, {"name": argument.text, "case": "language"}


def links_of(data: bytes) -> Iterator[Link]:
    """Yield the files, folders and modules that a CMake file names as they are, without
    variables.
    """
    known = names()
    for command in read_commands(data).commands:
        if command.name in known.lists:
            yield from (_link(a, "source") for a in command.arguments if _FILE.fullmatch(a.text))
        elif command.name == "add_subdirectory" and command.arguments:
            yield _link(command.arguments[0], "subdirectory")
        elif command.name == "include" and command.arguments:
            yield _link(command.arguments[0], "import")


def _link(argument: Argument, role: str) -> Link:
    return Link(argument.span, argument.text, argument.text, role)
