# SPDX-License-Identifier: Apache-2.0
"""PK303: sets of lanes that end in 32 bits: where the result of a vote or a match goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from portkit.languages.cxx.letters.lane_helpers import NARROW
from portkit.model.plans import Finding
from portkit.model.spans import Edit, Span
from portkit.model.words import Effort, Kind, Severity
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.cxx.fix_names import name_there
from portkit.rules.cxx.kernels import (
    DeviceFunction,
    arguments,
    code,
    declared_type,
    device_functions,
)
from portkit.rules.cxx.lane_bits import lane_shifts, set_calls
from portkit.rules.cxx.lanes import LANES, WarpCall, is_a, warp_calls
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_terms import ALL_LANES, applies, mask_bits, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget
from portkit.vocab.warp_words import warp_words

_BEFORE = 300  # bytes of a statement that are looked at
_NARROW = r"(?:unsigned(?:\s+int)?|signed(?:\s+int)?|u?int|u?int32_t)"
_TYPES = frozenset({"unsigned", "signed", "int", "uint", "int32_t", "uint32_t"})
_DECLARED = re.compile(
    rf"(?:\A|[^\w>])(?:const\s+)?{_NARROW}\s+(?:const\s+)?([A-Za-z_]\w*)\s*(?:=|\{{|\()[^=!<>?(){{}}]*\Z",
    re.A,
)
_CAST = re.compile(
    rf"(?:\(\s*({_NARROW})\s*\)|static_cast\s*<\s*({_NARROW})\s*>\s*\(|\b({_NARROW})\s*\()\s*\Z",
    re.A,
)
_RETURNED = re.compile(r"\breturn\b[^=!<>?(){}]*\Z", re.A)
_ASSIGNED = re.compile(
    r"(?:\A|[^\w.>])((?:[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)?(?:\.|->)\s*)*([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?)"
    r"\s*[|&^]?=(?!=)[^=!<>?(){}]*\Z",
    re.A,
)
_ASKED = re.compile(r"\s*(?:[=!]=|\?|&&|\|\||>(?!>)|<(?!<))")
_BIT_BEHIND = re.compile(r"\s*&\s*\(?\s*1[uU]?\s*<<", re.A)
_BIT_BEFORE = re.compile(r"\(\s*1[uU]?\s*<<[^()]*\)\s*&\s*\Z", re.A)
_KEPT = re.compile(r"([A-Za-z_]\w*)\s*(?:=|\{|\()\s*\Z", re.A)
_CALLEE = re.compile(r"([A-Za-z_]\w*)\s*(?:<[^;{}()]*>)?\s*\Z", re.A)
_NO_VALUE = re.compile(r"(?:!|&&|\|\||\bif\s*\(|\bwhile\s*\()\s*\Z")


_AGAINST = re.compile(r"\s*[=!]=\s*([^;,&|?<>=(){}]{1,40})(?=[;,)&|?])", re.A)
_AGAINST_BEFORE = re.compile(r"([\w~]{1,40}(?:\s*::\s*\w+)*)\s*[=!]=\s*\Z", re.A)


class Cut(NamedTuple):
    """A set of lanes that loses its upper half: in which way (a variant of the message), and where;
    `counted`: the bit function that counts it.
    """

    call: WarpCall | None
    case: str
    place: str
    at: Span
    counted: Span | None = None
    name: str = ""  # of the function that gives the set


@rule(
    "PK303",
    "lane-set-in-32-bits",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
)
def lane_set_in_32_bits(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A set of lanes goes into 32 bits: a variable, an element, a member, a result, a parameter, a
    cast, a bit of an `int`, a bit count, a comparison with all of 32; directly, by a variable that
    holds it or by an own function that gives it; and the bit of a lane in an `int`.
    """
    if not applies(target) or mask_bits(target) <= LANES:
        return
    counts = warp_words().bit_counts
    for cut in view.once(_cut):
        if view.ported(cut.at, target):
            continue
        args = warp_args(target, name=cut.name, place=cut.place, case=cut.case)
        index = cut.call.index if cut.call is not None else -1
        known = () if index < 0 else (index,)
        made = finding("PK303", cut.at, args, known, blocking=index < 0 or view.live(index))
        if cut.counted is not None:
            args["wide"] = counts[cut.place]
            fix = _widened(view, cut.counted, cut.place, target)
            made = msgspec.structs.replace(made, args=args, fix=fix, fix_safe=bool(fix))
        yield made


def _widened(view: FileView, span: Span, name: str, target: RuleTarget) -> tuple[Edit, ...]:
    """Return the edit that counts in all 64 bits, for functions whose result is the same number for
    the same bits.
    """
    words = warp_words()
    if name not in words.alike:
        return ()
    wide = name_there(words.bit_counts[name], (Kind.DEVICE_FUNCTION,), view, target)
    return (Edit(span, name.encode("ascii"), wide.encode("ascii")),) if wide else ()


def _cut(source: FileSource) -> list[Cut]:
    """Return the sets of lanes of a file that lose their upper half."""
    calls = [c for c in source.once(warp_calls) if is_a("lane_sets", source.references[c.index])]
    given, shifts = source.once(set_calls), source.once(lane_shifts)
    if not (calls or given or shifts):
        return []
    plain = source.once(code).plain
    functions = source.once(device_functions) if calls or given else []
    bodies, found = Bodies([f.body for f in functions]), list[Cut]()
    for call in (*calls, *given):
        holding = [functions[number] for number in bodies.holding(call.span)]
        name = plain[call.span.start : call.span.end]
        cuts = _of_call(source, call, holding[0] if holding else None, functions)
        found += [cut._replace(name=name) for cut in cuts]
    told = [cut.at for cut in found if cut.case == "bit"]
    for span in shifts:
        end = plain.find(";", span.end)
        start = max(plain.rfind(sign, 0, span.start) for sign in ";{}")
        if not any(start < at.start < end for at in told):
            found.append(Cut(None, "shift", " ".join(plain[span.start : span.end].split()), span))
    return found


def _of_call(
    source: FileSource,
    call: WarpCall,
    function: DeviceFunction | None,
    functions: list[DeviceFunction],
) -> list[Cut]:
    plain = source.once(code).plain
    start = max(
        max(plain.rfind(sign, 0, call.span.start) for sign in ";{}") + 1,
        call.span.start - _BEFORE,
    )
    end = (call.arguments[-1].end if call.arguments else plain.find("(", call.span.end) + 1) + 1
    before, behind = plain[start : call.span.start], plain[end : end + 40]
    counts = warp_words().bit_counts
    counted = re.search(r"\b(" + "|".join(counts) + r")\s*\(\s*\Z", before)
    if counted is not None:
        at = start + counted.start(1)
        span = Span(at, at + len(counted[1]))
        return [Cut(call, "count", counted[1], call.span, span)]
    if _BIT_BEHIND.match(behind) or _BIT_BEFORE.search(before):
        return [Cut(call, "bit", "1 <<", call.span)]
    if (cast := _CAST.search(before)) is not None:
        return [Cut(call, "cast", next(filter(None, cast.groups()), ""), call.span)]
    if (all_lanes := _held_against_all(source, before, behind)) is not None:
        return [Cut(call, "compared", all_lanes, call.span)]
    if _ASKED.match(behind) or _NO_VALUE.search(before):
        return []
    if (declared := _DECLARED.search(before)) is not None:
        return [Cut(call, "variable", declared[1], call.span)]
    if function is None:
        return []
    if _RETURNED.search(before):
        narrow = _is_narrow_result(plain, function)
        return [Cut(call, "return", function.name, call.span)] if narrow else []
    assigned = _ASSIGNED.search(before)
    if assigned is not None and _is_narrow(plain, assigned[1], assigned[2], function, call):
        return [Cut(call, "variable", re.sub(r"\s+", "", assigned[1]), call.span)]
    kept = _KEPT.search(before)
    if kept is not None and not _is_call(plain, kept, function):
        return _counted_later(source, call, kept[1], end, function)
    return _handed(source, call, start, before, functions)


def _held_against_all(source: FileSource, before: str, behind: str) -> str | None:
    """Return the mask of all of 32 lanes that a set is compared with, if it is."""
    for match in (_AGAINST.match(behind), _AGAINST_BEFORE.search(before)):
        if match is not None and _is_all_32(source, match[1].strip()):
            return match[1].strip()
    return None


def _is_all_32(source: FileSource, text: str) -> bool:
    """Is it worth 32 bits that are set and no more, in 64 bits too? `-1` is all of any width."""
    return text in ("UINT_MAX", "UINT32_MAX") or value_of(text, source) == ALL_LANES


def _is_call(plain: str, kept: re.Match[str], function: DeviceFunction) -> bool:
    """Is what stands before a parenthesis called, and not declared?"""
    if not kept.group().rstrip().endswith("("):
        return False
    return not re.search(r"[\w>*&]\s+\Z", kept.string[: kept.start(1)], re.A) or bool(
        re.search(r"\breturn\s+\Z", kept.string[: kept.start(1)])
    )


def _is_narrow_result(plain: str, function: DeviceFunction) -> bool:
    head = plain[function.head.start : function.head.end]
    before = head[: head.find(function.name)]
    return re.search(rf"(?<![\w<,]){_NARROW}\s*\Z", before) is not None and "long" not in before


def _is_narrow(plain: str, whole: str, last: str, function: DeviceFunction, call: WarpCall) -> bool:
    """Is what is assigned to of 32 bits: a variable or what it points to, or a member that the file
    declares so?
    """
    path = re.sub(r"\[[^\]]*\]", "", whole)
    if "." not in path and "->" not in path:
        return declared_type(plain, last, function, call.span.start) in _TYPES
    declared = rf"\s+(?:\w+\s*,\s*)*{re.escape(last)}\s*[;,\[]"
    words = [m[1] for m in re.finditer(rf"\b(\w+){declared}", plain, re.A)]
    narrow = [m for m in re.finditer(rf"(?<![\w<]){_NARROW}{declared}", plain, re.A)]
    return bool(narrow) and all(w in _TYPES for w in words if w not in ("return", "else"))


def _counted_later(
    source: FileSource, call: WarpCall, name: str, start: int, function: DeviceFunction
) -> list[Cut]:
    """Return the bit counts of 32 bits of a variable that holds the set, and where it is held
    against all of 32 lanes.
    """
    plain, counts, found = source.once(code).plain, warp_words().bit_counts, list[Cut]()
    counted = re.compile(rf"\b({'|'.join(counts)})\s*\(\s*{re.escape(name)}\b", re.A)
    for match in counted.finditer(plain, start, function.body.end):
        at = Span(match.start(1), match.end(1))
        found.append(Cut(call, "count", match[1], at, at))
    compared = re.compile(rf"(?<![\w.>]){re.escape(name)}{_AGAINST.pattern}", re.A)
    for match in compared.finditer(plain, start, function.body.end):
        if _is_all_32(source, match[1].strip()):
            found.append(Cut(call, "compared", match[1].strip(), Span(match.start(), match.end())))
    return found


def _handed(
    source: FileSource, call: WarpCall, start: int, before: str, functions: list[DeviceFunction]
) -> list[Cut]:
    """Return the set that is handed to a function of the tree whose parameter is of 32 bits."""
    plain = source.once(code).plain
    depth, at = 0, len(before) - 1
    while at >= 0 and not (before[at] == "(" and not depth):
        depth += (before[at] == ")") - (before[at] == "(")
        at -= 1
    callee = _CALLEE.search(before[:at]) if at > 0 else None
    if callee is None:
        return []
    given = arguments(plain, start + callee.end(1))
    number = next((i for i, a in enumerate(given) if a.start <= call.span.start < a.end), -1)
    for function in functions:
        if function.name == callee[1] and number >= 0:
            head = plain[function.head.start : function.head.end]
            behind = head.rfind(function.name) + len(function.name)
            taken = arguments(head, behind)
            if len(taken) > number and re.fullmatch(
                rf"\s*(?:const\s+)?{_NARROW}\s+(?:const\s+)?\w+\s*(?:=.*)?",
                head[taken[number].start : taken[number].end],
                re.A | re.S,
            ):
                return [Cut(call, "parameter", callee[1], call.span)]
    traits = source.scan.facts.helpers.get(callee[1], "").split()
    if f"{NARROW}{number}" in traits and all(f.name != callee[1] for f in functions):
        return [Cut(call, "parameter", callee[1], call.span)]
    return []
