# SPDX-License-Identifier: Apache-2.0
"""PK306: reductions and scans by shuffles that are written for 32 lanes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import arguments, code
from portkit.rules.cxx.lanes import (
    LANES,
    WarpCall,
    WarpFunction,
    has_width,
    helper_calls,
    is_a,
    shuffle_helpers,
    warp_functions,
)
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_fix import ladder_fix
from portkit.rules.cxx.warp_terms import FULL_MASK, LITERAL, WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget

_LADDER = re.compile(
    r"\bfor\s*\(\s*(?:[A-Za-z_][\w\s]*?\s)?([A-Za-z_]\w*)\s*=\s*(?P<edge>[^;(){}=]{1,40})\s*;[^;]*;[^)]*?(?:>>=\s*1|/=\s*2|>>\s*1|/\s*2)[^)]*\)",
    re.A,
)
_UPWARD = re.compile(
    r"\bfor\s*\(\s*(?:[A-Za-z_][\w\s]*?\s)?([A-Za-z_]\w*)\s*=\s*1\s*;[^;]*?<=?\s*(?P<edge>[^;<>=&|]{1,40})\s*;[^)]*?(?:<<=\s*1|\*=\s*2)[^)]*\)",
    re.A,
)
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
# the first or last value of a loop's variable that covers 32 lanes
EDGES = {_LADDER: (LANES // 2,), _UPWARD: (LANES // 2, LANES - 1, LANES)}


@rule(
    "PK306",
    "shuffle-ladder",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
)
def shuffle_ladder(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A reduction or scan by shuffles that starts at 16 or ends at 32 lanes, as a loop or written
    out.
    """
    if not applies(target):
        return
    for used in view.once(warp_functions):
        seen = False
        plain, body = view.once(code).plain, used.function.body
        for pattern, edges in EDGES.items():
            for match in pattern.finditer(plain, body.start, body.end):
                if _edge(view, match["edge"]) in edges and _is_ladder(view, used, match):
                    seen = True
                    yield from _ladder(view, target, used, Span(match.start(), match.end()), "loop")
        if not seen:
            for call in used.calls:
                if _step(view, call) == 16:
                    yield from _ladder(view, target, used, call.span, "unrolled")


def _edge(view: FileView, written: str) -> int | None:
    """Return the first or last value of a loop's variable. One that a width of a warp gives is a
    finding of its own, where the width is defined.
    """
    if any(WIDTH_NAME.fullmatch(word) for word in _WORD.findall(written)):
        return None
    return value_of(written, view.source)


def _is_ladder(view: FileView, used: WarpFunction, match: re.Match[str]) -> bool:
    """Does a loop shuffle by its variable, and no width bounds that?"""
    plain = view.once(code).plain
    end = statement_end(plain, match.end())
    variable = re.compile(rf"\b{match.group(1)}\b", re.A)

    def by_variable(spans: Iterable[Span]) -> bool:
        return any(variable.search(plain, a.start, a.end) for a in spans)

    inside = [
        c
        for c in used.calls
        if match.start() < c.span.start < end
        and is_a("shuffles", view.references[c.index])
        and by_variable(c.arguments)
    ]
    if inside:
        return not has_width(view.references[inside[0].index], inside[0])
    steps = view.once(shuffle_helpers)
    return any(
        name in steps and by_variable(arguments(plain, behind))
        for name, behind in view.once(helper_calls)
        if match.end() <= behind < end
    )


def statement_end(plain: str, start: int) -> int:
    """Return the end of the statement behind a loop's head: its closing brace, or the semicolon of
    a single one.
    """
    depth = 0
    for match in re.compile(r"[{};]").finditer(plain, start, start + 4000):
        depth += (match.group() == "{") - (match.group() == "}")
        if depth <= 0:
            return match.end()
    return min(len(plain), start + 4000)


def _step(view: FileView, call: WarpCall) -> int | None:
    """Return how far a shuffle moves a value when a literal says so, all lanes take part and no
    width bounds it.
    """
    ref = view.references[call.index]
    at = 2 if is_a("masked", ref) else 1
    plain = view.once(code).plain
    texts = [plain[s.start : s.end].strip() for s in call.arguments]
    if not is_a("steps", ref) or len(texts) <= at or has_width(ref, call):
        return None
    some = (
        at == 2
        and LITERAL.fullmatch(texts[0]) is not None
        and FULL_MASK.fullmatch(texts[0]) is None
    )
    return int(texts[at]) if texts[at].isdigit() and not some else None


def _ladder(
    view: FileView, target: RuleTarget, used: WarpFunction, span: Span, case: str
) -> Iterator[Finding]:
    if not view.ported(span, target):
        made = finding(
            "PK306", span, warp_args(target, function=used.function.name, case=case), blocking=True
        )
        yield msgspec.structs.replace(
            made, fix=ladder_fix(view, span, target) if case == "loop" else ()
        )
