# SPDX-License-Identifier: Apache-2.0
"""PK3xx: code that takes a warp for 32 lanes. Silent on targets whose warps have 32.

Evidence comes from the flow of lane numbers around warp functions, not from every 32 in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Edit, Span
from portkit.model.words import Effort, Kind, Severity
from portkit.rules.any.features import feature_rule
from portkit.rules.cxx.fix_names import name_there
from portkit.rules.cxx.guard_values import integer
from portkit.rules.cxx.kernels import code
from portkit.rules.cxx.lanes import (
    LANES,
    WarpCall,
    is_a,
    is_bounded,
    lane_references,
    warp_calls,
    warp_functions,
    warp_words,
    width,
)
from portkit.rules.cxx.warp_fix import lane_fix
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

feature_rule("PK301", "warp-primitives", "warp-primitives", "maskless-shuffle", "warp-reductions")

FULL_MASK = re.compile(
    r"0[xX][fF]{8}[uU]?[lL]{0,2}|~\s*0[uU]?|-\s*1|4294967295[uU]?|UINT_MAX|UINT32_MAX", re.A
)
LITERAL = re.compile(r"0[xX][0-9a-fA-F]+[uU]?[lL]{0,2}|\d+[uU]?[lL]{0,2}", re.A)
_NARROW = re.compile(
    r"\b(?:unsigned(?:\s+int)?|u?int|u?int32_t|uint)\s+(?:const\s+)?([A-Za-z_]\w*)\s*(?:=|\{|\()\s*\Z",
    re.A,
)
_WIDTH_NAME = re.compile(
    r"(?i)(?:.*_)?(?:k|n|num_?|c_)?(?:warp|wave|lane)s?(?:_?size|_?sz|_?width|_?lanes|_?threads|_?len|s?_?per_?warp)(?:_.*)?|(?:.*_)?(?:k|num_?)?(?:threads?|lanes?)_?per_?(?:warp|wave)(?:_.*)?",
    re.A,
)


def applies(target: RuleTarget) -> bool:
    return width(target) != LANES


def _mask_bits(target: RuleTarget) -> int:
    return target.facts.mask_bits or width(target)


def warp_args(target: RuleTarget, **more: str) -> dict[str, str]:
    return {
        "target": target.id,
        "width": str(width(target)),
        "mask_bits": str(_mask_bits(target)),
        **more,
    }


def _macro_body(view: FileView, name: str) -> str:
    plain = view.once(code).plain
    bodies = [
        plain[m.body.start : m.body.end].strip()
        for m in view.scan.facts.macros
        if m.name == name and m.parameters is None
    ]
    if len(bodies) != 1:
        constant = re.search(
            rf"\b(?:const|constexpr)\b[^;=(){{}}]*\b{re.escape(name)}\s*=\s*([^;]+);", plain
        )
        return constant.group(1).strip() if constant else ""
    return bodies[0]


@rule(
    "PK302",
    "lane-mask-literal",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
)
def lane_mask_literal(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The mask of a warp function is a literal for 32 lanes, directly or through a name of the
    file.
    """
    if not applies(target):
        return
    plain = view.once(code).plain
    for call in view.once(warp_calls):
        ref = view.references[call.index]
        if not is_a("masked", ref) or not call.arguments or view.ported(call.span, target):
            continue
        span = call.arguments[0]
        written = plain[span.start : span.end].strip()
        value = (
            _macro_body(view, written).strip("() ")
            if re.fullmatch(r"[A-Za-z_]\w*", written) and not FULL_MASK.fullmatch(written)
            else written
        )
        full = FULL_MASK.fullmatch(value.strip("() ")) is not None
        if not full and (LITERAL.fullmatch(value) is None or (integer(value) or 0) >> LANES):
            continue  # a mask of more than 32 bits was written for wider warps
        narrow = _mask_bits(target) < width(target)
        args = warp_args(
            target,
            name=ref.name,
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
        made = finding(
            "PK302", Span(span.start, span.end), args, (call.index,), blocking=view.live(call.index)
        )
        # where the code counts by 32, only half of a wider warp may come here
        safe = bool(edits) and not view.once(_counts_by_32)
        yield msgspec.structs.replace(made, fix=edits, fix_safe=safe)


@rule(
    "PK303",
    "lane-set-in-32-bits",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
)
def lane_set_in_32_bits(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A set of lanes goes into a 32-bit variable or a 32-bit bit count."""
    if not applies(target) or _mask_bits(target) <= LANES:
        return
    plain, counts = view.once(code).plain, warp_words().bit_counts
    for call in view.once(warp_calls):
        ref = view.references[call.index]
        if not is_a("lane_sets", ref) or view.ported(call.span, target):
            continue
        before = plain[max(0, call.span.start - 120) : call.span.start]
        counted = re.search(r"\b(" + "|".join(counts) + r")\s*\(\s*\Z", before)
        stored = _NARROW.search(before)
        if counted is None and stored is None:
            continue
        how = counted.group(1) if counted else stored.group(1) if stored else ""
        args = warp_args(target, name=ref.name, place=how, case="count" if counted else "variable")
        made = finding("PK303", call.span, args, (call.index,), blocking=view.live(call.index))
        if counted:
            args["wide"] = counts[how]
            fix = _widened(view, call, counted, how, target)
            made = msgspec.structs.replace(made, args=args, fix=fix, fix_safe=bool(fix))
        yield made


def _widened(
    view: FileView, call: WarpCall, counted: re.Match[str], name: str, target: RuleTarget
) -> tuple[Edit, ...]:
    """Return the edit that counts in all 64 bits, for functions whose result is the same number for
    the same bits.
    """
    words = warp_words()
    if name not in words.alike:
        return ()
    wide = name_there(words.bit_counts[name], (Kind.DEVICE_FUNCTION,), view, target)
    if not wide:
        return ()
    start = max(0, call.span.start - 120) + counted.start(1)
    span = Span(start, start + len(name))
    return (Edit(span, name.encode("ascii"), wide.encode("ascii")),)


@rule("PK304", "warp-size-constant", severity=Severity.ERROR, effort=Effort.MINUTES)
def warp_size_constant(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A macro or constant that is called the width of a warp and is 32 or derived from it."""
    if not applies(target):
        return
    for span, name, value in view.once(_widths):
        if not view.ported(span, target):
            yield finding("PK304", span, warp_args(target, name=name, value=value), blocking=True)


def _widths(source: FileSource) -> list[tuple[Span, str, str]]:
    """Return the macros and constants that are called the width of a warp and are 32: place, name,
    value as written.
    """
    found: list[tuple[Span, str, str]] = []
    if b"32" not in source.data:
        return found
    for macro in source.scan.facts.macros:
        if (
            macro.parameters is None
            and b"32" in source.data[macro.body.start : macro.body.end]
            and _WIDTH_NAME.fullmatch(macro.name)
        ):
            body = (
                source.data[macro.body.start : macro.body.end]
                .decode("latin-1")
                .split("//")[0]
                .split("/*")[0]
                .strip(" ()\t\r\n")
            )
            if re.fullmatch(r"32[uU]?", body):
                found.append((macro.span, macro.name, body))
    if _IS_32.search(source.data) and _CONSTANT_HINT.search(source.data):
        matches = _CONSTANT.finditer(source.once(code).plain)
        found += [
            (Span(m.start(1), m.end(1)), m.group(1), "32")
            for m in matches
            if _WIDTH_NAME.fullmatch(m.group(1))
        ]
    return found


_IS_32 = re.compile(rb"[={]\s*32")  # what each match of the next holds: quick to look for
_CONSTANT_HINT = re.compile(rb"(?i)(?:warp|wave|lane)\w*\s*(?:=|\{)\s*32")
_CONSTANT = re.compile(
    r"\b(?:const|constexpr|enum|static)\b[^;=(){}]*?\b([A-Za-z_]\w*)\s*(?:=|\{)\s*32[uU]?\s*[;,}]",
    re.A,
)

# The arithmetic of lanes: an operand, then / 32, % 32, >> 5, & 31 or & 0x1f.
_ARITHMETIC = re.compile(
    r"((?:[A-Za-z_][\w.]*|\([^()]{1,80}\)))\s*(?:(?P<op>/|%)\s*32[uU]?|(?P<shift>>>)\s*5[uU]?|(?P<and>&)\s*(?:31[uU]?|0[xX]1[fF][uU]?))(?![\w.])",
    re.A,
)
# what each match of the above holds: quick to look for
_OPERATOR = re.compile(r"[/%]\s*32|>>\s*5|&\s*(?:31|0[xX]1[fF])", re.A)
_RESULT = re.compile(
    r"(?i)(?:\b|_)(?:my|this|local|global|loc|g|n|num)?(?:lane|warp|wid|wrp)\w*\s*(?:=\s*(?:\(\s*\w+\s*\)\s*)?\(?|[({])\s*\Z",
    re.A,
)  # what it is assigned to
_SHARED = re.compile(r"\b[A-Za-z_]\w*\s+([A-Za-z_]\w*)\s*\[\s*(?:32|33|WARP_SIZE)\s*\]", re.A)
_LENGTH = re.compile(r"\[\s*(?:32|33|WARP_SIZE)\s*\]", re.A)  # its end, quick to look for


@rule(
    "PK305", "lane-arithmetic", severity=Severity.ERROR, effort=Effort.MINUTES, needs=("kernels",)
)
def lane_arithmetic(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """In a function that uses lanes: a thread's index divided by 32, or its lower five bits."""
    if not applies(target):
        return
    for function, match in view.once(_lane_expressions):
        span = Span(match.start(), match.end())
        if not view.ported(span, target):
            written = re.sub(r"\s+", " ", match.group())
            args = warp_args(target, expression=written, function=function)
            if view.once(is_bounded):
                args["case"] = "bounded"
            made = finding("PK305", span, args, blocking=True)
            yield msgspec.structs.replace(made, fix=lane_fix(view, match, target))


def _counts_by_32(source: FileSource) -> bool:
    """Does a function that uses lanes divide its threads by 32, or let only 32 of them do
    something?
    """
    if source.once(_lane_expressions):
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


def _lane_expressions(source: FileSource) -> list[tuple[str, re.Match[str]]]:
    """Return the places where a lane or a warp is computed from a thread's index, with the name of
    the function.
    """
    found = []
    index, size = (
        re.compile(rf"\b{word}\b") for word in (warp_words().thread_index, warp_words().block_size)
    )
    for used in source.once(warp_functions):
        plain, body = source.once(code).plain, used.function.body
        if _OPERATOR.search(plain, body.start, body.end) is None:
            continue
        for match in _ARITHMETIC.finditer(plain, body.start, body.end):
            words = set(re.findall(r"[A-Za-z_]\w*", match.group(1)))
            direct = index.search(match.group(1)) is not None or match.group(1) in used.index_names
            computed = words & used.thread_names or size.search(match.group(1))
            if direct or (
                computed and _RESULT.search(plain, max(0, match.start() - 60), match.start())
            ):
                found.append((used.function.name, match))
    return found


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
        for match in (
            _SHARED.finditer(plain, body.start, body.end)
            if _LENGTH.search(plain, body.start, body.end)
            else ()
        ):
            line = plain.rfind(";", 0, match.start())
            names = {r.name for r in view.references if line < r.span.start < match.start()}
            space = view.vocabulary.execution_space
            marked = any("shared" in n and n.startswith("__") and n not in space for n in names)
            name = match.group(1)
            indexed = (
                re.search(
                    rf"\b{re.escape(name)}\s*\[\s*(?:{'|'.join(map(re.escape, sorted(used.thread_names)))})\b",
                    plain[match.end() : body.end],
                )
                if used.thread_names
                else None
            )
            if marked and indexed and not view.ported(Span(match.start(1), match.end(1)), target):
                yield finding(
                    "PK307",
                    Span(match.start(1), match.end(1)),
                    warp_args(target, name=name, function=used.function.name),
                )


@rule("PK308", "tile-of-32", severity=Severity.INFO, effort=Effort.MINUTES, needs=("references",))
def tile_of_32(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A tile of 32 threads, or a warp template of the block library with its default width."""
    if not applies(target):
        return
    for index, case in view.once(_tiles):
        ref = view.references[index]
        if not view.ported(ref.span, target):
            yield finding("PK308", ref.span, warp_args(target, name=ref.name, **case), (index,))


def _tiles(source: FileSource) -> list[tuple[int, dict[str, str]]]:
    """Return the references to tiles of 32 threads and warp templates, with the case of the
    finding.
    """
    found: list[tuple[int, dict[str, str]]] = []
    for index, ref, kinds in source.once(lane_references):
        tile, template = "tiles" in kinds, "warp_templates" in kinds
        if ref.user or not (tile or template):
            continue
        behind = source.once(code).plain[ref.span.end : ref.span.end + 20]
        if tile and re.match(r"\s*<\s*32\b", behind):
            found.append((index, {}))
        elif template and ref.kind is Kind.TYPE and behind[:1] == "<":
            found.append((index, {"case": "template"}))
    return found
