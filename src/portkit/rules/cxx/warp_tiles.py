# SPDX-License-Identifier: Apache-2.0
"""PK308: tiles of 32 threads, what follows their size, and warp templates of the block library."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Kind, Severity
from portkit.rules.cxx.kernels import DeviceFunction, arguments, code, device_functions
from portkit.rules.cxx.ladder_forms import Exchange, loops
from portkit.rules.cxx.lanes import LANES, lane_references
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_terms import WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget
from portkit.vocab.warp_words import warp_words

_TILE = re.compile(r"\s*<\s*([^<>,;]+?)\s*[>,]", re.A)
_MADE = re.compile(r"([A-Za-z_]\w*)\s*[=({]\s*(?:\w+\s*::\s*)*\Z", re.A)
_NAMED = re.compile(
    r"\s*<[^<>;{}]*(?:<[^<>;{}]*>[^<>;{}]*)*>\s*(?:const\s*)?&?\s*([A-Za-z_]\w*)", re.A
)
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)


@rule("PK308", "tile-of-32", severity=Severity.INFO, effort=Effort.MINUTES, needs=("references",))
def tile_of_32(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A tile of 32 threads, an exchange in one that is written for 32, or a warp template of the
    block library with its default width.
    """
    if not applies(target):
        return
    for index, case in view.once(_tiles):
        ref = view.references[index]
        if not view.ported(ref.span, target):
            yield finding("PK308", ref.span, warp_args(target, name=ref.name, **case), (index,))
    for span, name, how in view.once(_steps):
        if not view.ported(span, target):
            yield finding("PK308", span, warp_args(target, name=name, case=how))


def _tiles(source: FileSource) -> list[tuple[int, dict[str, str]]]:
    """Return the references to tiles of 32 threads and warp templates, with the case of the
    finding.
    """
    found: list[tuple[int, dict[str, str]]] = []
    for index, ref, kinds in source.once(lane_references):
        tile, template = "tiles" in kinds, "warp_templates" in kinds
        if ref.user or not (tile or template):
            continue
        behind = source.once(code).plain[ref.span.end : ref.span.end + 60]
        size = _TILE.match(behind) if tile else None
        if size is not None and value_of(size[1], source) == LANES:
            found.append((index, {}))
        elif template and ref.kind is Kind.TYPE and behind[:1] == "<":
            found.append((index, {"case": "template"}))
    return found


def _steps(source: FileSource) -> list[tuple[Span, str, str]]:
    """Return the exchanges in tiles of 32 that are written for that size: where, on what, and
    whether it is a loop or one exchange over half of the tile.
    """
    plain, found = source.once(code).plain, list[tuple[Span, str, str]]()
    for function, name in _named_tiles(source):
        exchanged = re.compile(rf"\b{re.escape(name)}\s*\.\s*{warp_words().tile_steps}\b", re.A)
        body = function.body
        calls = [
            (Span(m.start(), m.end()), given[1])
            for m in exchanged.finditer(plain, body.start, body.end)
            if len(given := arguments(plain, m.end())) > 1
        ]
        exchanges = [Exchange(at.start, (step,)) for at, step in calls]
        over = [rung.span for rung in loops(source, function, exchanges)] if calls else []
        found += [(span, name, "loop") for span in over]
        for at, step in calls:
            written = plain[step.start : step.end].strip()
            if _worth(written, source) == LANES // 2:
                found.append((at, name, "step"))
    return sorted(set(found))


def _worth(written: str, source: FileSource) -> int | None:
    """Return what a size is worth. One that is called the width of a warp is a finding where it is
    defined.
    """
    if any(WIDTH_NAME.fullmatch(word) for word in _WORD.findall(written)):
        return None
    return value_of(written, source)


def _named_tiles(source: FileSource) -> list[tuple[DeviceFunction, str]]:
    """Return the variables and parameters that are tiles of 32 threads, with their functions."""
    plain, found = source.once(code).plain, list[tuple[DeviceFunction, str]]()
    for index, case in source.once(_tiles):
        if case:
            continue
        span = source.references[index].span
        made = _MADE.search(plain, max(0, span.start - 120), span.start) or _NAMED.match(
            plain, span.end
        )
        around = [f for f in source.once(device_functions) if f.span.contains(span)]
        if made is not None and around:
            found.append((min(around, key=lambda f: len(f.span)), made[1]))
    return list(dict.fromkeys(found))
