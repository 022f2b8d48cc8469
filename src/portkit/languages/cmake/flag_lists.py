# SPDX-License-Identifier: Apache-2.0
"""Where a CMake file lists options for nvcc: in the variables that CMake hands it, in those whose
value goes there, and behind generator expressions that ask for CUDA's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from portkit.languages.cmake.commands import Argument, Command
from portkit.languages.cmake.names import flag_variables
from portkit.model.spans import Span

SETTERS = frozenset({"set", "list", "string"})
_ADDS = frozenset({"APPEND", "PREPEND", "INSERT", "REMOVE_ITEM"})
_WORD = re.compile(r"""(?:\\"(?:[^"\\]|\\[^"])*\\"|'[^']*'|[^\s;])+""")
_USED = re.compile(r"\$\{(\w+)\}")
_ASKS = re.compile(r"\$<(?:COMPILE_LANGUAGE|COMPILE_LANG_AND_ID):[^<>]*\bCUDA\b[^<>]*>")
_SHELL = "SHELL:"


class FlagWord(msgspec.Struct, frozen=True, gc=False):
    """A word of a list with its bytes."""

    text: str
    span: Span


class Behind(msgspec.Struct, frozen=True):
    """A generator expression `$<condition:content>` whose condition asks for CUDA's language.

    `whole`, `content`: their bytes; `plain`: it asks for nothing else; `denied`: the content is for
    all but CUDA.
    """

    whole: Span
    content: Span
    plain: bool
    denied: bool


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
    text = argument.text if end is None else argument.text[:end]
    for match in _WORD.finditer(text, start):
        word, at = match.group(), match.start()
        if word.startswith(_SHELL):
            word, at = word[len(_SHELL) :], at + len(_SHELL)
        base = argument.span.start
        if word:
            yield FlagWord(word, Span(base + at, base + match.end()))


def behind_language(argument: Argument) -> Iterator[Behind]:
    """Yield the generator expressions of an argument with content for CUDA's language, or for all
    others.
    """
    text, base = argument.text, argument.span.start
    for match in re.finditer(r"\$<(?=\$<)", text):
        close = _closing(text, match.end())
        if close is None or text[close + 1 : close + 2] != ":":
            continue
        condition = text[match.end() : close + 1]
        if not _ASKS.search(condition):
            continue
        end = _closing(text, match.start())
        if end is None:
            continue
        plain = _ASKS.fullmatch(condition) is not None and "," not in condition
        whole, content = (match.start(), end + 1), (close + 2, end)
        yield Behind(
            Span(base + whole[0], base + whole[1]),
            Span(base + content[0], base + content[1]),
            plain,
            "$<NOT:$<COMPILE_LANGUAGE:CUDA" in condition,
        )


def _whole_expressions(arguments: Sequence[Argument]) -> Iterator[Argument]:
    """Yield arguments, those that a generator expression with blanks in it parts joined to one, as
    CMake joins them. Offsets stay: whatever stands between them is blanks.
    """
    held: Argument | None = None
    for argument in arguments:
        if held is None:
            one = argument
        else:
            gap = " " * (argument.span.start - held.span.end)
            one = Argument(
                Span(held.span.start, argument.span.end), f"{held.text}{gap}{argument.text}"
            )
        parted = not argument.quoted and one.text.count("$<") > one.text.count(">")
        held = one if parted else None
        if held is None:
            yield one
    if held is not None:
        yield held


def used_variables(text: str) -> list[str]:
    """Return the variables whose values a text takes in."""
    return _USED.findall(text)


def _closing(text: str, start: int) -> int | None:
    """Return where the bracket is closed that opens at `start`."""
    depth = 0
    for at in range(start, len(text)):
        if text.startswith("$<", at):
            depth += 1
        elif text[at] == ">":
            depth -= 1
            if depth == 0:
                return at
    return None


def flag_lists(commands: Sequence[Command]) -> list[FlagList]:
    """Return the lists of options for nvcc in a file, in order."""
    found, used = list[FlagList](), set[str]()
    for number, command in enumerate(commands):
        for argument in _whole_expressions(command.arguments):
            if "LANG" not in argument.text:
                continue
            for behind in behind_language(argument):
                if behind.denied:
                    continue
                base = argument.span.start
                inner = behind.content.start - base, behind.content.end - base
                words = tuple(words_in(argument, *inner))
                used.update(_USED.findall(argument.text[slice(*inner)]))
                found.append(FlagList(number, words, behind=behind))
    pattern = flag_variables()
    set_here = [(number, *values_of(c)) for number, c in enumerate(commands)]
    named = [entry for entry in set_here if entry[1]]
    lists: dict[int, FlagList] = {}
    wanted = {name for _, name, _ in named if pattern.fullmatch(name)} | used
    while True:
        before = len(lists)
        for number, name, given in named:
            if number not in lists and name in wanted:
                words = tuple(w for a in given for w in words_in(a))
                wanted.update(v for a in given for v in _USED.findall(a.text))
                lists[number] = FlagList(number, words, name)
        if len(lists) == before:
            break
    return sorted([*found, *lists.values()], key=lambda one: one.command)
