# SPDX-License-Identifier: Apache-2.0
"""PK309: launches whose blocks are made of rows of 32 threads, for kernels that use lanes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import arguments, code
from portkit.rules.cxx.lanes import LANES, lane_users
from portkit.rules.cxx.values import size_words, value_of
from portkit.rules.cxx.warp_terms import WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

_WINDOW = 4000  # bytes before a launch in which its block may be given a size
_WORDS = re.compile(r"[A-Za-z_]\w*", re.A)


@rule(
    "PK309", "block-of-lanes", severity=Severity.WARNING, effort=Effort.MINUTES, needs=("launches",)
)
def block_of_lanes(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A launch of a kernel that uses lanes with 32 threads in a block's first dimension: one row is
    meant to be one warp.
    """
    if not applies(target):
        return
    for span, kernel, block in view.once(_rows):
        if not view.ported(span, target):
            yield finding("PK309", span, warp_args(target, kernel=kernel, block=block))


def _rows(source: FileSource) -> list[tuple[Span, str, str]]:
    """Return the launches with rows of 32 threads: the launch, the kernel, the block as written."""
    users = source.once(lane_users)
    found = list[tuple[Span, str, str]]()
    if not users:
        return found
    plain = source.once(code).plain
    for launch in source.scan.facts.launches:
        kernel = re.sub(r"<.*", "", launch.kernel, flags=re.S).strip().rpartition("::")[2]
        if kernel not in users:
            continue
        given = launch_arguments(plain, launch.span)
        if len(given) < 2:
            continue
        written = plain[given[1].start : given[1].end].strip()
        made = _given(plain, written, launch.span.start)
        first = _first(made)
        # one that is called the width of a warp is a finding where it is defined
        named = any(WIDTH_NAME.fullmatch(word) for word in _WORDS.findall(first))
        if first and not named and value_of(first, source) == LANES:
            found.append((launch.span, kernel, re.sub(r"\s+", " ", made)))
    return found


def launch_arguments(plain: str, span: Span) -> list[Span]:
    """Return the ranges of what stands between `<<<` and `>>>`; `span` covers both."""
    inside = plain[span.start + 3 : span.end - 3]
    found = arguments(f"({inside})", 0)
    offset = span.start + 2
    return [Span(a.start + offset, a.end + offset) for a in found]


def _given(plain: str, written: str, before: int) -> str:
    """Return what a block's size is made as, where a variable holds it: `dim3 block(32, 8);`."""
    if not _WORDS.fullmatch(written):
        return written
    dim = str(size_words()["words"]["dimensions"])
    made = re.compile(
        rf"\b(?:{dim}\s+{written}|{written}\s*=\s*(?:{dim})?)\s*([({{][^;{{}}]*[)}}])\s*[;,]", re.A
    )
    found = [m[1] for m in made.finditer(plain, max(0, before - _WINDOW), before)]
    return f"{dim}{found[-1]}" if found else written


def _first(made: str) -> str:
    """Return the first dimension of a block's size as written."""
    dim = str(size_words()["words"]["dimensions"])
    whole = re.fullmatch(rf"(?:{dim}\s*)?[({{](.*)[)}}]", made, re.S)
    if whole is None:
        return made
    parts = arguments(f"({whole[1]})", 0)
    return whole[1][parts[0].start - 1 : parts[0].end - 1].strip() if parts else ""
