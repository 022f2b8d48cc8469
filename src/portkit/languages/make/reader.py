# SPDX-License-Identifier: Apache-2.0
"""What a file of Make's says: each construct of CUDA's as a reference, and which files are named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portkit.languages.base import Link, Parsed
from portkit.languages.build_places import Place
from portkit.languages.cmake.names import names as sources
from portkit.languages.make.lines import Reading
from portkit.languages.make.makefile import Makefile, read_makefile
from portkit.languages.make.places import places_in
from portkit.languages.make.words import Word
from portkit.languages.nvcc_flags import read_flags
from portkit.model.reading import Reference
from portkit.model.spans import Covered, Span
from portkit.model.words import Kind, Parse
from portkit.vocab.columns import libraries

_SHARED = re.compile(r"-[Wfm]\w.*")  # options that GCC and Clang share
_FILE = re.compile(r"[\w./+-]*[\w+-]\.\w+", re.A)
_TAIL = re.compile(r"\$[({]\w+[)}]/((?:[\w.+-]+/)*[\w+-][\w.+-]*\.\w+)", re.A)
_HELD = re.compile(r"\$[({](\w+)[)}]", re.A)
# `-l$(X)`, `$(X:%=-l%)`, `$(addprefix -l,$(X))`, `$(patsubst %,-l%,$(X))`
_LISTS = re.compile(
    r"-l\$[({](?P<one>\w+)[)}]|\$[({](?P<each>\w+):%=-l%[)}]"
    r"|\$[({](?:addprefix\s+-l|patsubst\s+%,\s*-l%),\s*\$[({](?P<all>\w+)[)}]",
    re.A,
)
_USED = re.compile(r"\$[({](\w+)")


def read_make(data: bytes) -> Parsed:
    """Return what a file of Make's says."""
    file = read_makefile(data)
    return Parsed(Parse.SYNTAX, [*references_of(file)], comments=file.comments)


def references_of(file: Makefile) -> list[Reference]:
    """Return the constructs of CUDA's in a file, in order, each byte in one of them at most."""
    reading = Reading(file)
    found = [p for one in flag_lists(reading) for p in _flags(one, reading)]
    found += _listed_libraries(reading)
    found += _commands(reading)
    taken = Covered(p.span for p in found)
    variables = {*reading.values, *_USED.findall(file.text)}
    for start, end in _regions(file):
        found += places_in(file.text, start, end, variables, taken)
    return [p.reference() for p in sorted(set(found))]


def loose_in(file: Makefile, span: Span) -> list[Place]:
    """Return the names of CUDA's in a span by their letters alone."""
    return [*places_in(file.text, span.start, span.end, ())]


def flag_lists(reading: Reading) -> Iterator[tuple[str, tuple[Word, ...]]]:
    """Yield the words of each list of options that nvcc is given: of variables, "" for a line."""
    for one in reading.file.assignments:
        if one.name in reading.of_device and one.name not in reading.compilers:
            yield one.name, one.words
    for line in reading.device_lines:
        yield "", line.recipe.words[line.at + 1 :]
    for name in reading.compilers:  # CC = nvcc -std=c++14
        for one in reading.values.get(name, ()):
            yield name, one.words[1:]


def _flags(one: tuple[str, tuple[Word, ...]], reading: Reading) -> Iterator[Place]:
    name, words = one
    shared = name in reading.of_others
    for use in read_flags([w.text for w in words]):
        span = Span(words[use.first].span.start, words[use.end - 1].span.end)
        if use.is_library:
            if use.value in libraries():
                yield Place(span, use.written, Kind.LINK_LIBRARY)
        elif use.flag.own if use.flag is not None else _is_strange(use.written, shared=shared):
            yield Place(span, use.written, Kind.FLAG)


def _listed_libraries(reading: Reading) -> Iterator[Place]:
    """Yield CUDA's libraries in variables whose words get their `-l` where they are used."""
    names = {m[m.lastgroup or 0] for m in _LISTS.finditer(reading.file.text)}
    asked = list(names)
    while asked:
        for one in reading.values.get(asked.pop(), ()):
            for word in one.words:
                if word.text in libraries():
                    yield Place(word.span, word.text, Kind.LINK_LIBRARY)
                elif (held := _HELD.fullmatch(word.text)) is not None and held[1] not in names:
                    names.add(held[1])
                    asked.append(held[1])


def _is_strange(written: str, *, shared: bool) -> bool:
    return not shared and "$" not in written and not _SHARED.fullmatch(written)


def _commands(reading: Reading) -> Iterator[Place]:
    """Yield the words that call nvcc by a variable, or link CUDA's libraries without it."""
    for line in reading.lines:
        word = line.compiler
        if not line.device or ("$" in word.text and "/" not in word.text):
            yield Place(word.span, word.text, Kind.COMMAND)


def _regions(file: Makefile) -> Iterator[tuple[int, int]]:
    """Yield the parts of a file that say something, in order."""
    for one in file.assignments:
        yield one.named.start, one.end
    groups: list[Sequence[Word]] = [d.words for d in file.directives]
    for rule in file.rules:
        groups += [rule.targets, rule.prerequisites, *(r.words for r in rule.recipes)]
    for words in groups:
        for word in words:
            yield word.span.start, word.span.end


def links_of(data: bytes) -> Iterator[Link]:
    """Yield the files that a file of Make's names: headers, and files of folders above; device
    sources are followed where the file is planned, patterns with them.
    """
    file = read_makefile(data)
    groups = [one.words for one in file.assignments]
    for rule in file.rules:
        groups += [rule.targets, rule.prerequisites, *(r.words for r in rule.recipes)]
    for words in groups:
        for word in words:
            yield from _link(word)
    for word in file.includes:
        yield Link(word.span, word.text, word.text, "import")


def _link(word: Word) -> Iterator[Link]:
    if _FILE.fullmatch(word.text):
        if not word.text.endswith(sources().sources) or ".." in word.text:
            yield Link(word.span, word.text, word.text, "source")
    elif (tail := _TAIL.fullmatch(word.text)) is not None:
        span = Span(word.span.start + tail.start(1), word.span.end)
        yield Link(span, tail[1], tail[1], "tail")
