# SPDX-License-Identifier: Apache-2.0
"""What an argument of a command has that may be CUDA's, by letters alone: each stretch of a text is
gone through once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from portkit.languages.cmake.names import names

_CONDITION = r"""\$<(?:COMPILE_LANGUAGE|COMPILE_LANG_AND_ID|LINK_LANGUAGE|LINK_LANG_AND_ID)
                 :(?=[^<>]*\bCUDA\b)[^<>]*>"""
_NAME = r"(?:\$\{\w+\}|[\w./+*?@\[\]-])"  # a letter of a file's name, or a variable in it


def matches(text: str) -> Iterator[re.Match[str]]:
    """Yield what may be CUDA's in a text, in order: groups condition, imported, path, source, arch,
    tool, word.
    """
    at, other = 0, _all(sources=False)
    for start, last in _sources(text):
        while at < start:
            match = other.search(text, at)
            if match is None or match.start() >= start:
                break
            yield match
            at = match.end()
        at = max(at, start)
        while at <= last and (match := _all(sources=True).match(text, at)):
            yield match
            at = match.end()
    yield from other.finditer(text, at)


def _sources(text: str) -> list[tuple[int, int]]:
    """Return where the stretches of letters of files begin that have a device source, and where its
    suffix begins in each; of several the last one's. A source is looked for nowhere else: to try
    it at each letter of a long name is to go through the name as often as it has letters.
    """
    suffixes = [m.start() for m in _suffix().finditer(text)]
    if not suffixes:
        return []
    found = list[tuple[int, int]]()
    suffixes.reverse()
    for stretch in _stretch().finditer(text):
        last = -1
        while suffixes and suffixes[-1] < stretch.end():
            last = suffixes.pop()
        if last >= 0:
            found.append((stretch.start(), last))
    return found


@functools.cache
def _suffix() -> re.Pattern[str]:
    known = names()
    listed = "|".join(re.escape(s) for s in sorted((*known.sources, *known.headers), reverse=True))
    return re.compile(rf"(?:{listed})(?![\w.])", re.A)


@functools.cache
def _stretch() -> re.Pattern[str]:
    return re.compile(rf"{_NAME}++", re.A)


@functools.cache
def _all(*, sources: bool) -> re.Pattern[str]:
    tools = "|".join(re.escape(t) for t in sorted(names().tools, key=len, reverse=True))
    source = rf"| (?P<source>{_NAME}*{_suffix().pattern})" if sources else ""
    return re.compile(
        rf"""(?P<condition>{_CONDITION})
           | (?P<imported>\bCUDA::[A-Za-z_]\w*)
           | (?P<path>/usr/local/cuda(?:-[\d.]*\d)?(?!\w))
           {source}
           | (?P<arch>\b(?:sm|compute)_\d+[af]?\b)
           | (?P<tool>(?<![\w.-])(?:{tools})(?![\w-]))
           | (?P<word>[A-Za-z_]\w*)""",
        re.X | re.A,
    )
