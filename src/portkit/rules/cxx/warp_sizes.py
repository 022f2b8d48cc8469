# SPDX-License-Identifier: Apache-2.0
"""PK304: names for the width of a warp, for a mask of its lanes, and for counts of warps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from portkit.languages.cxx.letters.constants import constants_in, evaluate
from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import code
from portkit.rules.cxx.lanes import LANES, warp_calls
from portkit.rules.cxx.values import PARAMETER
from portkit.rules.cxx.warp_terms import ALL_LANES, WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

_MASK_NAME = re.compile(
    r"(?i)k?(?:\w*_)?(?:full|all|warp|lanes?|wave|shfl|shuffle)\w{0,20}?_?mask(?:_\w*)?|k?mask_?(?:full|all)(?:_\w*)?",
    re.A,
)
# a mask of all lanes by another name, in a file that exchanges between lanes
_ALL_NAME = re.compile(
    r"(?i)k?_?(?:all|full|every|everyone)(?:_?(?:ones|bits|threads|set|on))?", re.A
)
_WARPS_NAME = re.compile(r"(?i)\w*(?:warps)\w*|\w*warp_?(?:count|num)\w*|num_?warp", re.A)
_BY_32 = re.compile(r"/\s*32[uU]?(?![\w.])|>>\s*5(?![\w.])", re.A)
_TEMPLATE = re.compile(r"\btemplate\s*<([^;{}()]{1,600}?)>(?=\s*[\w_])", re.A)
# what each of them holds: quick to look for
_LIKELY = re.compile(
    rb"(?i)(?:warp|wave|lane|mask)\w{0,40}(?:[ \t]|=|\{)[^\n;]{0,40}?(?:32|0x20|<<|>>|f{8}|~|4294967295)"
)


class Named(NamedTuple):
    """A name that only fits warps of 32: where it stands, its value as written, and of what it is
    the name (a variant of the message, "" for the width).
    """

    span: Span
    name: str
    value: str
    case: str


@rule("PK304", "warp-size-constant", severity=Severity.ERROR, effort=Effort.MINUTES)
def warp_size_constant(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A macro, constant, enumerator or template's default that is called the width of a warp and is
    32; one that is called a mask of all lanes, or counts warps by 32.
    """
    if not applies(target):
        return
    for span, name, value, case in view.once(_widths):
        if view.ported(span, target):
            continue
        args = warp_args(target, name=name, value=value)
        if case:
            args["case"] = case
        yield finding("PK304", span, args, blocking=True)


def _widths(source: FileSource) -> list[Named]:
    """Return the names of a file that only fit warps of 32."""
    exchanges = bool(source.once(warp_calls))
    if not exchanges and _LIKELY.search(source.data) is None:
        return []
    plain, found = source.once(code).plain, dict[int, Named]()
    for constant in constants_in(plain, source.scan.facts.macros):
        case = _case(constant.name, constant.text, exchanges)
        if case is not None:
            span = Span(constant.offset, constant.offset + len(constant.name))
            value = constant.text.strip("() ") or constant.text
            found.setdefault(constant.offset, Named(span, constant.name, value, case))
    for block in _TEMPLATE.finditer(plain) if "template" in plain else ():
        for match in PARAMETER.finditer(plain, block.start(1), block.end(1)):
            if WIDTH_NAME.fullmatch(match[1]) and evaluate(match[2]) == LANES:
                span = Span(match.start(1), match.end(1))
                found.setdefault(span.start, Named(span, match[1], match[2].strip(), ""))
    return [named for _, named in sorted(found.items())]


def _case(name: str, text: str, exchanges: bool) -> str | None:
    """Return of what a name is one, None for one that says nothing of warps; `exchanges`: whether
    its file exchanges between lanes.
    """
    if WIDTH_NAME.fullmatch(name):
        return "" if evaluate(text) == LANES else None
    if _MASK_NAME.fullmatch(name) or (exchanges and _ALL_NAME.fullmatch(name)):
        return "mask" if evaluate(text) == ALL_LANES else None
    if _WARPS_NAME.fullmatch(name) and _BY_32.search(text):
        return "warps"
    return None
