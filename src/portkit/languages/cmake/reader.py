# SPDX-License-Identifier: Apache-2.0
"""What the commands of a CMake file say: each construct of CUDA's as a reference, and which files
are named. Nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portkit.languages.base import Link, Parsed
from portkit.languages.build_places import Place
from portkit.languages.cmake.commands import Argument, Command
from portkit.languages.cmake.file import ReadFile, read_file
from portkit.languages.cmake.flag_lists import FlagWord
from portkit.languages.cmake.names import names
from portkit.languages.cmake.words import found_in
from portkit.languages.nvcc_flags import read_flags
from portkit.model.reading import Issue, Reference
from portkit.model.spans import Span
from portkit.model.words import Kind, Parse
from portkit.vocab.columns import libraries
from portkit.vocab.vocabulary import Vocabulary

UNREAD = "PK715"
_FILE = re.compile(r"[^$<>;|*?\\]*[^$<>;|*?\\/]\.\w+")  # no variable, no pattern
_TAIL = re.compile(r"\$\{\w+\}/((?:[\w.+-]+/)*[\w+-][\w.+-]*\.\w+)", re.A)  # ${FOLDER}/a.cu
_ADDS = ("_add_executable", "_add_library")  # of any vendor's module
_SEARCHES = frozenset({"find_path", "find_file", "check_include_file", "check_include_file_cxx"})
_HEADERS = (".h", ".hpp", ".cuh")
_FILLS = {"set": 0, "list": 1}  # commands that fill a variable, and where its name stands
_USED = re.compile(r"\$\{(\w+)\}", re.A)
_MOST_TOLD = 2048  # letters of the conditions around a command: it is told of each reference there
_HOST = re.compile(r"-[Wfm]\w.*")  # options that GCC and Clang share


def read_cmake(data: bytes, vocabulary: Vocabulary) -> Parsed:
    """Return what a CMake file says. What is no CMake gives an issue where the syntax is lost;
    commands before it stand.
    """
    read = read_file(data)
    issues = []
    if read.fault is not None:
        issues.append(Issue(UNREAD, read.fault, {"name": "CMake", "case": "unparsed"}))
    parse = Parse.SYNTAX if read.fault is None else Parse.LEX
    return Parsed(parse, [*references_of(read, vocabulary)], issues=issues, comments=read.comments)


def references_of(read: ReadFile, vocabulary: Vocabulary) -> Iterator[Reference]:
    """Yield the constructs of CUDA's in a file, in order, each byte in one of them at most."""
    flags: dict[int, list[Place]] = {}
    for one in read.flag_lists:
        flags.setdefault(one.command, []).extend(flags_in(one.words))
    guards, adders, listed = _Guards(), read.adders, _language_lists(read)
    for number, command in enumerate(read.commands):
        guard = guards.at(command)
        taken = flags.get(number, [])
        if command.name in _SEARCHES:
            taken = [*taken, *_headers(command, vocabulary)]
        if listed and command.name in _FILLS:
            taken = [*taken, *_languages(command, listed)]
        if number in adders:
            taken = [Place(command.span, command.name, Kind.COMMAND), *taken]
        for found in found_in(command, taken):
            yield found.reference(guard)


def flags_in(words: Sequence[FlagWord]) -> Iterator[Place]:
    """Yield the options of nvcc's alone, and the libraries of CUDA's, in a list of words."""
    for use in read_flags([w.text for w in words]):
        span = Span(words[use.first].span.start, words[use.end - 1].span.end)
        if use.is_library:
            if use.value in libraries():
                yield Place(span, use.written, Kind.LINK_LIBRARY)
        elif use.flag.own if use.flag is not None else not _HOST.fullmatch(use.written):
            yield Place(span, use.written, Kind.FLAG)


def _headers(command: Command, vocabulary: Vocabulary) -> Iterator[Place]:
    """Yield the headers of CUDA's that a command looks for."""
    for argument in command.arguments:
        text = argument.text
        if text.endswith(_HEADERS) and any(e.kind is Kind.HEADER for e in vocabulary.get(text)):
            yield Place(argument.span, text, Kind.HEADER)


def _language_lists(read: ReadFile) -> frozenset[str]:
    """Return the variables by which a project says its languages."""
    asking = (c for c in read.commands if c.name in ("project", "enable_language"))
    used = (_USED.fullmatch(a.text) for command in asking for a in command.arguments)
    return frozenset(match[1] for match in used if match is not None)


def _languages(command: Command, listed: frozenset[str]) -> Iterator[Place]:
    """Yield CUDA where a command puts it into one of the `listed` variables."""
    at = _FILLS[command.name]
    given = command.arguments
    if len(given) > at and given[at].text in listed:
        for argument in given[at + 1 :]:
            if argument.text in names().languages:
                yield Place(argument.span, argument.text, Kind.LANGUAGE)


class _Guards:
    """The conditions around a command that ask for one variable, as `X` or `!X`. Those that stand
    so deep that their text would be too long are not told.
    """

    def __init__(self) -> None:
        self._open: list[str] = []
        self._texts = [""]  # of the conditions that are open, from none of them on

    def at(self, command: Command) -> str:
        """Return the conditions around a command, and take in what it opens or closes."""
        around = self._texts[-1]
        if command.name == "if":
            self._add(_condition(command))
        elif command.name in ("else", "elseif") and self._open:
            last = self._pop()
            around = self._texts[-1]
            self._add((last[1:] if last[0] == "!" else f"!{last}") if last else "")
        elif command.name == "endif" and self._open:
            self._pop()
        return around

    def _add(self, condition: str) -> None:
        self._open.append(condition)
        around = self._texts[-1]
        text = f"{around};{condition}" if around and condition else around or condition
        self._texts.append(text if len(text) <= _MOST_TOLD else around)

    def _pop(self) -> str:
        self._texts.pop()
        return self._open.pop()


def _condition(command: Command) -> str:
    given = [a.text for a in command.arguments]
    if len(given) == 1:
        return given[0]
    return f"!{given[1]}" if len(given) == 2 and given[0] == "NOT" else ""


def links_of(data: bytes) -> Iterator[Link]:
    """Yield the files, folders and modules that a CMake file names; of a name that begins with a
    variable's folder what follows it.
    """
    known = names()
    for command in read_file(data).commands:
        if command.name in known.lists or command.name.endswith(_ADDS):
            for argument in command.arguments:
                yield from _files(argument)
        elif command.name == "add_subdirectory" and command.arguments:
            yield _link(command.arguments[0], "subdirectory")
        elif command.name == "include" and command.arguments:
            yield _link(command.arguments[0], "import")


def _files(argument: Argument) -> Iterator[Link]:
    if _FILE.fullmatch(argument.text):
        yield _link(argument, "source")
    elif (tail := _TAIL.fullmatch(argument.text)) is not None:
        start = argument.span.start + tail.start(1)
        yield Link(Span(start, argument.span.end), tail[1], tail[1], "tail")


def _link(argument: Argument, role: str) -> Link:
    return Link(argument.span, argument.text, argument.text, role)
