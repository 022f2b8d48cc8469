# SPDX-License-Identifier: Apache-2.0
"""CUDA's names in words of Make's and of shells', wherever they stand."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator

from portkit.languages.build_places import Place
from portkit.languages.cmake.names import names as sources
from portkit.languages.make.names import roots
from portkit.languages.nvcc_flags import own_flags
from portkit.model.spans import Covered, Span
from portkit.model.words import Kind, Proof
from portkit.vocab.columns import environment, libraries

_PATH = 256


@functools.cache
def _pattern() -> re.Pattern[str]:
    known = sources()
    suffixes = "|".join(re.escape(s[1:]) for s in sorted((*known.sources, *known.headers)))
    tools = "|".join(re.escape(t) for t in sorted(known.tools, key=len, reverse=True))
    return re.compile(
        rf"""(?P<path>/usr/local/cuda(?:-[\d.]*\d)?(?!\w))
           | (?P<source>(?:(?<![\w%*?+@-])|(?=[./]))  # a path of {_PATH} parts at most
                (?:\$[({{]\w+[)}}]|[\w./%*?+@-]){{0,{_PATH}}}\.(?:{suffixes})(?![\w.]))
           | (?P<flag>{own_flags().pattern})
           | (?P<library>(?<![\w-])-l(?P<linked>[A-Za-z]\w*)(?![\w-]))
           | (?P<arch>\b(?:sm|compute)_\d+[af]?\b)
           | (?P<tool>(?<![\w.-])(?:{tools})(?![\w-]))
           | (?P<word>[A-Za-z_]\w*)""",
        re.X | re.A,
    )


_MARKS = re.compile(r"cuda|nv|\.cu|sm_|compute_|/|-l|-|ncu|ptx|fat|bin2c|nccl", re.I)
_TELLS = re.compile(r"cuda|nvcc|nvidia", re.I)
_NOTHING = Covered(())


def places_in(
    text: str, start: int, end: int, variables: Collection[str], taken: Covered = _NOTHING
) -> Iterator[Place]:
    """Yield the names of CUDA's in text[start:end]. `variables`: words that are variables where
    they stand; `taken`: what is a place already.
    """
    if not _MARKS.search(text, start, end) and not environment() & variables_of(text[start:end]):
        return
    for match in _pattern().finditer(text, start, end):
        kind, span = match.lastgroup or "", Span(*match.span())
        if kind == "linked":
            kind = "library"
        if taken.touches(span.start, span.end):
            continue
        place = _place(kind, match, span, variables)
        if place is not None:
            yield place


def variables_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(re.findall(r"[A-Za-z_]\w+", text))


def _place(kind: str, match: re.Match[str], span: Span, variables: Collection[str]) -> Place | None:
    word = match.group()
    if kind in _FIXED:
        proof = Proof.SPELLING if kind == "flag" else Proof.LIKELY
        return Place(span, word, _FIXED[kind], proof=proof)
    if kind == "source":
        return Place(span, word, Kind.SOURCE, user=word.lower().endswith(sources().headers))
    if kind == "library" or match["linked"]:
        known = match["linked"] in libraries()
        return Place(span, word, Kind.LINK_LIBRARY) if known else None
    if roots().fullmatch(word):
        return Place(span, word, Kind.ENVIRONMENT)
    if word in environment():
        return Place(span, word, Kind.ENVIRONMENT)
    if word in variables and _TELLS.search(word):
        return Place(span, word, Kind.VARIABLE, user=True)
    return None


_FIXED = {"path": Kind.PATH, "flag": Kind.FLAG, "arch": Kind.ARCH, "tool": Kind.TOOL}


@functools.cache
def tells() -> re.Pattern[bytes]:
    """Return the pattern of what makes a file of Make's, or of a shell's, worth reading."""
    tools = "|".join(re.escape(t) for t in sorted(sources().tools))
    runs = "|".join(sorted(environment()))
    linked = "|".join(sorted(map(re.escape, libraries())))
    return re.compile(
        rf"(?i:cuda|nvcc|nvidia)|\.cuh?\b|\bsm_\d|\b(?:{tools})\b|-l(?:{linked})\b|\b(?:{runs})\b".encode()
    )
