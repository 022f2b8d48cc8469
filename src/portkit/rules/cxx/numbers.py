# SPDX-License-Identifier: Apache-2.0
"""PK60x: number formats in device code that a target lacks, narrows or computes otherwise."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

import msgspec

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
from portkit.rules.cxx.number_instances import instances_for
from portkit.rules.cxx.number_words import NUMBERS, double_numbers, spoken_of
from portkit.rules.registry import rule
from portkit.rules.view import FileSource, FileView, RuleTarget

feature_rule("PK602", "narrow-floats", "fp8", "fp4")
feature_rule("PK603", "half-formats", "half", "bf16", "half-masks", "dot-products")

_HALF = NeededLetters(
    re.compile(r"(?:__)?(?:nv_|mt_)?(?:half2?|bfloat162?)", re.A), ("half", "bfloat16")
)
_DOUBLE = NeededLetters(re.compile("double"), ("double",))
_SHUFFLE = NeededLetters(re.compile(r"\b__shfl(?:_up|_down|_xor)?(?:_sync)?\b", re.A), ("shfl",))
_ATOMIC = NeededLetters(re.compile(r"\batomic(?:Add|Sub|Min|Max|Exch|CAS)\b", re.A), ("atomic",))


@rule("PK601", "wide-numbers", severity=Severity.ERROR, effort=Effort.DAYS)
def wide_numbers(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Double precision and wide integers in device code, once a function; kernels launched for
    double or 128 bits; where a target has no double at all, numbers of that type beside others.
    """
    facts = view.scan.facts
    if not (facts.kernels or facts.launches):
        return
    for feature in NUMBERS:
        if state_of(feature, target).status != "same":
            for function, spans in view.once(spoken_of(feature)):
                yield from _made("PK601", feature, function, spans, view, target)
    for feature in ("fp64", "int128"):
        if state_of(feature, target).status == "same":
            continue
        for given in view.once(instances_for(feature)):
            if not view.ported(given.span, target):
                made = feature_finding("PK601", feature, target, given.span, [given.written])
                if made is not None:
                    yield made
    if state_of("fp64", target).status == "none":
        yield from _double_numbers(view, target)


def _double_numbers(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    told = {function.body for function, _ in view.once(spoken_of("fp64"))}
    for function, spans in view.once(double_numbers):
        if function.body in told:
            continue
        for made in _made("PK601", "fp64", function, spans, view, target):
            made.args["case"] = "literal"
            yield msgspec.structs.replace(
                made, severity=Severity.WARNING, effort=Effort.MINUTES, blocking=False
            )


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
