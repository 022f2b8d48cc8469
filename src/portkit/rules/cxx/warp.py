# SPDX-License-Identifier: Apache-2.0
"""PK3xx: code that takes a warp for 32 lanes. Silent on targets whose warps have 32.

Evidence comes from the flow of lane numbers around warp functions, not from every 32 in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.model.plans import Finding
from portkit.model.spans import Edit, Span
from portkit.model.words import Effort, Severity
from portkit.rules.any.features import feature_rule
from portkit.rules.cxx.kernels import arguments, brackets, code
from portkit.rules.cxx.lane_arithmetic import counts_by_32
from portkit.rules.cxx.lanes import (
    LANES,
    WarpCall,
    helper_calls,
    is_a,
    warp_calls,
    warp_functions,
    width,
)
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_terms import (
    ALL_LANES,
    FULL_MASK,
    LITERAL,
    applies,
    mask_bits,
    warp_args,
)
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

feature_rule("PK301", "warp-primitives", "warp-primitives", "maskless-shuffle", "warp-reductions")

_NAME = re.compile(r"(?:\w+\s*::\s*)*[A-Za-z_]\w*", re.A)
_TYPED = re.compile(r"[A-Za-z_]\w*(?<!\breturn)[\s*&]+\Z", re.A)
_BRACKET = re.compile(r"[(){}]")
_ALL_32 = re.compile(r"0[xX][fF]{8}[uU]?|4294967295[uU]?", re.A)


def _macro_body(source: FileSource, name: str) -> str:
    plain = source.once(code).plain
    bodies = [
        plain[m.body.start : m.body.end].strip()
        for m in source.scan.facts.macros
        if m.name == name and m.parameters is None
    ]
    if len(bodies) != 1:
        constant = re.search(
            rf"\b(?:const|constexpr)\b[^;=(){{}}]*\b{re.escape(name)}\s*=\s*([^;]+);", plain
        )
        return constant.group(1).strip() if constant else ""
    return bodies[0]


def _given(source: FileSource, name: str, call: WarpCall) -> str:
    """Return what a variable or parameter holds at a call: the one value that its function gives
    it, or its default.
    """
    plain = source.once(code).plain
    for used in source.once(warp_functions):
        if used.function.body.contains(call.span):
            given = re.compile(
                rf"\b{re.escape(name)}\s*(?:[-+*/|&^]|<<|>>)?=(?!=)\s*([^;,(){{}}]+)"
            )
            found = list(given.finditer(plain, *_whole(used.function.span)))
            if len(found) > 1:
                found = _in_scope(source, found, call.span.start)
            return found[0][1].strip() if len(found) == 1 else ""
    return ""


def _in_scope(source: FileSource, given: list[re.Match[str]], at: int) -> list[re.Match[str]]:
    """Return what the variable gets which is known at an offset, where several share a name."""
    plain, pairs = source.once(code).plain, source.once(brackets)
    scopes = [
        Span(m.start(), _scope_end(plain, pairs, m.end()))
        for m in given
        if _TYPED.search(plain, max(0, m.start() - 40), m.start())
    ]

    def owner(offset: int) -> Span | None:
        around = [s for s in scopes if s.start <= offset < s.end]
        return around[-1] if around else None

    own = owner(at)
    return [m for m in given if owner(m.start()) == own]


def _scope_end(plain: str, pairs: Brackets, start: int) -> int:
    """Return where a variable that is declared before an offset is no longer known: behind the loop
    whose head declares it, or the block.
    """
    depth = 0
    for match in _BRACKET.finditer(plain, start):
        depth += 1 if match.group() in "({" else -1
        if depth < 0:
            return match.start() if match.group() == "}" else pairs.statement_end(match.end())
    return len(plain)


def _whole(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _bare(text: str) -> str:
    """Return an expression without parentheses around all of it."""
    text = text.strip()
    while text[:1] == "(" and arguments(text, 0) == [Span(1, len(text) - 1)]:
        text = text[1:-1].strip()
    return text


def _mask_value(source: FileSource, written: str, call: WarpCall) -> tuple[str, bool]:
    """Return the literal that a mask comes to as far as that is known, "" where it is not, and
    whether it means all of 32 lanes.
    """
    text = _bare(written)
    if not FULL_MASK.fullmatch(text) and _NAME.fullmatch(text):
        value = value_of(text, source)
        if value is None:
            text = _bare(_macro_body(source, text) or _given(source, text, call))
    if FULL_MASK.fullmatch(text):
        return text, True
    value = value_of(text, source)
    if value is None or value < 0:
        return "", False
    return (text if LITERAL.fullmatch(text) else str(value)), value == ALL_LANES


@rule(
    "PK302",
    "lane-mask-literal",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
)
def lane_mask_literal(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The mask of a warp function is a literal for 32 lanes, directly or through a name: a
    constant, a variable that holds nothing else, a parameter's default.
    """
    if not applies(target):
        return
    plain = view.once(code).plain
    for call, written, value, full in view.once(_masks):
        span = call.arguments[0]
        if view.ported(call.span, target):
            continue
        narrow = mask_bits(target) < width(target)
        args = warp_args(
            target,
            name=view.references[call.index].name,
            mask=written,
            case="narrow" if narrow else "full" if full else "part",
        )
        edits: tuple[Edit, ...] = ()
        all_lanes = target.facts.full_mask or ""
        if full and all_lanes and value == written and not narrow:
            start = (
                span.start
                + len(plain[span.start : span.end])
                - len(plain[span.start : span.end].lstrip())
            )
            end = start + len(written)
            edits = (Edit(Span(start, end), view.data[start:end], all_lanes.encode("ascii")),)
        made = finding("PK302", span, args, (call.index,), blocking=view.live(call.index))
        # where the code counts by 32, only half of a wider warp may come here
        safe = bool(edits) and not view.once(counts_by_32)
        yield msgspec.structs.replace(made, fix=edits, fix_safe=safe)
    for name, span in view.once(_handed_masks):
        if not view.ported(span, target):
            written = plain[span.start : span.end].strip()
            case = "narrow" if mask_bits(target) < width(target) else "full"
            args = warp_args(target, name=name, mask=written, case=case)
            yield finding("PK302", span, args, blocking=True)


def _masks(source: FileSource) -> list[tuple[WarpCall, str, str, bool]]:
    """Return the calls whose mask is one for 32 lanes: as written, as what it stands for, and
    whether it means all of them.
    """
    plain, found = source.once(code).plain, list[tuple[WarpCall, str, str, bool]]()
    for call in source.once(warp_calls):
        if is_a("masked", source.references[call.index]) and call.arguments:
            span = call.arguments[0]
            written = plain[span.start : span.end].strip()
            value, full = _mask_value(source, written, call)
            # a mask of more than 32 bits was written for wider warps
            if value and (full or (value_of(value, source) or 0) >> LANES == 0):
                found.append((call, written, value, full))
    return found


def _handed_masks(source: FileSource) -> list[tuple[str, Span]]:
    """Return the masks of all of 32 lanes that are handed to the project's own functions on warps."""
    plain = source.once(code).plain
    return [
        (name, span)
        for name, end in source.once(helper_calls)
        for span in arguments(plain, end)
        if _ALL_32.fullmatch(plain[span.start : span.end].strip())
    ]
