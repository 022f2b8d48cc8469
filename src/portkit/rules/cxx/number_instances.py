# SPDX-License-Identifier: Apache-2.0
"""Templates of kernels that are made for wide numbers: `fill<double><<<...>>>(p)`, or by a pointer
that they are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from portkit.model.reading import Launch
from portkit.model.spans import Span
from portkit.rules.cxx.kernels import DeviceFunction, arguments, code, device_functions
from portkit.rules.cxx.number_words import number_of
from portkit.rules.view import FileSource

_BEFORE = 120  # bytes before a launch that hold its template's arguments
_GIVEN = re.compile(r"<([^<>;{}]*)>\s*\Z", re.A)
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*", re.A)
_POINTER = (
    r"\b([A-Za-z_]\w*)\s*(?:const\s*)?\*+\s*(?:const\s+|__restrict__\s+)?{name}\s*[,;=)(\[{{]"
)
_FUNCTION_END = re.compile(r"\n\}")


class Instance(NamedTuple):
    """A template that is made for a number of a feature: where, and how a message writes it."""

    feature: str
    span: Span
    written: str


def instances(source: FileSource) -> list[Instance]:
    """Return the kernels of a file that are made for numbers of a feature by a template's argument.
    Use it through `source.once(instances)`.
    """
    facts, found = source.scan.facts, dict[Span, Instance]()
    speaks = any(number_of(source, feature, None) for feature in ("fp64", "int128"))
    if not speaks:
        return []
    plain = source.once(code).plain
    templates = {f.name: f for f in source.once(device_functions) if _is_template(plain, f)}
    for launch in facts.launches:
        made = _launched(source, plain, launch, templates)
        if made is not None:
            found[launch.span] = made
    launched = {launch.span.start for launch in facts.launches}
    for made in _mentioned(source, plain, templates, launched):
        found.setdefault(made.span, made)
    return [made for _, made in sorted(found.items())]


def _is_template(plain: str, function: DeviceFunction) -> bool:
    return (
        function.space == "global" and "template" in plain[function.head.start : function.head.end]
    )


def _feature(source: FileSource, text: str, at: int) -> tuple[str, str] | None:
    """Return the feature that one word of some types speaks of, and that word."""
    for word in _WORD.findall(text):
        for feature in ("fp64", "int128"):
            if number_of(source, feature, (word, at)):
                return feature, word
    return None


def _launched(
    source: FileSource, plain: str, launch: Launch, templates: dict[str, DeviceFunction]
) -> Instance | None:
    start = launch.span.start
    given = _GIVEN.search(plain, max(0, start - _BEFORE), start)
    if given is not None:
        told = _feature(source, given[1], start)
        written = f"{launch.kernel}<{told[1]}><<<>>>" if told else ""
        return Instance(told[0], launch.span, written) if told else None
    if launch.kernel.rpartition("::")[2] not in templates:
        return None
    for argument in arguments(plain, launch.span.end):
        name = _NAME.fullmatch(plain, argument.start, argument.end)
        told = _pointed(source, plain, name[1], start) if name is not None else None
        if told is not None:
            return Instance(told[0], launch.span, f"{launch.kernel}<{told[1]}><<<>>>")
    return None


def _pointed(source: FileSource, plain: str, name: str, at: int) -> tuple[str, str] | None:
    """Return what the last declaration of a pointer before an offset points to."""
    ends = [m.start() for m in _FUNCTION_END.finditer(plain, max(0, at - 20_000), at)]
    declared = re.compile(_POINTER.format(name=re.escape(name)), re.A)
    found = [m[1] for m in declared.finditer(plain, ends[-1] if ends else max(0, at - 20_000), at)]
    return _feature(source, found[-1], at) if found else None


def _mentioned(
    source: FileSource, plain: str, templates: dict[str, DeviceFunction], launched: set[int]
) -> Iterator[Instance]:
    """Yield where a kernel's template is named with such an argument and not launched there."""
    if not templates:
        return
    either = "|".join(map(re.escape, sorted(templates)))
    for match in re.finditer(rf"\b({either})\s*<([^<>;{{}}]*)>(?=\s*[^\s<>])", plain, re.A):
        told = _feature(source, match[2], match.start())
        if told is None or _launch_behind(plain, match.end()) in launched:
            continue
        span = Span(match.start(), match.end())
        yield Instance(told[0], span, f"{match[1]}<{told[1]}>")


def _launch_behind(plain: str, end: int) -> int:
    at = plain.find("<<<", end, end + 40)
    return at if at >= 0 and not plain[end:at].strip() else -1
