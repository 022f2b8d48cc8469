# SPDX-License-Identifier: Apache-2.0
"""Bits of lanes in an `int`, and calls of the project's own functions that give sets of lanes."""

from __future__ import annotations

import functools
import re

from portkit.languages.cxx.letters.lane_helpers import INDEX, SET, gives_set
from portkit.model.spans import Span
from portkit.rules.cxx.kernels import arguments, code
from portkit.rules.cxx.lane_macros import is_lane_name
from portkit.rules.cxx.lanes import (
    WarpCall,
    WarpFunction,
    helpers_with,
    is_a,
    is_bounded,
    warp_functions,
)
from portkit.rules.view import FileSource


@functools.cache
def _shift() -> re.Pattern[str]:
    return re.compile(
        r"1(?<![\w.]1)[uU]?\s*<<\s*\(*\s*(?:\(\s*\w+\s*\)\s*)?(?P<by>(?:[A-Za-z_]\w*\s*::\s*)*[A-Za-z_]\w*)(?P<called>\s*\(\s*\))?"
        r"(?!\w)(?!\s*(?:[\w.(\[*/%+:]|-(?!\s*1\b)|&(?!&)))",
        re.A,
    )


_WIDE_CAST = re.compile(
    r"(?:\b(?:long|u?int64_t|size_t)\s*\)|\blong\s*>\s*\(|64_t\s*[>(]?\s*\(?)\s*\Z", re.A
)
_LANE = re.compile(r"(?i)(?:\w*_)?(?:lane|lid|laneid)(?:_?(?:id|idx|index))?\d*", re.A)


def lane_shifts(source: FileSource) -> list[Span]:
    """Return where a bit of an `int` is made for the number of a lane: `1u << lane`. Use it through
    `source.once(lane_shifts)`.
    """
    users = source.once(warp_functions)
    if not users or b"<<" not in source.data or source.once(is_bounded):
        return []
    plain, giving = source.once(code).plain, helpers_with(source, INDEX)
    found = dict[int, Span]()
    for used in users:
        body = used.function.body
        if plain.find("<<", body.start, body.end) < 0:
            continue
        for match in _shift().finditer(plain, body.start, body.end):
            name = match["by"].rpartition(":")[2].strip()
            if not _is_lane(used, name, bool(match["called"]), giving):
                continue
            if _WIDE_CAST.search(plain, max(0, match.start() - 30), match.start()) is None:
                end = match.end("called") if match["called"] else match.end("by")
                written = plain[match.start() : end]
                for _ in range(written.count("(") - written.count(")")):
                    end = plain.find(")", end) + 1 or end
                start = match.start() - (plain[match.start() - 1] == "-")
                found.setdefault(start, Span(start, end))
    return [span for _, span in sorted(found.items())]


def _is_lane(used: WarpFunction, name: str, called: bool, giving: frozenset[str]) -> bool:
    """Is it the number of a lane: what a function or macro gives that is called so, or a variable
    that is called so and made of a thread's index?
    """
    if called:
        return is_lane_name(name) and "lane" in name.lower()
    in_giving = name in giving and is_lane_name(name) and "lane" in name.lower()
    return in_giving or (name in used.thread_names and _LANE.fullmatch(name) is not None)


def set_calls(source: FileSource) -> list[WarpCall]:
    """Return the calls, in device code, of the project's own functions that give a set of lanes. Use
    it through `source.once(set_calls)`.
    """
    users = source.once(warp_functions)
    if not users:
        return []
    plain, names = source.once(code).plain, set(helpers_with(source, SET))
    for used in users:
        sets = {
            source.references[c.index].name
            for c in used.calls
            if is_a("lane_sets", source.references[c.index])
        }
        body = used.function.body
        if sets and gives_set(plain, body.start, body.end, sets):
            names.add(used.function.name)
    found = dict[int, WarpCall]()
    for used in users if names else ():
        body = used.function.body
        there = [
            n for n in names if n != used.function.name and plain.find(n, body.start, body.end) >= 0
        ]
        if not there:
            continue
        called = re.compile(rf"(?<![\w.>])(?:{'|'.join(map(re.escape, there))})(?=\s*\()", re.A)
        for match in called.finditer(plain, body.start, body.end):
            span = Span(match.start(), match.end())
            found[span.start] = WarpCall(-1, span, tuple(arguments(plain, span.end)))
    return [call for _, call in sorted(found.items())]
