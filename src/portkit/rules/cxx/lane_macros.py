# SPDX-License-Identifier: Apache-2.0
"""Macros whose bodies are device code that speaks of lanes: `#define LANE_ID (threadIdx.x & 31)`, a
loop of shuffles. Rules on warps read such a body as that of a function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from portkit.model.spans import Span
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.cxx.kernels import DeviceFunction, code, device_functions
from portkit.rules.view import FileSource
from portkit.vocab.warp_words import warp_words

MACRO = "macro"  # the space of such a function
_LANE_FUNCTION = re.compile(
    r"(?i)(?:\w*_)?(?:get|my|this|thread|local|global|in)?_?(?:lane|warp)_?(?:id|idx|index|num|number)?\d*",
    re.A,
)
_LANE_MACRO = re.compile(
    r"(?:\w*_)?(?:LANE|WARP|LID|WID)S?(?:_?(?:ID|IDX|INDEX|NUM|OF|IN)\w*)?", re.A
)
_BY_32 = re.compile(r"[/%]\s*32\b|>>\s*5\b|&\s*(?:31|0[xX]1[fF])\b", re.A)
_LEAST = 8  # bytes of the shortest body that says anything of lanes
_UNITS = (".cu", ".cpp", ".cc", ".cxx", ".c")


def is_lane_name(name: str) -> bool:
    """Return whether a function or macro is called the number of a lane or a warp."""
    return (_LANE_MACRO if name.isupper() else _LANE_FUNCTION).fullmatch(name) is not None


def lane_macros(source: FileSource, calls: Sequence[Span]) -> list[DeviceFunction]:
    """Return the macros of a file whose body holds a call of a warp function (`calls`) or a thread's
    index, or counts what it is given by 32 and is called a lane or a warp, as functions: the head is
    what stands from the name to the body. Macros that nothing uses are left out, as far as one file
    tells.
    """
    facts, index = source.scan.facts, warp_words().thread_index
    named = [m.name for m in facts.macros if m.parameters and is_lane_name(m.name)]
    if not facts.macros or not (calls or named or index.encode() in source.data):
        return []
    plain = source.once(code).plain
    long = [m for m in facts.macros if len(m.body) >= _LEAST]
    bodies = Bodies([m.body for m in long])
    calling = {number for call in calls for number in bodies.holding(call)}
    inside = Bodies([f.body for f in source.once(device_functions)])
    found = list[DeviceFunction]()
    for number, macro in enumerate(long):
        counts = macro.name in named and _BY_32.search(plain, macro.body.start, macro.body.end)
        has_index = plain.find(index, macro.body.start, macro.body.end) >= 0
        if not (counts or has_index or number in calling):
            continue
        if inside.holding(macro.body) or not _is_used(source, plain, macro.name, macro.span):
            continue
        head = Span(macro.span.start, macro.body.start)
        found.append(DeviceFunction(macro.name, MACRO, head, macro.body))
    return found


def _is_used(source: FileSource, plain: str, name: str, own: Span) -> bool:
    """Is a macro used in its file, or does the file serve others?"""
    if not source.scan.path.lower().endswith(_UNITS):
        return True
    return any(m.start() != own.start for m in re.finditer(rf"\b{re.escape(name)}\b", plain, re.A))


def mentions(plain: str, names: Sequence[DeviceFunction], body: Span) -> bool:
    """Return whether code uses one of some macros."""
    seen = [m for m in names if plain.find(m.name, body.start, body.end) >= 0]
    return any(
        re.compile(
            rf"\b{re.escape(m.name)}\b"
            + (r"\s*\(" if "(" in plain[m.head.start : m.head.end] else ""),
            re.A,
        ).search(plain, body.start, body.end)
        for m in seen
    )
