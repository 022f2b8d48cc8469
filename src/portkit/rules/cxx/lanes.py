# SPDX-License-Identifier: Apache-2.0
"""What device code knows of warps: which words speak of lanes (mappings/cuda/warp.toml), and which
functions use them.
"""

from __future__ import annotations

import functools
import re
import tomllib

import msgspec

from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.cxx.kernels import DeviceFunction, arguments, code, device_functions
from portkit.rules.view import FileSource, RuleTarget
from portkit.vocab.data import mappings_folder

LANES = 32  # of the machine that the code was written for


class WarpWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The patterns of warp.toml, as written."""

    masked: str
    lane_sets: str
    shuffles: str
    steps: str
    thread_index: str
    block_size: str
    warp_size: str
    tiles: str
    warp_templates: str
    alike: tuple[str, ...]
    bit_counts: dict[str, str]


@functools.cache
def warp_words() -> WarpWords:
    """Return the words that speak of warps."""
    return msgspec.convert(
        tomllib.loads((mappings_folder() / "cuda" / "warp.toml").read_text(encoding="utf-8")),
        WarpWords,
    )


@functools.cache
def _pattern(which: str) -> re.Pattern[str]:
    return re.compile(getattr(warp_words(), which), re.A)


def is_a(which: str, ref: Reference) -> bool:
    """Return whether a reference is of one of the kinds of `WarpWords`, such as "masked"."""
    return which in _kinds(ref.name, ref.qualifier)


_KINDS = ("masked", "lane_sets", "shuffles", "steps", "warp_size", "tiles", "warp_templates")


@functools.lru_cache(maxsize=65536)
def _kinds(name: str, qualifier: str) -> frozenset[str]:
    """Return all kinds of `WarpWords` that a name belongs to, by itself or with its namespace."""
    spelled = (name, f"{qualifier}::{name}") if qualifier else (name,)
    return frozenset(kind for kind in _KINDS if any(_pattern(kind).fullmatch(s) for s in spelled))


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
    file that does.

    Use it through `view.once(warp_functions)`.
    """
    calls = source.once(warp_calls)
    speaking = [
        ref.span
        for _, ref, kinds in source.once(lane_references)
        if not kinds.isdisjoint(_SPEAKING)
    ]
    if not calls and not speaking:
        return []
    plain, functions = source.once(code).plain, source.once(device_functions)
    own: list[list[WarpCall]] = [[] for _ in functions]
    bodies = Bodies([f.body for f in functions])
    for call in calls:
        for number in bodies.holding(call.span):
            own[number].append(call)
    whole = Bodies([f.span for f in functions])
    using = {f.name for f, inside in zip(functions, own, strict=True) if inside}
    using |= {functions[number].name for span in speaking for number in whole.holding(span)}
    for _ in range(3):
        more = {
            f.name for f in functions if f.name not in using and _calls_one_of(using, plain, f.body)
        }
        if not more:
            break
        using |= more
    return [
        _warp_function(plain, f, inside)
        for f, inside in zip(functions, own, strict=True)
        if f.name in using
    ]


def _calls_one_of(names: set[str], plain: str, body: Span) -> bool:
    seen = [name for name in names if plain.find(name, body.start, body.end) >= 0]
    if not seen:
        return False
    pattern = re.compile(
        r"\b(?:" + "|".join(map(re.escape, seen)) + r")\s*(?:<[^;{}]*?>)?\s*\(", re.A
    )
    return pattern.search(plain, body.start, body.end) is not None


def _warp_function(plain: str, function: DeviceFunction, calls: list[WarpCall]) -> WarpFunction:
    assigned = _assignments(plain, function)
    return WarpFunction(
        function, tuple(calls), thread_names(plain, function, assigned), index_names(assigned)
    )


_SPEAKING = ("warp_size", "tiles", "warp_templates")
_ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)\s*=(?!=)\s*([^;{}]+?)\s*[;{}]", re.A)
_CONSTRUCTED = re.compile(
    r"\b(?:int|unsigned|auto|short|long|u?int32_t|size_t)\s+([A-Za-z_]\w*)\s*[({]([^;{}]+?)[)}]\s*;",
    re.A,
)
_CAST = re.compile(
    r"\b(?:int|unsigned|size_t|u?int32_t)\s*\(|\(\s*(?:int|unsigned|size_t|u?int32_t)\s*\)|^\(|(?<=[-+*/%&|]) ?\(",
    re.A,
)
_LANE_NAME = re.compile(
    r"(?i)(?:.*_)?(?:lane|warp|tid|thread)_?(?:id|idx|index|x|num)?(?:_.*)?|laneid|warpid|wid|tid",
    re.A,
)


def thread_names(
    plain: str, function: DeviceFunction, assigned: list[tuple[str, str]]
) -> frozenset[str]:
    """Return the variables of a function that hold a thread's index or are computed from one, by
    plain data flow.

    `assigned`: what is assigned in it, as (name, value).
    """
    head = plain[function.head.start : function.head.end]
    names = {w for w in re.findall(r"\b([A-Za-z_]\w*)\s*[,)]", head) if _LANE_NAME.fullmatch(w)}
    index = re.compile(rf"\b{warp_words().thread_index}\b")
    for _ in range(4):
        before = len(names)
        for name, value in assigned:
            # what a call returns is not followed
            plain_value = len(value) < 300 and "(" not in _CAST.sub("", value)
            if plain_value and (
                index.search(value) or names.intersection(re.findall(r"[A-Za-z_]\w*", value))
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
