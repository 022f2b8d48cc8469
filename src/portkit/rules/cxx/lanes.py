# SPDX-License-Identifier: Apache-2.0
"""What device code knows of warps: which words speak of lanes (mappings/cuda/warp.toml), and which
functions use them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence, Set

import msgspec

from portkit.languages.cxx.letters.lane_helpers import INDEX, STEP
from portkit.languages.cxx.letters.lane_helpers import LANES as LANES_TRAIT
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.cxx.kernels import DeviceFunction, arguments, code, device_functions
from portkit.rules.cxx.lane_macros import MACRO, is_lane_name, lane_macros, mentions
from portkit.rules.view import FileSource, RuleTarget
from portkit.vocab.warp_words import warp_pattern, warp_words

LANES = 32  # of the machine that the code was written for


def is_a(which: str, ref: Reference) -> bool:
    """Return whether a reference is of one of the kinds of `WarpWords`, such as "masked"."""
    return which in _kinds(ref.name, ref.qualifier)


_KINDS = ("masked", "lane_sets", "shuffles", "steps", "warp_size", "tiles", "warp_templates")


@functools.lru_cache(maxsize=65536)
def _kinds(name: str, qualifier: str) -> frozenset[str]:
    """Return all kinds of `WarpWords` that a name belongs to, by itself or with its namespace."""
    spelled = (name, f"{qualifier}::{name}") if qualifier else (name,)
    return frozenset(
        kind for kind in _KINDS if any(warp_pattern(kind).fullmatch(s) for s in spelled)
    )


def lane_references(source: FileSource) -> list[tuple[int, Reference, frozenset[str]]]:
    """Return the references that speak of lanes, with their index and kinds. Use it through
    `view.once(lane_references)`.
    """
    return [
        (i, ref, kinds)
        for i, ref in enumerate(source.references)
        if (kinds := _kinds(ref.name, ref.qualifier))
    ]


def width(target: RuleTarget) -> int:
    """Return the lanes of a warp on the target; LANES where the target does not say or has no
    warps.
    """
    return target.facts.warp_size or LANES


class WarpCall(msgspec.Struct, frozen=True):
    """A call of a warp function: the index of its reference and the ranges of its arguments."""

    index: int
    span: Span
    arguments: tuple[Span, ...]


class WarpFunction(msgspec.Struct, frozen=True):
    """A device function that speaks of lanes: its calls of warp functions, and the names that hold
    a lane or a warp.
    """

    function: DeviceFunction
    calls: tuple[WarpCall, ...]
    thread_names: frozenset[str]  # computed from a thread's index in any way
    index_names: frozenset[str]  # a thread's index within its block, as it is


def warp_calls(source: FileSource) -> list[WarpCall]:
    """Return the calls of functions that work on a warp, in macros too. Use it through
    `view.once(warp_calls)`.
    """
    found = []
    for index, ref, kinds in source.once(lane_references):
        if kinds.isdisjoint(("masked", "lane_sets", "shuffles")):
            continue
        if not (
            ref.user or ref.kind is Kind.HEADER or ref.context in (Context.COMMENT, Context.STRING)
        ):
            found.append(
                WarpCall(index, ref.span, tuple(arguments(source.once(code).plain, ref.span.end)))
            )
    return found


def has_width(ref: Reference, call: WarpCall) -> bool:
    """Return whether a shuffle has an explicit width: the exchange stays inside it on any device."""
    return len(call.arguments) > (3 if is_a("masked", ref) else 2)


def is_bounded(source: FileSource) -> bool:
    """Return whether all that a file exchanges between lanes are shuffles with an explicit width.
    Use it through `source.once(is_bounded)`.
    """
    calls = source.once(warp_calls)
    refs = [source.references[c.index] for c in calls]
    return bool(calls) and all(
        is_a("shuffles", r) and has_width(r, c) for r, c in zip(refs, calls, strict=True)
    )


def warp_functions(source: FileSource) -> list[WarpFunction]:
    """Return the device functions that use lanes: they call a warp function, or a function of the
    file or of what it includes that does; or they are one that gives a lane's or a warp's number.

    Use it through `view.once(warp_functions)`.
    """
    calls = source.once(warp_calls)
    speaking = [
        ref.span
        for _, ref, kinds in source.once(lane_references)
        if not kinds.isdisjoint(_SPEAKING)
    ]
    index = warp_words().thread_index.encode()
    helpers = helpers_with(source, LANES_TRAIT)
    if not calls and not speaking and not helpers and index not in source.data:
        return []
    plain, macros = source.once(code).plain, lane_macros(source, [c.span for c in calls])
    functions = [*source.once(device_functions), *macros]
    own: list[list[WarpCall]] = [[] for _ in functions]
    bodies = Bodies([f.body for f in functions])
    for call in calls:
        for number in bodies.holding(call.span):
            own[number].append(call)
    whole = Bodies([f.span for f in functions])
    using = {f.name for f, inside in zip(functions, own, strict=True) if inside}
    using |= {functions[number].name for span in speaking for number in whole.holding(span)}
    here = {f.name for f in functions}
    using |= {f.name for f in functions if _calls_one_of(helpers - here, plain, f.body)}
    using |= {f.name for f in functions if _speaks_by_itself(plain, f)}
    for _ in range(3):
        known = [m for m in macros if m.name in using and m.space == MACRO]
        more = {
            f.name
            for f in functions
            if f.name not in using
            and (_calls_one_of(using, plain, f.body) or mentions(plain, known, f.body))
        }
        if not more:
            break
        using |= more
    giving = helpers_with(source, INDEX) | {m.name for m in macros}
    handed = _handed(plain, functions, using) if index in source.data else {}
    return [
        _warp_function(plain, f, inside, giving, handed.get(f.name, frozenset()))
        for f, inside in zip(functions, own, strict=True)
        if f.name in using
        or is_lane_name(f.name)
        or f.name in handed
        or _is_used_by(plain, f, functions, using)
    ]


def _handed(
    plain: str, functions: Sequence[DeviceFunction], using: Set[str]
) -> dict[str, frozenset[str]]:
    """Return the functions with a thread's index that those which use lanes call, and those that
    they hand one to, with the parameters that it goes to.
    """
    word, found = warp_words().thread_index, dict[str, frozenset[str]]()
    named = {f.name: f for f in functions if f.space != MACRO and f.name not in using}
    if not named or not using:
        return {}
    alone = re.compile(rf"\s*(?:\(\s*int\s*\)\s*)?{word}\s*\.\s*x\s*", re.A)
    for caller in functions:
        if caller.name not in using:
            continue
        if all(plain.find(name, caller.body.start, caller.body.end) < 0 for name in named):
            continue
        for match in _CALL.finditer(plain, caller.body.start, caller.body.end):
            callee = named.get(match[1])
            if callee is None:
                continue
            head = plain[callee.head.start : callee.head.end]
            taken = arguments(head, head.rfind(callee.name) + len(callee.name))
            names = [
                head[into.start : into.end].split()[-1].strip("&*")
                for into, what in zip(taken, arguments(plain, match.end()), strict=False)
                if alone.fullmatch(plain, what.start, what.end) and into
            ]
            if names or plain.find(word, callee.body.start, callee.body.end) >= 0:
                found[callee.name] = found.get(callee.name, frozenset()) | frozenset(names)
    return found


def _is_used_by(
    plain: str, macro: DeviceFunction, functions: Sequence[DeviceFunction], using: Set[str]
) -> bool:
    """Is it a macro that a function uses which uses lanes?"""
    return macro.space == MACRO and any(
        mentions(plain, [macro], f.body) for f in functions if f.name in using and f != macro
    )


def _speaks_by_itself(plain: str, function: DeviceFunction) -> bool:
    """Does a function make a bit of its lane's, or rely on lanes in step: sums in volatile memory
    over half a warp with no barrier between?
    """
    body = function.body
    if _lane_bit().search(plain, body.start, body.end) is not None:
        return True
    return (
        plain.find("volatile", function.head.start, body.end) >= 0
        and _HALF_WARP.search(plain, body.start, body.end) is not None
    )


@functools.cache
def _lane_bit() -> re.Pattern[str]:
    return re.compile(rf"\b1[uUlL]*\s*<<\s*\(*\s*{warp_words().thread_index}\b", re.A)


def helpers_with(source: FileSource, trait: str) -> frozenset[str]:
    """Return the functions of what a file includes that have a trait (see lane_helpers)."""
    helpers = source.scan.facts.helpers
    return frozenset(name for name, traits in helpers.items() if trait in traits.split())


def shuffle_helpers(source: FileSource) -> frozenset[str]:
    """Return the functions that shuffle by a step they are given: those of what the file includes,
    and its own. Use it through `source.once(shuffle_helpers)`.
    """
    plain, found = source.once(code).plain, set(helpers_with(source, STEP))
    for used in source.once(warp_functions):
        for call in used.calls:
            ref = source.references[call.index]
            at = 2 if is_a("masked", ref) else 1
            if len(call.arguments) > at and is_a("steps", ref) and len(used.function.body) <= SHORT:
                step = plain[call.arguments[at].start : call.arguments[at].end].strip()
                head = plain[used.function.head.start : used.function.head.end]
                if re.search(rf"\b{re.escape(step)}\s*[,)=]", head) and step.isidentifier():
                    found.add(used.function.name)
    return frozenset(found)


def lane_users(source: FileSource) -> frozenset[str]:
    """Return the functions that exchange between lanes, in the file and in what it includes. Use it
    through `source.once(lane_users)`.
    """
    return helpers_with(source, LANES_TRAIT) | {
        u.function.name for u in source.once(warp_functions)
    }


def helper_calls(source: FileSource) -> list[tuple[str, int]]:
    """Return the calls, in device code, of the project's own functions on warps: the name, and
    where it ends. Use it through `source.once(helper_calls)`.
    """
    plain, used = source.once(code).plain, source.once(warp_functions)
    helpers = helpers_with(source, LANES_TRAIT) | {u.function.name for u in used if u.calls}
    found: set[tuple[int, str]] = set()
    for user in used:
        body = user.function.body
        names = [n for n in helpers if plain.find(n, body.start, body.end) >= 0]
        if names:
            called = re.compile(
                rf"\b({'|'.join(map(re.escape, names))})(?=\s*(?:<[^;{{}}]*?>)?\s*\()", re.A
            )
            found.update((m.end(1), m[1]) for m in called.finditer(plain, body.start, body.end))
    return [(name, end) for end, name in sorted(found)]


def _calls_one_of(names: Set[str], plain: str, body: Span) -> bool:
    seen = [name for name in names if plain.find(name, body.start, body.end) >= 0]
    if not seen:
        return False
    pattern = re.compile(
        r"\b(?:" + "|".join(map(re.escape, seen)) + r")\s*(?:<[^;{}]*?>)?\s*\(", re.A
    )
    return pattern.search(plain, body.start, body.end) is not None


def _warp_function(
    plain: str,
    function: DeviceFunction,
    calls: list[WarpCall],
    giving: frozenset[str],
    handed: frozenset[str],
) -> WarpFunction:
    assigned = _assignments(plain, function)
    names = thread_names(plain, function, assigned, giving) | handed
    return WarpFunction(function, tuple(calls), names, index_names(assigned) | handed)


SHORT = 600  # bytes of a body that does little more than wrap one call
_HALF_WARP = re.compile(r"\[\s*[A-Za-z_]\w*\s*\+\s*16\s*\]", re.A)
_SPEAKING = ("warp_size", "tiles", "warp_templates")
_ASSIGNED = re.compile(
    r"\b([A-Za-z_]\w*)\s*=(?!=)\s*([^;{}]+?)\s*(?:[;{}]|,(?=\s*[A-Za-z_]\w*\s*=(?!=)))", re.A
)
_CONSTRUCTED = re.compile(
    r"\b(?:int|unsigned|auto|short|long|u?int32_t|size_t)\s+([A-Za-z_]\w*)\s*[({]([^;{}]+?)[)}]\s*;",
    re.A,
)
_CAST = re.compile(
    r"\b(?:int|unsigned|size_t|u?int32_t)\s*\(|\(\s*(?:int|unsigned|size_t|u?int32_t)\s*\)|^\(|(?<=[-+*/%&|]) ?\(",
    re.A,
)
_CALL = re.compile(r"\b([A-Za-z_]\w*+)(?:<[^;{}<>]*>)?(?=\s*\()", re.A)
_CALLED = re.compile(r"(?:\w+\s*::\s*)*([A-Za-z_]\w*)\s*\(\s*\)", re.A)
_LANE_NAME = re.compile(
    r"(?i)(?:.*_)?(?:lane|warp|tid|thread)_?(?:id|idx|index|x|num)?(?:_.*)?|laneid|warpid|wid|tid",
    re.A,
)


def thread_names(
    plain: str,
    function: DeviceFunction,
    assigned: list[tuple[str, str]],
    giving: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Return the variables of a function that hold a thread's index or are computed from one, by
    plain data flow.

    `assigned`: what is assigned in it, as (name, value); `giving`: functions that return an index.
    """
    head = plain[function.head.start : function.head.end]
    names = {w for w in re.findall(r"\b([A-Za-z_]\w*)\s*[,)]", head) if _LANE_NAME.fullmatch(w)}
    names |= giving  # a macro stands alone; a function does not
    index = re.compile(rf"\b{warp_words().thread_index}\b")
    for _ in range(4):
        before = len(names)
        for name, value in assigned:
            # what a call returns is not followed
            given = _CALLED.fullmatch(value) if giving else None
            plain_value = len(value) < 300 and "(" not in _CAST.sub("", value)
            if (given is not None and given[1] in giving) or (
                plain_value
                and (index.search(value) or names.intersection(re.findall(r"[A-Za-z_]\w*", value)))
            ):
                names.add(name)
        if len(names) == before:
            break
    return frozenset(names)


def index_names(assigned: list[tuple[str, str]]) -> frozenset[str]:
    """Return the variables among those assigned that hold a thread's index within its block and
    nothing else.
    """
    alone = re.compile(rf"(?:\(\s*\w+\s*\)\s*)?{warp_words().thread_index}\s*\.\s*[xyz]", re.A)
    return frozenset(name for name, value in assigned if alone.fullmatch(value))


def _assignments(plain: str, function: DeviceFunction) -> list[tuple[str, str]]:
    """Return (name, value) of what a function's body assigns, or declares as `int name(value);`."""
    patterns = (_ASSIGNED, _CONSTRUCTED)
    return [
        (m.group(1), m.group(2))
        for p in patterns
        for m in p.finditer(plain, function.body.start, function.body.end)
    ]
