# SPDX-License-Identifier: Apache-2.0
"""PK60x: number formats in device code that a target lacks, narrows or computes otherwise."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

import msgspec

from portkit.languages.cxx.letters.lane_helpers import WIDE
from portkit.languages.cxx.letters.wide_types import wide_aliases
from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.any.features import feature_finding, feature_rule, speaks_of, state_of
from portkit.rules.cxx.kernels import (
    DeviceFunction,
    NeededLetters,
    arguments,
    code,
    declared_type,
    device_functions,
    in_device_code,
)
from portkit.rules.registry import rule
from portkit.rules.view import FileSource, FileView, RuleTarget

feature_rule("PK602", "narrow-floats", "fp8", "fp4")
feature_rule("PK603", "half-formats", "half", "bf16", "half-masks", "dot-products")

# Feature and the words of C++ that spell it.
_WIDE = {
    "fp64": NeededLetters(re.compile(r"\bdouble[1-4]?\b", re.A), ("double",)),
    "int64": NeededLetters(
        re.compile(r"\b(?:u?int64_t|long\s+long|u?longlong[1-4])\b", re.A), ("int64_t", "long")
    ),
    "int128": NeededLetters(re.compile(r"\b(?:__u?int128(?:_t)?)\b", re.A), ("int128",)),
}
_HALF = NeededLetters(
    re.compile(r"(?:__)?(?:nv_|mt_)?(?:half2?|bfloat162?)", re.A), ("half", "bfloat16")
)
_DOUBLE = NeededLetters(re.compile("double"), ("double",))
_SHUFFLE = NeededLetters(re.compile(r"\b__shfl(?:_up|_down|_xor)?(?:_sync)?\b", re.A), ("shfl",))
_ATOMIC = NeededLetters(re.compile(r"\batomic(?:Add|Sub|Min|Max|Exch|CAS)\b", re.A), ("atomic",))


# a literal of double precision beside an operator that counts or compares with it
_DOUBLE_LITERAL = r"(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])"
_LITERAL = NeededLetters(
    re.compile(
        rf"(?<=[\w)\]])\s*(?:[-+*/]|[<>]=?|[=!]=)\s*-?{_DOUBLE_LITERAL}"
        rf"|(?<![\w.]){_DOUBLE_LITERAL}(?=\s*[-+*/<>]\s*[A-Za-z_(])",
        re.A,
    ),
    (".",),
)
_BEFORE_LITERAL = re.compile(r"[^\d.]*")
_GIVEN_DOUBLE = re.compile(r"<[^<>;{}]*\bdouble[1-4]?\b[^<>;{}]*>\s*\Z", re.A)


@rule("PK601", "wide-numbers", severity=Severity.ERROR, effort=Effort.DAYS)
def wide_numbers(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Double precision and wide integers in device code, once a function; kernels launched for
    double; where a target has no double at all, literals of that type beside other numbers.
    """
    facts = view.scan.facts
    if not (facts.kernels or facts.launches):
        return
    for feature, words in _WIDE.items():
        if state_of(feature, target).status == "same":
            continue
        using = view.once(_wide_integers) if feature == "int128" else ()
        for function, spans in using or view.once(in_device_code(words)):
            yield from _made("PK601", feature, function, spans, view, target)
    state = state_of("fp64", target).status
    if state == "same":
        return
    for launch in facts.launches if facts.launches and b"double" in view.data else ():
        before = view.once(code).plain[max(0, launch.span.start - 120) : launch.span.start]
        if _GIVEN_DOUBLE.search(before) and not view.ported(launch.span, target):
            names = [f"{launch.kernel}<double><<<>>>"]
            made = feature_finding("PK601", "fp64", target, launch.span, names)
            if made is not None:
                yield made
    if state == "none":
        yield from _double_literals(view, target)


def _double_literals(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    told = {function.body for function, _ in view.once(in_device_code(_WIDE["fp64"]))}
    for function, spans in view.once(in_device_code(_LITERAL)):
        if function.body in told:
            continue
        plain = view.once(code).plain
        starts = [m.end() for s in spans if (m := _BEFORE_LITERAL.match(plain, s.start, s.end))]
        own = [Span(start, s.end) for start, s in zip(starts, spans, strict=True)]
        for made in _made("PK601", "fp64", function, own, view, target):
            made.args["case"] = "literal"
            yield msgspec.structs.replace(
                made, severity=Severity.WARNING, effort=Effort.MINUTES, blocking=False
            )


def _wide_integers(source: FileSource) -> list[tuple[DeviceFunction, list[Span]]]:
    """Return the device functions with integers of 128 bits, behind other names too, and where."""
    helpers = source.scan.facts.helpers
    known = frozenset(name for name, traits in helpers.items() if WIDE in traits.split())
    if not known and b"int128" not in source.data:
        return []
    names = known | wide_aliases(source.once(code).plain, known)
    words = _WIDE["int128"]
    if names:
        either = "|".join(sorted(map(re.escape, names)))
        pattern = re.compile(rf"{words.pattern.pattern}|\b(?:{either})\b", re.A)
        words = NeededLetters(pattern, (*words.hints, *sorted(names)))
    return source.once(in_device_code(words))


@rule("PK604", "half-shuffles", severity=Severity.WARNING, effort=Effort.HOURS, needs=("kernels",))
def half_shuffles(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A warp shuffle of a variable that is declared as half or bfloat16 in the same function."""
    yield from _typed_calls("PK604", "half-shuffle", _SHUFFLE, _HALF, view, target)


@rule("PK605", "double-atomics", severity=Severity.ERROR, effort=Effort.HOURS, needs=("kernels",))
def double_atomics(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """An atomic function on a variable that is declared as double in the same function."""
    yield from _typed_calls("PK605", "double-atomics", _ATOMIC, _DOUBLE, view, target)


def _typed_calls(
    id: str,
    feature: str,
    calls: NeededLetters,
    types: NeededLetters,
    view: FileView,
    target: RuleTarget,
) -> Iterator[Finding]:
    if state_of(feature, target).status != "same":
        for function, spans in view.once(_calls_on(calls, types)):
            yield from _made(id, feature, function, spans, view, target)


@functools.cache
def _calls_on(
    calls: NeededLetters, types: NeededLetters
) -> Callable[[FileSource], list[tuple[DeviceFunction, list[Span]]]]:
    """Return what finds the device functions with calls whose first or second argument is a
    variable of one of `types`.
    """

    def find(source: FileSource) -> list[tuple[DeviceFunction, list[Span]]]:
        if not all(
            any(hint.encode() in source.data for hint in words.hints) for words in (calls, types)
        ):
            return []
        plain = source.once(code).plain
        found = []
        for function in source.once(device_functions):
            spans = [
                Span(call.start(), call.end())
                for call in calls.finditer(plain, function.body.start, function.body.end)
                if any(
                    _is_declared(plain[a.start : a.end], types, plain, function, call)
                    for a in arguments(plain, call.end())[:2]
                )
            ]
            if spans:
                found.append((function, spans))
        return found

    return find


def _is_declared(
    argument: str, types: NeededLetters, plain: str, function: DeviceFunction, call: re.Match[str]
) -> bool:
    """Return whether the first word of a call's argument is a variable that the function declares
    with one of `types`.
    """
    word = re.search(r"[A-Za-z_]\w*", argument)
    return (
        word is not None
        and types.pattern.fullmatch(declared_type(plain, word.group(), function, call.start()))
        is not None
    )


def _made(
    id: str,
    feature: str,
    function: DeviceFunction,
    spans: list[Span],
    view: FileView,
    target: RuleTarget,
) -> Iterator[Finding]:
    first = spans[0]
    if view.ported(first, target):
        return
    words = [re.sub(r"\s+", " ", view.once(code).plain[s.start : s.end]) for s in spans]
    made = feature_finding(
        id, feature, target, first, [f"{w} ({function.name})" for w in dict.fromkeys(words)]
    )
    if made is not None:
        made.args["count"] = str(len(spans))
        yield made


_DEVICE_CALLS = {
    "device-printf": NeededLetters(re.compile(r"\bprintf\s*\(", re.A), ("printf",)),
    "device-assert": NeededLetters(re.compile(r"\bassert\s*\(", re.A), ("assert",)),
    "device-allocation": NeededLetters(
        re.compile(r"\b(?:malloc|free)\s*\(|\bnew\s+[A-Za-z_]|\bdelete\b(?!\s*;)", re.A),
        ("malloc", "free", "new", "delete"),
    ),
}


@rule(
    "PK606",
    "device-runtime-calls",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=("kernels",),
)
def device_calls(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Printing, assertions and allocation in device code, once a function."""
    for feature, words in _DEVICE_CALLS.items():
        if state_of(feature, target).status == "same":
            continue
        for function, spans in view.once(in_device_code(words)):
            inside = [
                Span(s.start, s.start + len(view.once(code).plain[s.start : s.end].rstrip(" (\t")))
                for s in spans
            ]
            yield from _made("PK606", feature, function, inside, view, target)


_VOLATILE = NeededLetters(
    re.compile(r"\bvolatile\s+(?:u?(?:char|short|int)|float|u?long|double)[2-4]\b", re.A),
    ("volatile",),
)


@rule(
    "PK607",
    "volatile-vectors",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("kernels",),
)
def volatile_vectors(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A volatile variable or pointer of a vector type in device code, once a function."""
    if state_of("volatile-vectors", target).status not in ("same", "unknown"):
        for function, spans in view.once(in_device_code(_VOLATILE)):
            yield from _made("PK607", "volatile-vectors", function, spans, view, target)


speaks_of("PK601", "fp64", "int64", "int128")
speaks_of("PK604", "half-shuffle")
speaks_of("PK605", "double-atomics")
speaks_of("PK606", "device-printf", "device-assert", "device-allocation")
speaks_of("PK607", "volatile-vectors")
