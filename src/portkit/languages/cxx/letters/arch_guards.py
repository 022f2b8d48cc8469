# SPDX-License-Identifier: Apache-2.0
"""Does code stand in a branch that an architecture macro chooses?"""

from __future__ import annotations

from collections.abc import Set

from portkit.languages.cxx.letters.directives import Directive
from portkit.languages.cxx.letters.lexer import code_words
from portkit.languages.cxx.letters.source import SourceFile

_OPENS = frozenset({"if", "ifdef", "ifndef"})
_GOES_ON = frozenset({"elif", "elifdef", "elifndef"})


def under_arch_guard(source: SourceFile, offset: int, macros: Set[str]) -> bool:
    """Return whether one of `macros` takes part in whether the code at `offset` is compiled."""
    around = list[list[Directive]]()
    for line in source.directives.lines:
        if line.start > offset:
            break
        if line.keyword in _OPENS:
            around.append([line])
        elif line.keyword in _GOES_ON and around:
            around[-1].append(line)
        elif line.keyword == "endif" and around:
            around.pop()
    code = source.lexed.code
    return any(
        word in macros
        for lines in around
        for line in lines
        for _, word in code_words(code, line.body, line.end)
    )
