# SPDX-License-Identifier: Apache-2.0
"""PK309: launches whose blocks are made of rows of 32 threads, for kernels that use lanes; what goes
with them: bounds of such kernels, and counts of warps.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import arguments, code, device_functions
from portkit.rules.cxx.lanes import LANES, lane_users, width
from portkit.rules.cxx.launch_sites import launch_sites
from portkit.rules.cxx.values import size_words, value_of
from portkit.rules.cxx.warp_terms import WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget
from portkit.vocab.warp_words import warp_words

_WINDOW = 4000  # bytes before a launch in which its block may be given a size
# a number of warps by 32: divided, shifted, or by a function that rounds up
_BY_32 = re.compile(
    r"/\s*32[uU]?(?![\w.])|>>\s*5(?![\w.])|(?i:\w*(?:div|ceil)\w*)\s*\([^();]*,\s*32[uU]?\s*\)",
    re.A,
)
# rounded up or down to a multiple of 32
_ROUNDED = re.compile(
    r"&\s*\(?\s*~\s*(?:31|0[xX]1[fF])\b|(?:/\s*32[uU]?\s*\)?\s*\*\s*32|>>\s*5\s*\)?\s*<<\s*5)(?![\w.])",
    re.A,
)
_WORDS = re.compile(r"[A-Za-z_]\w*", re.A)


@rule("PK309", "block-of-lanes", severity=Severity.WARNING, effort=Effort.MINUTES)
def block_of_lanes(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A launch of a kernel that uses lanes with 32 threads in a block's first dimension: one row is
    meant to be one warp. Also what goes with it: a bound of such a kernel's block that counts on
    it, and a number of warps by 32 for a launch.
    """
    facts = view.scan.facts
    if not applies(target) or not (facts.launches or facts.kernels or view.once(launch_sites)):
        return
    for place in (*view.once(_rows), *view.once(_bounds), *view.once(_counts)):
        case = {"case": place.case} if place.case else {}
        if place.case == "bounds" and not place.rows and place.threads % width(target) == 0:
            continue
        if not view.ported(place.span, target):
            args = warp_args(target, kernel=place.kernel, block=place.block, **case)
            yield finding("PK309", place.span, args)


class Place(NamedTuple):
    """What counts on warps of 32: where, the kernel, what is written. `case`: a variant of the
    message; `threads` and `rows`: of a bound, and whether the kernel takes rows for warps.
    """

    span: Span
    kernel: str
    block: str
    case: str = ""
    threads: int = 0
    rows: bool = False


def _launched(source: FileSource) -> list[tuple[Span, str, list[Span]]]:
    """Return the launches of kernels that use lanes: the launch, the kernel, what is between its
    brackets.
    """
    sites = source.once(launch_sites)
    users = source.once(lane_users) if sites else frozenset()
    found = list[tuple[Span, str, list[Span]]]()
    for site in sites if users else ():
        kernel = next((word for word in site.kernels if word in users), None)
        if kernel is not None and len(site.given) > 1:
            found.append((site.span, kernel, list(site.given)))
    return found


def _rows(source: FileSource) -> list[Place]:
    """Return the launches with rows of 32 threads."""
    plain, found = source.once(code).plain, list[Place]()
    for span, kernel, given in source.once(_launched):
        written = plain[given[1].start : given[1].end].strip()
        made = _given(plain, written, span.start)
        first = _first(made)
        if first and not _speaks_of_width(first) and value_of(first, source) == LANES:
            found.append(Place(span, kernel, re.sub(r"\s+", " ", made)))
            continue
        rounds = source.once(_rounds)
        for text in (first, *_last_values(plain, first, span.start)) if rounds else ():
            if _ROUNDED.search(text):
                found.append(Place(span, kernel, re.sub(r"\s+", " ", text.strip()), "rounded"))
                break
    return found


def _bounds(source: FileSource) -> list[Place]:
    """Return the bounds of blocks of kernels that use lanes where they are a number of threads, in
    rows or by 32.
    """
    bounded = re.compile(rf"\b{warp_words().bounds}(?=\s*\()", re.A)
    plain, found = source.once(code).plain, list[Place]()
    for function in source.once(device_functions) if bounded.search(plain) else ():
        match = bounded.search(plain, function.head.start, function.head.end)
        given = arguments(plain, match.end()) if match is not None else []
        if match is None or not given or function.name not in source.once(lane_users):
            continue
        written = plain[given[0].start : given[0].end].strip()
        threads = None if _speaks_of_width(written) else value_of(written, source)
        if threads:
            rows = _row_is_warp().search(plain, function.body.start, function.body.end) is not None
            span = Span(match.start(), given[0].end + 1)
            found.append(Place(span, function.name, written, "bounds", threads, rows))
    return found


def _rounds(source: FileSource) -> bool:
    return _ROUNDED.search(source.once(code).plain) is not None


def _last_values(plain: str, name: str, before: int) -> list[str]:
    """Return what a variable is last given above a launch, if it is one."""
    if not _WORDS.fullmatch(name):
        return []
    made = re.compile(rf"(?<![\w.>]){re.escape(name)}\s*=(?!=)\s*([^;{{}}=]{{1,120}});", re.A)
    return [m[1] for m in made.finditer(plain, max(0, before - _WINDOW), before)][-1:]


@functools.cache
def _row_is_warp() -> re.Pattern[str]:
    """Return a pattern of a warp's number that is the number of a row of threads."""
    index = warp_words().thread_index
    return re.compile(
        rf"(?i:\b\w*warp\w*|\bwid\b)\s*=\s*(?:\(\s*\w+\s*\)\s*)?{index}\s*\.\s*y\b", re.A
    )


def _counts(source: FileSource) -> list[Place]:
    """Return the numbers of warps by 32 that go into launches: as the grid of blocks of one row, and
    in the size of shared memory.
    """
    plain, found = source.once(code).plain, list[Place]()
    rows = {place.span for place in source.once(_rows) if not place.case}
    for span, kernel, given in source.once(_launched):
        used = [given[0]] if span in rows else []
        for part in (*used, *given[2:3]):
            if (part is not given[0]) and _BY_32.search(plain, part.start, part.end):
                found.append(Place(_trimmed(plain, part), kernel, _text(plain, part), "count"))
            for name in dict.fromkeys(_WORDS.findall(plain[part.start : part.end])):
                counted = _counted(plain, name, span.start)
                if counted is not None:
                    found.append(Place(counted, kernel, _text(plain, counted), "count"))
    return sorted({place.span: place for place in found}.values())


def _counted(plain: str, name: str, before: int) -> Span | None:
    """Return where a variable is last given a number by 32 above a launch, if it is the last that
    it is given.
    """
    made = re.compile(
        rf"(?<![\w.>]){re.escape(name)}\s*(?:=(?!=)|[({{])\s*([^;{{}}=]{{1,120}})[;,)}}]", re.A
    )
    last = None
    for match in made.finditer(plain, max(0, before - _WINDOW), before):
        last = match
    if last is None or _BY_32.search(last[1]) is None or _speaks_of_width(last[1]):
        return None
    return _trimmed(plain, Span(last.start(1), last.end(1)))


def _trimmed(plain: str, span: Span) -> Span:
    """Return a range without the blanks at its ends."""
    text = plain[span.start : span.end]
    start = span.start + len(text) - len(text.lstrip())
    return Span(start, start + len(text.strip()))


def _text(plain: str, span: Span) -> str:
    return re.sub(r"\s+", " ", plain[span.start : span.end].strip())


def _speaks_of_width(text: str) -> bool:
    """Does an expression have the width of a warp by its name, which is a finding where it is
    defined?
    """
    return any(WIDTH_NAME.fullmatch(word) for word in _WORDS.findall(text))


def _given(plain: str, written: str, before: int) -> str:
    """Return what a block's size is made as, where a variable holds it: `dim3 block(32, 8);`."""
    if not _WORDS.fullmatch(written):
        return written
    dim = str(size_words()["words"]["dimensions"])
    made = re.compile(
        rf"\b(?:{dim}\s+{written}|{written}\s*=\s*(?:{dim})?)\s*([({{][^;{{}}]*[)}}])\s*[;,]", re.A
    )
    start = max(0, before - _WINDOW)
    found = [m for m in made.finditer(plain, start, before)]
    first = re.compile(rf"\b{written}\s*\.\s*x\s*=(?!=)\s*([^;{{}}=]{{1,80}});", re.A)
    at = found[-1].end() if found else start
    last = [m[1].strip() for m in first.finditer(plain, at, before)]
    if last:
        return f"{dim}({last[-1]})"
    return f"{dim}{found[-1][1]}" if found else written


def _first(made: str) -> str:
    """Return the first dimension of a block's size as written."""
    dim = str(size_words()["words"]["dimensions"])
    whole = re.fullmatch(rf"(?:{dim}\s*)?[({{](.*)[)}}]", made, re.S)
    if whole is None:
        return made
    parts = arguments(f"({whole[1]})", 0)
    return whole[1][parts[0].start - 1 : parts[0].end - 1].strip() if parts else ""
