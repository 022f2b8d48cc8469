# SPDX-License-Identifier: Apache-2.0
"""Edits that put the machine's own warp width in the place of 32. Never safe: whether the rest of
the program (arrays, launches with a block of one warp, layouts on the host) follows is not to be
seen in one expression.
"""

from __future__ import annotations

import re

from portkit.model.spans import Edit, Span
from portkit.model.words import Kind
from portkit.rules.cxx.fix_names import name_there
from portkit.rules.cxx.lanes import is_bounded
from portkit.rules.view import FileView, RuleTarget
from portkit.vocab.warp_words import warp_words


def lane_fix(view: FileView, match: re.Match[str], target: RuleTarget) -> tuple[Edit, ...]:
    """Return the edit of an expression of lane arithmetic: `x / 32`, `x % 32`, `x >> 5` or `x & 31`
    (groups op, shift, and).

    `/` and `%` bind tighter than `>>` and `&`: beside other operators the last two are left. Where
    every exchange of the file has a width of its own there is none: counting by 32 fits it, and a
    part of the code that counts otherwise would make it wrong.
    """
    size = name_there(warp_words().warp_size, (Kind.BUILTIN,), view, target)
    if not size or view.once(is_bounded):
        return ()
    around = (
        match.string[max(0, match.start() - 40) : match.start()].rstrip()[-1:]
        + match.string[match.end() : match.end() + 40].lstrip()[:1]
    )
    if match["op"] is None and set(around) & set("+-*/%<>"):
        return ()
    operator = "/" if match["shift"] else "%" if match["and"] else match["op"]
    start = (
        match.start("shift")
        if match["shift"]
        else match.start("and")
        if match["and"]
        else match.start("op")
    )
    span = Span(start, match.end())
    old = view.data[span.start : span.end]
    return (Edit(span, old, f"{operator} {size}".encode("ascii")),)


def ladder_fix(view: FileView, span: Span, target: RuleTarget) -> tuple[Edit, ...]:
    """Return the edit of the first step of a loop over shuffles: half a warp. `span` is the loop's
    head.
    """
    head = view.data[span.start : span.end]
    first = re.search(rb"=\s*(16)\s*;", head)
    size = name_there(warp_words().warp_size, (Kind.BUILTIN,), view, target)
    if first is None or not size:
        return ()
    place = Span(span.start + first.start(1), span.start + first.end(1))
    return (Edit(place, b"16", f"{size} / 2".encode("ascii")),)
