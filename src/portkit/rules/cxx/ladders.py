# SPDX-License-Identifier: Apache-2.0
"""PK306: reductions and scans by shuffles that are written for 32 lanes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import code
from portkit.rules.cxx.lanes import WarpCall, WarpFunction, has_width, is_a, warp_functions
from portkit.rules.cxx.warp import FULL_MASK, LITERAL, applies, warp_args
from portkit.rules.cxx.warp_fix import ladder_fix
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget

_LADDER = re.compile(
    r"\bfor\s*\(\s*(?:[A-Za-z_][\w\s]*?\s)?([A-Za-z_]\w*)\s*=\s*16\s*;[^;]*;[^)]*?(?:>>=\s*1|/=\s*2|>>\s*1|/\s*2)[^)]*\)",
    re.A,
)
_UPWARD = re.compile(
    r"\bfor\s*\(\s*(?:[A-Za-z_][\w\s]*?\s)?([A-Za-z_]\w*)\s*=\s*1\s*;[^;]*?<=?\s*(?:16|32|31)\s*;[^)]*?(?:<<=\s*1|\*=\s*2)[^)]*\)",
    re.A,
)


@rule(
    "PK306",
    "shuffle-ladder",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("kernels", "references"),
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
        for pattern in (_LADDER, _UPWARD):
            for match in pattern.finditer(plain, body.start, body.end):
                end = _statement_end(plain, match.end())
                inside = [
                    c
                    for c in used.calls
                    if match.start() < c.span.start < end
                    and is_a("shuffles", view.references[c.index])
                    and any(
                        re.search(rf"\b{match.group(1)}\b", plain[a.start : a.end])
                        for a in c.arguments
                    )
                ]
                if inside and not has_width(view.references[inside[0].index], inside[0]):
                    seen = True
                    yield from _ladder(view, target, used, Span(match.start(), match.end()), "loop")
        if not seen:
            for call in used.calls:
                if _step(view, call) == 16:
                    yield from _ladder(view, target, used, call.span, "unrolled")


def _statement_end(plain: str, start: int) -> int:
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
