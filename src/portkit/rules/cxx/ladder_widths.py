# SPDX-License-Identifier: Apache-2.0
"""Functions that shuffle over as many lanes as they are told, and where they are told 32."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from portkit.model.spans import Span
from portkit.rules.cxx.kernels import DeviceFunction, arguments, code
from portkit.rules.cxx.ladder_forms import Exchange, Rung
from portkit.rules.cxx.lanes import LANES
from portkit.rules.cxx.values import value_of
from portkit.rules.cxx.warp_terms import WIDTH_NAME
from portkit.rules.view import FileSource

# a loop from half of a name, or up to it


@functools.cache
def _half() -> re.Pattern[str]:
    return re.compile(
        r"\bfor\s*\(\s*(?:[A-Za-z_][\w\s]*?\s)?([A-Za-z_]\w*)\s*=\s*"
        r"(?:\(?\s*(?P<half>[A-Za-z_]\w*)\s*(?:/\s*2|>>\s*1)\s*\)?\s*;[^;]{0,80};[^;{}]{0,60}?(?:>>=?\s*1|/=?\s*2)"
        r"|1\s*;\s*\w+\s*<\s*(?P<all>[A-Za-z_]\w*)\s*;[^;{}]{0,60}?(?:<<=?\s*1|\*=?\s*2))",
        re.A,
    )


INTEGER = r"(?:const\s+)?(?:unsigned(?:\s+int)?|u?int(?:32_t)?|size_t|short)\s+(?:const\s+)?"


def handed_widths(
    source: FileSource, function: DeviceFunction, exchanges: Sequence[Exchange]
) -> Iterator[Rung]:
    """Yield where a function gets the width of 32 that its loop of shuffles covers: by a default of
    its own, or where the file calls it.
    """
    plain, body = source.once(code).plain, function.body
    head = plain[function.head.start : function.head.end]
    for match in _half().finditer(plain, body.start, body.end):
        name = match["half"] or match["all"]
        variable = re.compile(rf"\b{re.escape(match[1])}\b", re.A)
        spans = [a for e in exchanges if e.at > match.start() for a in e.arguments]
        if not any(variable.search(plain, a.start, a.end) for a in spans):
            continue
        declared = re.search(
            rf"\b{INTEGER}{re.escape(name)}\s*(?:=\s*([^,<>;(){{}}]{{1,40}}?)\s*)?[,)>]",
            head,
            re.A,
        )
        if declared is None:
            continue
        named = WIDTH_NAME.fullmatch(name) is not None  # what it is by default is a finding itself
        if declared[1] and not named and value_of(declared[1], source) == LANES:
            start = function.head.start + declared.start()
            yield Rung(function.name, Span(start, start + len(declared.group()) - 1), "width")
        yield from told_32(source, plain, function, head, declared.start())


def told_32(
    source: FileSource, plain: str, function: DeviceFunction, head: str, at: int
) -> Iterator[Rung]:
    """Yield the calls of a function that give 32 for the parameter at an offset of its head."""
    parameters = head.rfind(function.name) + len(function.name)
    in_template = at < parameters
    number = (
        head[_opened(head, at) : at].count(",")
        if in_template
        else next(
            (i for i, a in enumerate(arguments(head, parameters)) if a.start <= at < a.end), -1
        )
    )
    called = re.compile(
        rf"\b{re.escape(function.name)}\s*(?:<([^<>;{{}}]{{1,80}})>)?(?=\s*\()", re.A
    )
    for match in called.finditer(plain):
        if function.span.start <= match.start() < function.body.start:
            continue
        if in_template:
            given = (match[1] or "").split(",")
            texts = [text.strip() for text in given] if match[1] else []
        else:
            texts = [plain[a.start : a.end].strip() for a in arguments(plain, match.end())]
        if 0 <= number < len(texts) and _is_32(source, texts[number]):
            yield Rung(function.name, Span(match.start(), match.end()), "handed")


def _opened(head: str, at: int) -> int:
    start = head.rfind("template", 0, at)
    return head.find("<", start, at) + 1 if start >= 0 else at


def _is_32(source: FileSource, text: str) -> bool:
    """Is it 32, and no width of a warp by its name?"""
    return not WIDTH_NAME.fullmatch(text) and value_of(text, source) == LANES
