# SPDX-License-Identifier: Apache-2.0
"""Aliases that a file gives to tags that are defined elsewhere: `typedef struct tag *name;`, or
`using name = struct tag *;`, both with CUDA's names.
"""

from __future__ import annotations

import re

from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.values.reading import Tie

_TYPEDEF = re.compile(
    r"\s*typedef\s+(?:const\s+)?(?:struct|enum|union|class)?\s*([A-Za-z_]\w*)\s*"
    r"(?:const\b)?(?:[\s*]*[A-Za-z_]\w*\s*,){0,8}[\s*]*([A-Za-z_]\w*)\s*",
    re.A,
)
_USING = re.compile(
    r"\s*using\s+([A-Za-z_]\w*)\s*=\s*(?:const\s+)?(?:struct|enum|union|class)?\s*(?:::\s*)?"
    r"([A-Za-z_]\w*)\s*(?:const\b)?[\s*]*",
    re.A,
)
_STATEMENT = 400  # characters of one


def ties(source: SourceFile) -> tuple[Tie, ...]:
    """Return the aliases of tags in the code of a file, both of CUDA's names."""
    if source.words.isdisjoint(_KEYWORDS) and not any(w in source.lexed.code for w in _KEYWORDS):
        return ()
    places = {
        c.offset: c
        for c in source.candidates
        if c.zone is Zone.CODE and not (c.member or c.scope not in ("", "::"))
    }
    found = list[Tie]()
    for c in places.values():
        if (tie := _tie(source, c, places)) is not None:
            found.append(tie)
    return tuple(found)


_KEYWORDS = ("typedef", "using")


def _tie(source: SourceFile, c: Candidate, places: dict[int, Candidate]) -> Tie | None:
    """Return the alias that a candidate is declared as, if it is one of a tag of CUDA's."""
    if c.after not in (";", "=", ",") or not c.sense.types:
        return None
    code = source.lexed.code
    low = max(0, c.offset - _STATEMENT)
    start = max(code.rfind(mark, low, c.offset) for mark in ";{}>\n")
    while start > low and code[start] == "\n" and source.directives.at(start - 1) is None:
        start = max(code.rfind(mark, low, start) for mark in ";{}>\n")
    start = max(start + 1, low)
    if c.after != "=":
        match = _TYPEDEF.fullmatch(code, start, source.directives.after(code, c.end))
        tag_at, alias_at = (match.start(1), match.start(2)) if match else (-1, -1)
    else:
        match = _USING.match(code, start)
        tag_at, alias_at = (match.start(2), match.start(1)) if match else (-1, -1)
        if match is not None and not code.startswith(";", match.end()):
            return None
    if match is None or alias_at != c.offset or (tag := places.get(tag_at)) is None:
        return None
    return Tie(tag_at, tag.word, alias_at, c.word) if tag.word != c.word else None
