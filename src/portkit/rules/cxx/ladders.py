# SPDX-License-Identifier: Apache-2.0
"""PK306: reductions and scans by shuffles that are written for 32 lanes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import arguments, code
from portkit.rules.cxx.ladder_forms import Exchange, Rung, loops, recursions, step_lists
from portkit.rules.cxx.ladder_widths import handed_widths
from portkit.rules.cxx.lanes import (
    WarpCall,
    WarpFunction,
    has_width,
    helper_calls,
    is_a,
    shuffle_helpers,
    warp_functions,
)
from portkit.rules.cxx.warp_fix import ladder_fix
from portkit.rules.cxx.warp_terms import FULL_MASK, LITERAL, WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

_FIRST = "16"


@rule(
    "PK306",
    "shuffle-ladder",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
)
def shuffle_ladder(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A reduction or scan by shuffles that starts at 16 or ends at 32 lanes: a loop of any kind, a
    list of steps, a template that calls itself, or written out; by an own function or macro that
    shuffles too; or for a width of 32 that it is given.
    """
    if not applies(target):
        return
    for rung in view.once(_rungs):
        if not view.ported(rung.span, target):
            args = warp_args(target, function=rung.function, case=rung.case)
            made = finding("PK306", rung.span, args, blocking=True)
            fix = ladder_fix(view, rung.span, target) if rung.case == "loop" else ()
            yield msgspec.structs.replace(made, fix=fix)


def _rungs(source: FileSource) -> list[Rung]:
    """Return the ladders of a file over 32 lanes."""
    found = dict[tuple[int, int], Rung]()
    for used in source.once(warp_functions):
        exchanges = _exchanges(source, used)
        if not exchanges:
            continue
        own = [
            *loops(source, used.function, exchanges),
            *step_lists(source, used.function, exchanges),
            *recursions(source, used.function, exchanges),
        ]
        if not own:
            own = list(_unrolled(source, used))
        for rung in (*own, *handed_widths(source, used.function, exchanges)):
            found.setdefault((rung.span.start, rung.span.end), rung)
    return list(found.values())


def _exchanges(source: FileSource, used: WarpFunction) -> list[Exchange]:
    """Return the shuffles of a function that no width bounds, by its own calls and by functions of
    the project that take a step.
    """
    found = [
        Exchange(call.span.start, call.arguments)
        for call in used.calls
        if is_a("shuffles", source.references[call.index])
        and not has_width(source.references[call.index], call)
    ]
    return sorted([*found, *_by_helpers(source, used)])


def _by_helpers(source: FileSource, used: WarpFunction) -> Iterator[Exchange]:
    plain, steps, body = source.once(code).plain, source.once(shuffle_helpers), used.function.body
    for name, behind in source.once(helper_calls) if steps else ():
        if name in steps and name != used.function.name and body.start < behind < body.end:
            given = tuple(arguments(plain, behind))
            # one that is handed a width keeps inside it
            if not any(WIDTH_NAME.fullmatch(plain[a.start : a.end].strip()) for a in given):
                yield Exchange(behind - len(name), given, name)


def _unrolled(source: FileSource, used: WarpFunction) -> Iterator[Rung]:
    """Yield the first step of a ladder that is written out: those of an own function or macro show
    more of it.
    """
    for call in used.calls:
        if _step(source, call) == int(_FIRST):
            yield Rung(used.function.name, call.span, "unrolled")
    plain, given = source.once(code).plain, dict[str, dict[str, Exchange]]()
    for one in _by_helpers(source, used):
        for span in one.arguments:
            given.setdefault(one.helper, {}).setdefault(plain[span.start : span.end].strip(), one)
    for helper, steps in given.items():
        if {_FIRST, "8"} <= steps.keys():
            at = steps[_FIRST].at
            yield Rung(used.function.name, Span(at, at + len(helper)), "unrolled")


def _step(source: FileSource, call: WarpCall) -> int | None:
    """Return how far a shuffle moves a value when a literal says so, all lanes take part and no
    width bounds it.
    """
    ref = source.references[call.index]
    at = 2 if is_a("masked", ref) else 1
    plain = source.once(code).plain
    texts = [plain[s.start : s.end].strip() for s in call.arguments]
    if not is_a("steps", ref) or len(texts) <= at or has_width(ref, call):
        return None
    some = (
        at == 2
        and LITERAL.fullmatch(texts[0]) is not None
        and FULL_MASK.fullmatch(texts[0]) is None
    )
    return int(texts[at]) if texts[at].isdigit() and not some else None
