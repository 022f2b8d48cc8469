# SPDX-License-Identifier: Apache-2.0
"""The words of one CMake command that are CUDA's, or that look like it and are the project's own."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from portkit.languages.build_places import Place
from portkit.languages.cmake.commands import Argument, Command
from portkit.languages.cmake.matches import matches
from portkit.languages.cmake.names import names, properties, variables
from portkit.languages.nvcc_flags import own_flags
from portkit.model.spans import Covered, Span
from portkit.model.words import Kind, Proof
from portkit.vocab.columns import libraries

_PACKAGES = frozenset({"find_package", "find_dependency"})
_LANGUAGES = frozenset({"project", "enable_language", "check_language"})
_LINKS = frozenset({"target_link_libraries", "link_libraries", "find_library"})
_OF_PROPERTIES = frozenset({
    "set_target_properties", "set_property", "get_property", "get_target_property",
    "set_source_files_properties", "set_directory_properties", "target_compile_features",
    "get_source_file_property",
})  # fmt: skip
_LANGUAGE_OF = frozenset({"LANGUAGE", "LINKER_LANGUAGE", "LANGUAGES"})
_TELLS = re.compile(r"cuda|nvcc|nvidia", re.I)


@functools.cache
def tells() -> re.Pattern[bytes]:
    """Return the pattern of a library or package of CUDA's, or of an option of nvcc's alone."""
    known = names()
    words = sorted({*libraries(), *known.packages, *known.tools}, key=len, reverse=True)
    listed = "|".join(map(re.escape, words))
    return re.compile(rf"\b(?:{listed})\b|{own_flags().pattern}".encode())


_NOTHING = Covered(())


@functools.cache
def _hint() -> re.Pattern[str]:
    """Return the pattern of what an argument has that is worth a closer look."""
    tools = "|".join(map(re.escape, names().tools))
    return re.compile(rf"cuda|nvcc|nvidia|\.cu|\bsm_\d|\bcompute_\d|{tools}", re.I)


def found_in(command: Command, taken: Sequence[Place] = ()) -> list[Place]:
    """Return the places of a command, in order. `taken`: options that were found in it."""
    if command.name == "message":
        return []
    found = [*taken]
    if command.name in names().commands:
        found.append(Place(command.span, command.name, Kind.COMMAND))
    elif _TELLS.search(command.name):
        found.append(Place(command.span, command.name, Kind.COMMAND, user=True))
    before = Covered(f.span for f in taken) if taken else _NOTHING
    hint, links = _hint(), command.name in _LINKS
    packages = command.name in _PACKAGES
    for index, argument in enumerate(command.arguments):
        text = argument.text
        dashed = "-" in text
        named = links or (packages and not index) or hint.search(text) is not None
        if not (dashed or named) or _is_prose(command, index):
            continue
        loose = [*_loose_flags(argument, before)] if dashed else []
        found += loose
        if named:
            within = (before, Covered(f.span for f in loose)) if loose else (before,)
            found += _in_argument(command, index, argument, within)
    return sorted(found) if len(found) > 1 else found


def _is_prose(command: Command, index: int) -> bool:
    """Is an argument a text for people?"""
    given = command.arguments
    if command.name == "option":
        return index == 1
    if index and given[index - 1].text in (
        "COMMENT",
        "DOC",
        "DESCRIPTION",
        "REASON_FAILURE_MESSAGE",
    ):
        return True
    return command.name == "set" and index > 2 and given[index - 2].text == "CACHE"


def _loose_flags(argument: Argument, taken: Covered) -> Iterator[Place]:
    """Yield options of nvcc's alone where no list for nvcc is known."""
    base = argument.span.start
    for match in own_flags().finditer(argument.text):
        span = Span(base + match.start(), base + match.end())
        if not taken.touches(span.start, span.end):
            yield Place(span, match.group(), Kind.FLAG, proof=Proof.SPELLING)


def _in_argument(
    command: Command, index: int, argument: Argument, taken: Sequence[Covered]
) -> Iterator[Place]:
    base = argument.span.start
    for match in matches(argument.text):
        kind, text = match.lastgroup or "", match.group()
        span = Span(base + match.start(), base + match.end())
        if any(t.touches(span.start, span.end) for t in taken):
            continue
        made = _FIXED.get(kind)
        if made is not None:
            yield Place(span, text, made)
        elif kind == "source":
            header = text.lower().endswith(names().headers)
            yield Place(span, text, Kind.SOURCE, user=header)
        else:
            whole = match.start() == 0 and match.end() == len(argument.text)
            one = _word(command, index, text, whole=whole)
            if one is not None:
                yield Place(span, text, *one)


_FIXED = {
    "condition": Kind.CONDITION,
    "imported": Kind.IMPORTED_TARGET,
    "path": Kind.PATH,
    "arch": Kind.ARCH,
    "tool": Kind.TOOL,
}


def _word(command: Command, index: int, text: str, *, whole: bool) -> tuple[Kind, bool] | None:
    """Return what a word is, and whether it is the project's own; None for one of neither."""
    known, name = names(), command.name
    if whole and index == 0 and name in _PACKAGES and text in known.packages:
        return Kind.PACKAGE, False
    if name in _LINKS and text in libraries() and index and _is_linked(command, index, whole=whole):
        return Kind.LINK_LIBRARY, False
    if not _TELLS.search(text):
        return None
    if whole and text in known.languages and _is_language(command, index):
        return Kind.LANGUAGE, False
    if properties().fullmatch(text) and (name in _OF_PROPERTIES or not variables().fullmatch(text)):
        return Kind.PROPERTY, False
    if variables().fullmatch(text):
        return Kind.VARIABLE, False
    return Kind.VARIABLE, True


def _is_language(command: Command, index: int) -> bool:
    if command.name in _LANGUAGES:
        return index > 0 or command.name != "project"
    before = command.arguments[index - 1].text if index else ""
    return command.name in _OF_PROPERTIES and before in _LANGUAGE_OF


def _is_linked(command: Command, index: int, *, whole: bool) -> bool:
    """Does a word stand where a library is named?"""
    if not whole:
        return command.arguments[index].text.startswith("-l")
    if command.name == "find_library":
        return True
    return command.arguments[index].text not in ("PRIVATE", "PUBLIC", "INTERFACE")
