# SPDX-License-Identifier: Apache-2.0
"""Where device code computes lanes and warps by 32, or holds a thread's index against the number of
lanes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from portkit.languages.cxx.letters.constants import constants_in, evaluate
from portkit.languages.cxx.letters.number_types import Blocks
from portkit.model.spans import Span
from portkit.rules.cxx.kernels import DeviceFunction, code
from portkit.rules.cxx.ladder_widths import INTEGER, told_32
from portkit.rules.cxx.lane_macros import MACRO, is_lane_name
from portkit.rules.cxx.lanes import (
    LANES,
    WarpFunction,
    has_width,
    is_a,
    warp_functions,
)
from portkit.rules.cxx.values import names_worth, template_defaults, value_of
from portkit.rules.cxx.warp_terms import WIDTH_NAME
from portkit.rules.view import FileSource
from portkit.vocab.warp_words import warp_words

# what kind of expression it is: one that a fix can write anew, one that changes a variable or
# clears the lower bits, a comparison
PLAIN, OTHER, COMPARED = "plain", "other", "compared"
_BITS = LANES.bit_length() - 1
_WORTH = frozenset({LANES, LANES - 1, _BITS})
# The arithmetic of lanes: an operand, then / 32, % 32, >> 5, & 31, or a name worth that.
_OPERAND = r"((?:[A-Za-z_][\w.]*|\([^()]{1,80}\)))\s*"
_SIGN = r"(?:(?P<op>/|%)(?!=)|(?P<shift>>>)(?!=)|(?P<and>(?<!&)&(?![&=])))\s*"
_CHANGES = r"(?<![\w.>])({names})\s*(?:(?P<op>/|%)=|(?P<shift>>>)=|(?P<and>&)=)\s*"
_IN_PLACE = ("&=", "%=", ">>=", "/=")
_LITERALS = r"\d+[uU]?|0[xX][0-9a-fA-F]+[uU]?"
_COMPARED = r"(?P<compare><=?|>=?|[!=]=)(?![<>=])\s*"
# what each match of a literal form holds: quick to look for
_OPERATOR = re.compile(
    r"[/%]=?\s*32|>>=?\s*5|&=?\s*\(?~?\s*(?:31|0[xX]1[fF])|(?:<=?|>=?|[!=]=)\s*3[12]\b|,\s*31\b",
    re.A,
)
_RESULT = re.compile(
    r"(?i)(?:\b|_)(?:my|this|local|global|loc|g|n|num)?(?:lane|warp|wid|wrp)\w*\s*(?:=\s*(?:\(\s*\w+\s*\)\s*)?\(?|[({])\s*\Z",
    re.A,
)  # what it is assigned to
_NAMED = re.compile(r"[A-Za-z_]\w*\s*(?:[=({]\s*|=\s*\(\s*\w+\s*\)\s*)\(?\s*\Z", re.A)
_RETURNED = re.compile(r"\breturn\s*\(?\s*\Z", re.A)
_LANE = re.compile(r"(?i)(?:\w*_)?(?:lane|lid)(?:_?(?:id|idx|index))?\d*", re.A)
_LANE_OR_WARP = re.compile(
    r"(?i)(?:\w*_)?(?:lane|lid|warp|wid)(?:_?(?:id|idx|index|num))?\d*", re.A
)
# what gives a constant one of these values: quick to look for
_VALUES = re.compile(
    r"const[^;{}()=]{0,60}[={]\s*(?:32|31|5|0[xX](?:20|1[fF])|1\s*<<\s*5)[uU]?\s*[;,}]"
    r"|enum[^;{}()]{0,80}\{[^{}]{0,400}?=\s*(?:32|31|5)\b"
)
_ANY = re.compile(r".*", re.S)
_WORDS = re.compile(r"[A-Za-z_]\w*", re.A)


class Counted(NamedTuple):
    """An expression of lanes: the function that it stands in, its text, and which kind it is."""

    function: str
    match: re.Match[str]
    case: str


def lane_expressions(source: FileSource) -> list[Counted]:
    """Return the places where a lane or a warp is computed from a thread's index, or held against
    the width of a warp. Use it through `source.once(lane_expressions)`.

    A constant that is called the width of a warp is a finding of its own, where it is defined.
    """
    users, found, index = source.once(warp_functions), list[Counted](), warp_words().thread_index
    if not users:
        return found
    plain = source.once(code).plain
    for used in users:
        body = used.function.body
        defaults = template_defaults(plain, used.function)
        # what a width of a warp is the default of follows it
        given = {n: t for n, t in defaults.items() if not _by_width(t)}
        known = names_worth(source, given, _WORTH) | _own_names(source, plain, used.function)
        names = {
            name: value
            for name, value in known.items()
            if not WIDTH_NAME.fullmatch(name) and (name not in defaults or name in given)
        }
        there = [n for n in names if plain.find(n, body.start, body.end) >= 0]
        found += [*_last_lanes(source, used), *_told(source, used)]
        if not there and _OPERATOR.search(plain, body.start, body.end) is None:
            continue
        worth = _right_side(tuple(sorted(there)))
        texts: Mapping[str, str] = defaults | {n: str(names[n]) for n in there if n not in defaults}
        forms = [(f"{_OPERAND}{_SIGN}{worth}", PLAIN)]
        if any(plain.find(sign, body.start, body.end) >= 0 for sign in _IN_PLACE):
            changed = "|".join(map(re.escape, _changing(used)))
            if changed:
                forms.append((_CHANGES.format(names=changed) + worth, OTHER))
        for form, case in forms:
            for match in re.compile(form, re.A).finditer(plain, body.start, body.end):
                value = value_of(match["right"], source, texts)
                wanted = LANES if match["op"] else _BITS if match["shift"] else LANES - 1
                cleared = bool(match["and"]) and value in (~wanted, ~wanted & 0xFFFFFFFF)
                of_thread = case == OTHER or _of_thread(plain, match, used)
                if (value == wanted or cleared) and of_thread:
                    # what a macro is given may be the host's, which has no word for the width
                    fixed = used.function.space != MACRO or index in match.group(1)
                    kind = case if fixed and not cleared else OTHER
                    found.append(Counted(used.function.name, match, kind))
        compared = re.compile(f"{_OPERAND}{_COMPARED}{worth}", re.A)
        for match in compared.finditer(plain, body.start, body.end):
            if _is_edge(match, value_of(match["right"], source, texts), used):
                found.append(Counted(used.function.name, match, COMPARED))
    return sorted(found, key=lambda f: f.match.start())


def _last_lanes(source: FileSource, used: WarpFunction) -> Iterator[Counted]:
    """Yield the shuffles that take the value of lane 31."""
    plain = source.once(code).plain
    for call in used.calls:
        ref = source.references[call.index]
        at = 2 if is_a("masked", ref) else 1
        if not is_a("shuffles", ref) or is_a("steps", ref) or len(call.arguments) <= at:
            continue
        lane = call.arguments[at]
        if not has_width(ref, call) and evaluate(plain[lane.start : lane.end].strip()) == LANES - 1:
            match = re.compile(r"[^;{}]*", re.A).match(plain, call.span.start, lane.end + 1)
            if match is not None:
                yield Counted(used.function.name, match, COMPARED)


def _told(source: FileSource, used: WarpFunction) -> Iterator[Counted]:
    """Yield the calls that tell a function, which divides a thread's index by what it is told, 32."""
    plain, function = source.once(code).plain, used.function
    head = plain[function.head.start : function.head.end]
    if function.space == MACRO or function.space == "global":
        return
    if (
        not used.index_names
        and warp_words().thread_index not in plain[function.body.start : function.body.end]
    ):
        return
    for parameter in re.finditer(rf"\b{INTEGER}([A-Za-z_]\w*)\s*[,)>]", head, re.A):
        divided = re.compile(rf"{_OPERAND}[/%]\s*{re.escape(parameter[1])}\b", re.A)
        for match in divided.finditer(plain, function.body.start, function.body.end):
            operand = match.group(1)
            if warp_words().thread_index in operand or operand in used.index_names:
                for rung in told_32(source, plain, function, head, parameter.start()):
                    told = _ANY.match(plain, rung.span.start, rung.span.end)
                    if told is not None:
                        yield Counted(function.name, told, OTHER)
                break


def _own_constants(source: FileSource) -> list[tuple[str, int, Span | None]]:
    """The constants of a file that are worth what lanes are computed by, with the block in which
    they are known.
    """
    plain, found = source.once(code).plain, list[tuple[str, int, Span | None]]()
    if _VALUES.search(plain) is None:
        return found
    blocks = Blocks(plain)
    for constant in constants_in(plain, ()):
        value = evaluate(constant.text)
        if value in _WORTH and value is not None:
            found.append((constant.name, value, blocks.around(constant.offset)))
    return found


def _own_names(source: FileSource, plain: str, function: DeviceFunction) -> dict[str, int]:
    """Return the constants that a function knows as its own or its class's, whatever they are
    called.
    """
    found, head = dict[str, int](), plain[function.head.start : function.head.end]
    for name, value, scope in source.once(_own_constants):
        around = scope is None or scope.contains(function.body) or function.body.contains(scope)
        around = around or _is_scoped(plain, name, function.body)
        if around and not re.search(rf"\b{re.escape(name)}\b", head, re.A):
            found[name] = value
    return found


def _is_scoped(plain: str, name: str, body: Span) -> bool:
    """Does code name a member of that name with its class or enumeration?"""
    at = plain.find(f"::{name}", body.start, body.end)
    return at >= 0 and not plain[at + 2 + len(name) : at + 3 + len(name)].isidentifier()


def _by_width(text: str) -> bool:
    """Does an expression speak of the width of a warp by its name?"""
    return any(WIDTH_NAME.fullmatch(word) for word in _WORDS.findall(text))


def _right_side(names: tuple[str, ...]) -> str:
    """Return a pattern for a literal, one of some names, a cast of it, or an expression of one in
    parentheses.
    """
    if not names:
        return rf"(?P<right>(?:{_LITERALS})|\(?\s*~\s*(?:{_LITERALS})(?:\s*\))?)(?![\w.])"
    either = "|".join(map(re.escape, names))
    scoped = rf"(?:[A-Za-z_]\w*\s*::\s*)*(?:{either})\b"
    cast = rf"(?:static_cast\s*<\s*\w+\s*>\s*\(\s*{scoped}\s*\)|\w+\s*\(\s*{scoped}\s*\)|\(\s*\w+\s*\)\s*{scoped})"
    return (
        rf"(?P<right>{_LITERALS}|\(?\s*~\s*(?:{_LITERALS}|{scoped})(?:\s*\))?|{scoped}|{cast}"
        rf"|\(\s*{scoped}\s*[-+]\s*\d+\s*\))(?![\w.])"
    )


def _of_thread(plain: str, match: re.Match[str], used: WarpFunction) -> bool:
    """Is what is divided a thread's index or the size of a block, or computed from one and called a
    lane or a warp?
    """
    index, size = warp_words().thread_index, warp_words().block_size
    words, operand = set(_WORDS.findall(match.group(1))), match.group(1).strip("() ")
    if index in words or operand in used.index_names:
        return True
    start = max(0, match.start() - 60)
    if operand.startswith(f"{size}.") and not _NAMED.search(plain, start, match.start()):
        return True  # how many warps, unless another name says what it counts
    function = used.function
    if function.space == MACRO and is_lane_name(function.name):
        head = plain[function.head.start : function.head.end]
        return operand in _WORDS.findall(head)[1:]
    if not (words & used.thread_names or size in words):
        return False
    returned = is_lane_name(function.name) and _RETURNED.search(plain, start, match.start())
    return bool(returned or _RESULT.search(plain, start, match.start()))


def _changing(used: WarpFunction) -> list[str]:
    """Return the variables that hold a thread's index, or are made of one and called a lane or a
    warp.
    """
    named = {name for name in used.thread_names if _LANE_OR_WARP.fullmatch(name)}
    return sorted(used.index_names | named)


def _is_edge(match: re.Match[str], value: int | None, used: WarpFunction) -> bool:
    """Is a thread's index held against the number of lanes, or a lane against the last one?"""
    operand, sign = match.group(1), match["compare"]
    words = _WORDS.findall(operand)
    if operand in used.thread_names and _LANE.fullmatch(operand):
        return value == LANES - 1 and sign in ("==", "!=", "<", ">=")
    own = (
        words[:1] == [warp_words().thread_index] and not operand.startswith("(")
    ) or operand in used.index_names
    edges = {LANES: ("<", ">="), LANES - 1: ("<=", ">", "==", "!=")}
    return own and value is not None and sign in edges.get(value, ())
