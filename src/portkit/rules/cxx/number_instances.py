# SPDX-License-Identifier: Apache-2.0
"""Templates of kernels that are made for wide numbers: `fill<double><<<...>>>(p)`, or by a pointer
that they are given.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
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
_FUNCTION = 20_000  # bytes of a function before a launch that are looked at


class Instance(NamedTuple):
    """A template that is made for a number: where, and how a message writes it."""

    span: Span
    written: str


@functools.cache
def instances_for(feature: str) -> Callable[[FileSource], list[Instance]]:
    """Return what finds the kernels of a file that are made for numbers of a feature by a template's
    argument. Use it through `view.once(...)`.
    """

    def find(source: FileSource) -> list[Instance]:
        launches, found = source.scan.facts.launches, dict[Span, Instance]()
        if not number_of(source, feature, None):
            return []
        plain = source.once(code).plain
        told = functools.partial(_word, source, feature)
        templates = {f.name for f in source.once(device_functions) if _is_template(plain, f)}
        for launch in launches:
            made = _launched(plain, launch, templates, told)
            if made is not None:
                found[launch.span] = made
        starts = {launch.span.start for launch in launches}
        for made in _mentioned(plain, templates, starts, told):
            found.setdefault(made.span, made)
        return [made for _, made in sorted(found.items())]

    return find


Told = Callable[[str, int], str]  # the word in a text that is a number's type, at an offset


def _word(source: FileSource, feature: str, text: str, at: int) -> str:
    words = (w for w in _WORD.findall(text) if number_of(source, feature, (w, at)))
    return next(words, "")


def _is_template(plain: str, function: DeviceFunction) -> bool:
    return (
        function.space == "global" and "template" in plain[function.head.start : function.head.end]
    )


def _launched(plain: str, launch: Launch, templates: set[str], told: Told) -> Instance | None:
    start = launch.span.start
    given = _GIVEN.search(plain, max(0, start - _BEFORE), start)
    word = told(given[1], start) if given is not None else ""
    if given is None and launch.kernel.rpartition("::")[2] in templates:
        for argument in arguments(plain, launch.span.end):
            name = _NAME.fullmatch(plain, argument.start, argument.end)
            word = word or (told(_pointed(plain, name[1], start), start) if name else "")
    return Instance(launch.span, f"{launch.kernel}<{word}><<<>>>") if word else None


def _pointed(plain: str, name: str, at: int) -> str:
    """Return what the last declaration of a pointer before an offset points to."""
    declared = re.compile(_POINTER.format(name=re.escape(name)), re.A)
    start = max(plain.rfind("\n}", 0, at), at - _FUNCTION, 0)
    found = [match[1] for match in declared.finditer(plain, start, at)]
    return found[-1] if found else ""


def _mentioned(
    plain: str, templates: set[str], launched: set[int], told: Told
) -> Iterator[Instance]:
    """Yield where a kernel's template is named with such an argument and not launched there."""
    if not templates:
        return
    either = "|".join(map(re.escape, sorted(templates)))
    for match in re.finditer(rf"\b({either})\s*<([^<>;{{}}]*)>(?=\s*[^\s<>])", plain, re.A):
        word = told(match[2], match.start())
        if word and _launch_behind(plain, match.end()) not in launched:
            yield Instance(Span(match.start(), match.end()), f"{match[1]}<{word}>")


def _launch_behind(plain: str, end: int) -> int:
    at = plain.find("<<<", end, end + 40)
    return at if at >= 0 and not plain[end:at].strip() else -1
