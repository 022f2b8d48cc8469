# SPDX-License-Identifier: Apache-2.0
"""Where a CMake file lists options for nvcc: in the variables that CMake hands it, in those whose
value goes there, and behind generator expressions that ask for CUDA's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cmake.commands import Argument, Command
from portkit.languages.cmake.expressions import Behind, behind_language, whole_expressions
from portkit.languages.cmake.names import flag_variables
from portkit.languages.cmake.reach import reached
from portkit.model.spans import Span

SETTERS = frozenset({"set", "list", "string"})
_ADDS = frozenset({"APPEND", "PREPEND", "INSERT", "REMOVE_ITEM"})
_WORD = re.compile(r"""(?:\\"(?:[^"\\]|\\[^"])*\\"|'[^']*'|[^\s;])+""")
_USED = re.compile(r"\$\{(\w+)\}")
_SHELL = "SHELL:"


class FlagWord(msgspec.Struct, frozen=True, gc=False):
    """A word of a list with its bytes."""

    text: str
    span: Span


class FlagList(msgspec.Struct, frozen=True):
    """Options for nvcc in one command, by its number. `variable`: the one that is given them, if
    any; `behind`: the generator expression that they stand in, if any.
    """

    command: int
    words: tuple[FlagWord, ...]
    variable: str = ""
    behind: Behind | None = None

    @property
    def texts(self) -> list[str]:
        """The words without their place."""
        return [w.text for w in self.words]


def values_of(command: Command) -> tuple[str, tuple[Argument, ...]]:
    """Return the variable that a command sets, or adds to, and the arguments that it is given; ""
    for a command that sets none.
    """
    given = command.arguments
    if command.name not in SETTERS or not given:
        return "", ()
    if command.name == "set":
        texts = [a.text for a in given]
        ends = [texts.index(w) for w in ("CACHE", "PARENT_SCOPE") if w in texts[1:]]
        return given[0].text, given[1 : min(ends, default=len(given))]
    if len(given) > 1 and given[0].text.upper() in _ADDS:
        return given[1].text, given[2:]
    return "", ()


def words_in(argument: Argument, start: int = 0, end: int | None = None) -> Iterator[FlagWord]:
    """Yield the words of an argument: parted by blanks and semicolons. `start` and `end` are offsets
    in its text.
    """
    base = argument.span.start
    for match in _WORD.finditer(argument.text, start, len(argument.text) if end is None else end):
        word, at = match.group(), match.start()
        if word.startswith(_SHELL):
            word, at = word[len(_SHELL) :], at + len(_SHELL)
        if word:
            yield FlagWord(word, Span(base + at, base + match.end()))


def used_variables(text: str) -> list[str]:
    """Return the variables whose values a text takes in."""
    return _USED.findall(text)


def flag_lists(commands: Sequence[Command]) -> list[FlagList]:
    """Return the lists of options for nvcc in a file, in order."""
    found, used = list[FlagList](), set[str]()
    for number, command in enumerate(commands):
        for argument in whole_expressions(command.arguments):
            if "LANG" not in argument.text:
                continue
            for behind in behind_language(argument):
                if behind.denied:
                    continue
                base = argument.span.start
                inner = behind.content.start - base, behind.content.end - base
                words = tuple(words_in(argument, *inner))
                used.update(_USED.findall(argument.text, *inner))
                found.append(FlagList(number, words, behind=behind))
    given: dict[str, list[tuple[int, tuple[Argument, ...]]]] = {}
    for number, command in enumerate(commands):
        name, values = values_of(command)
        if name:
            given.setdefault(name, []).append((number, values))

    def leads(name: str) -> Iterator[str]:
        for _, values in given.get(name, ()):
            for argument in values:
                yield from _USED.findall(argument.text)

    pattern = flag_variables()
    for name in given.keys() & reached([*filter(pattern.fullmatch, given), *used], leads):
        for number, values in given[name]:
            words = tuple(w for a in values for w in words_in(a))
            found.append(FlagList(number, words, name))
    return sorted(found, key=lambda one: one.command)
