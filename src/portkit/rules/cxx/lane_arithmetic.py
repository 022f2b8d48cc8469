# SPDX-License-Identifier: Apache-2.0
"""PK305, PK307: lane and warp numbers by 32, and arrays with a place a lane."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import code
from portkit.rules.cxx.lane_expressions import COMPARED, PLAIN, lane_expressions
from portkit.rules.cxx.lanes import LANES, is_bounded, warp_functions
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_fix import lane_fix
from portkit.rules.cxx.warp_terms import WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget
from portkit.vocab.warp_words import warp_words

# a length of 32 under another name is one of anything
_LANES_WRITTEN = re.compile(r"(?i)[^A-Za-z_]*|.*(?:lane|warp|wave).*")
_LENGTH = re.compile(r"\[\s*(?:32|33|[A-Za-z_])", re.A)  # quick to look for
_SHARED = re.compile(r"\b[A-Za-z_]\w*\s+([A-Za-z_]\w*)\s*\[([^\[\]{};]{1,60})\]", re.A)


@rule("PK305", "lane-arithmetic", severity=Severity.ERROR, effort=Effort.MINUTES)
def lane_arithmetic(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """In a function that uses lanes: a thread's index divided by 32, its lower five bits, or
    compared with the number of the last lane.
    """
    if not applies(target):
        return
    for function, match, case in view.once(lane_expressions):
        span = Span(match.start(), match.end())
        if view.ported(span, target):
            continue
        written = re.sub(r"\s+", " ", match.group())
        args = warp_args(target, expression=written, function=function)
        if case == COMPARED:
            args["case"] = "compared"
            yield finding("PK305", span, args, severity=Severity.WARNING)
            continue
        if view.once(is_bounded):
            args["case"] = "bounded"
        made = finding("PK305", span, args, blocking=True)
        fix = lane_fix(view, match, target) if case == PLAIN else ()
        yield msgspec.structs.replace(made, fix=fix)


def counts_by_32(source: FileSource) -> bool:
    """Return whether a function that uses lanes divides its threads by 32, or lets only 32 of them
    do something. Use it through `source.once(counts_by_32)`.
    """
    if any(found.case != COMPARED for found in source.once(lane_expressions)):
        return True
    plain, index = source.once(code).plain, warp_words().thread_index
    for used in source.once(warp_functions):
        names = "|".join([index + r"\s*\.\s*[xyz]", *map(re.escape, sorted(used.thread_names))])
        asked = re.compile(
            rf"\b(?:{names})\s*(?:[<>]=?|[!=]=)\s*(?:3[12]|0[xX]1[fF]|\w*WARP\w*)\b", re.A | re.I
        )
        if asked.search(plain, used.function.body.start, used.function.body.end):
            return True
    return False


@rule(
    "PK307", "array-of-lanes", severity=Severity.WARNING, effort=Effort.MINUTES, needs=("kernels",)
)
def array_of_lanes(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A shared array of 32 elements in a function that uses lanes and indexes it by a thread's
    number.
    """
    if not applies(target):
        return
    for used in view.once(warp_functions):
        plain, body = view.once(code).plain, used.function.body
        if not used.thread_names or _LENGTH.search(plain, body.start, body.end) is None:
            continue
        for match in _SHARED.finditer(plain, body.start, body.end):
            line = plain.rfind(";", 0, match.start())
            names = {r.name for r in view.references if line < r.span.start < match.start()}
            space = view.vocabulary.execution_space
            if not any("shared" in n and n.startswith("__") and n not in space for n in names):
                continue
            length = value_of(match[2], view.source)
            written = match[2].strip()
            if length is None and not WIDTH_NAME.fullmatch(written):
                continue
            if length not in (None, LANES, LANES + 1) or not _LANES_WRITTEN.fullmatch(written):
                continue
            name = match.group(1)
            indexed = re.search(
                rf"\b{re.escape(name)}\s*\[\s*(?:{'|'.join(map(re.escape, sorted(used.thread_names)))})\b",
                plain[match.end() : body.end],
            )
            if indexed and not view.ported(Span(match.start(1), match.end(1)), target):
                yield finding(
                    "PK307",
                    Span(match.start(1), match.end(1)),
                    warp_args(target, name=name, function=used.function.name),
                )
