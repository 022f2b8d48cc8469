# SPDX-License-Identifier: Apache-2.0
"""PK305, PK307: lane and warp numbers by 32, and arrays with a place a lane."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Severity
from portkit.rules.cxx.kernels import code
from portkit.rules.cxx.lanes import (
    LANES,
    WarpFunction,
    is_bounded,
    warp_functions,
)
from portkit.rules.cxx.values import names_worth, template_defaults, value_of
from portkit.rules.cxx.warp_fix import lane_fix
from portkit.rules.cxx.warp_terms import WIDTH_NAME, applies, warp_args
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget
from portkit.vocab.warp_words import warp_words

_BITS = LANES.bit_length() - 1
_WORTH = frozenset({LANES, LANES - 1, _BITS})
# The arithmetic of lanes: an operand, then / 32, % 32, >> 5, & 31, or a name worth that.
_OPERAND = r"((?:[A-Za-z_][\w.]*|\([^()]{1,80}\)))\s*"
_SIGN = r"(?:(?P<op>/|%)(?!=)|(?P<shift>>>)(?!=)|(?P<and>(?<!&)&(?![&=])))\s*"
_LITERALS = r"\d+[uU]?|0[xX][0-9a-fA-F]+[uU]?"
_COMPARED = r"(?P<compare><=?|>=?|[!=]=)(?![<>=])\s*"
# what each match of a literal form holds: quick to look for
_OPERATOR = re.compile(r"[/%]\s*32|>>\s*5|&\s*(?:31|0[xX]1[fF])|(?:<=?|>=?|[!=]=)\s*3[12]\b", re.A)
_RESULT = re.compile(
    r"(?i)(?:\b|_)(?:my|this|local|global|loc|g|n|num)?(?:lane|warp|wid|wrp)\w*\s*(?:=\s*(?:\(\s*\w+\s*\)\s*)?\(?|[({])\s*\Z",
    re.A,
)  # what it is assigned to
_LANE = re.compile(r"(?i)(?:\w*_)?(?:lane|lid)(?:_?(?:id|idx|index))?\d*", re.A)
_WORDS = re.compile(r"[A-Za-z_]\w*", re.A)
# a length of 32 under another name is one of anything
_LANES_WRITTEN = re.compile(r"(?i)[^A-Za-z_]*|.*(?:lane|warp|wave).*")
_LENGTH = re.compile(r"\[\s*(?:32|33|[A-Za-z_])", re.A)  # quick to look for
_SHARED = re.compile(r"\b[A-Za-z_]\w*\s+([A-Za-z_]\w*)\s*\[([^\[\]{};]{1,60})\]", re.A)


class Counted(NamedTuple):
    """An expression of lanes: the function that it stands in, its text, and whether it only
    compares.
    """

    function: str
    match: re.Match[str]
    compares: bool


@rule("PK305", "lane-arithmetic", severity=Severity.ERROR, effort=Effort.MINUTES)
def lane_arithmetic(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """In a function that uses lanes: a thread's index divided by 32, its lower five bits, or
    compared with the number of the last lane.
    """
    if not applies(target):
        return
    for function, match, compares in view.once(lane_expressions):
        span = Span(match.start(), match.end())
        if view.ported(span, target):
            continue
        written = re.sub(r"\s+", " ", match.group())
        args = warp_args(target, expression=written, function=function)
        if compares:
            args["case"] = "compared"
            yield finding("PK305", span, args, severity=Severity.WARNING)
            continue
        if view.once(is_bounded):
            args["case"] = "bounded"
        made = finding("PK305", span, args, blocking=True)
        yield msgspec.structs.replace(made, fix=lane_fix(view, match, target))


def counts_by_32(source: FileSource) -> bool:
    """Return whether a function that uses lanes divides its threads by 32, or lets only 32 of them
    do something. Use it through `source.once(counts_by_32)`.
    """
    if any(not found.compares for found in source.once(lane_expressions)):
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


def lane_expressions(source: FileSource) -> list[Counted]:
    """Return the places where a lane or a warp is computed from a thread's index, or held against
    the width of a warp. Use it through `source.once(lane_expressions)`.

    A constant that is called the width of a warp is a finding of its own, where it is defined.
    """
    found, plain = list[Counted](), source.once(code).plain
    for used in source.once(warp_functions):
        body = used.function.body
        defaults = template_defaults(plain, used.function)
        # what a width of a warp is the default of follows it
        given = {n: t for n, t in defaults.items() if not _by_width(t)}
        names = {
            name: value
            for name, value in names_worth(source, given, _WORTH).items()
            if not WIDTH_NAME.fullmatch(name) and (name not in defaults or name in given)
        }
        there = [n for n in names if plain.find(n, body.start, body.end) >= 0]
        if not there and _OPERATOR.search(plain, body.start, body.end) is None:
            continue
        worth = _right_side(tuple(sorted(there)))
        arithmetic = re.compile(f"{_OPERAND}{_SIGN}{worth}", re.A)
        for match in arithmetic.finditer(plain, body.start, body.end):
            wanted = LANES if match["op"] else _BITS if match["shift"] else LANES - 1
            if value_of(match["right"], source, defaults) == wanted and _of_thread(
                plain, match, used
            ):
                found.append(Counted(used.function.name, match, False))
        compared = re.compile(f"{_OPERAND}{_COMPARED}{worth}", re.A)
        for match in compared.finditer(plain, body.start, body.end):
            if _is_edge(match, value_of(match["right"], source, defaults), used):
                found.append(Counted(used.function.name, match, True))
    return sorted(found, key=lambda f: f.match.start())


def _by_width(text: str) -> bool:
    """Does an expression speak of the width of a warp by its name?"""
    return any(WIDTH_NAME.fullmatch(word) for word in _WORDS.findall(text))


def _right_side(names: tuple[str, ...]) -> str:
    """Return a pattern for a literal, one of some names, or an expression of one in parentheses."""
    if not names:
        return rf"(?P<right>{_LITERALS})(?![\w.])"
    either = "|".join(map(re.escape, names))
    scoped = rf"(?:[A-Za-z_]\w*\s*::\s*)*(?:{either})\b"
    return rf"(?P<right>{_LITERALS}|{scoped}|\(\s*{scoped}\s*[-+]\s*\d+\s*\))(?![\w.])"


def _of_thread(plain: str, match: re.Match[str], used: WarpFunction) -> bool:
    """Is what is divided a thread's index, or computed from one and called a lane or a warp?"""
    index, size = warp_words().thread_index, warp_words().block_size
    words = set(_WORDS.findall(match.group(1)))
    if index in words or match.group(1) in used.index_names:
        return True
    computed = words & used.thread_names or size in words
    return bool(computed and _RESULT.search(plain, max(0, match.start() - 60), match.start()))


def _is_edge(match: re.Match[str], value: int | None, used: WarpFunction) -> bool:
    """Is a thread's index held against the number of lanes, or a lane against the last one?"""
    operand, sign = match.group(1), match["compare"]
    words = _WORDS.findall(operand)
    if operand in used.thread_names and _LANE.fullmatch(operand):
        return value == LANES - 1 and sign in ("==", "!=")
    own = (
        words[:1] == [warp_words().thread_index] and not operand.startswith("(")
    ) or operand in used.index_names
    edges = {LANES: ("<", ">="), LANES - 1: ("<=", ">")}
    return own and value is not None and sign in edges.get(value, ())


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
        if not used.thread_names or _LENGTH.search(plain, body.start, body.end) is None:
            continue
        for match in _SHARED.finditer(plain, body.start, body.end):
            line = plain.rfind(";", 0, match.start())
            names = {r.name for r in view.references if line < r.span.start < match.start()}
            space = view.vocabulary.execution_space
            if not any("shared" in n and n.startswith("__") and n not in space for n in names):
                continue
            length = value_of(match[2], view.source)
            written = match[2].strip()
            if length is None and not WIDTH_NAME.fullmatch(written):
                continue
            if length not in (None, LANES, LANES + 1) or not _LANES_WRITTEN.fullmatch(written):
                continue
            name = match.group(1)
            indexed = re.search(
                rf"\b{re.escape(name)}\s*\[\s*(?:{'|'.join(map(re.escape, sorted(used.thread_names)))})\b",
                plain[match.end() : body.end],
            )
            if indexed and not view.ported(Span(match.start(1), match.end(1)), target):
                yield finding(
                    "PK307",
                    Span(match.start(1), match.end(1)),
                    warp_args(target, name=name, function=used.function.name),
                )
