# SPDX-License-Identifier: Apache-2.0
"""Options of nvcc's in the variables and on the lines of a file of Make's."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from portkit.languages.make.lines import Line
from portkit.languages.make.reader import flag_lists
from portkit.languages.make.words import Word
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Kind
from portkit.plan.building.findings import ARCHITECTURE
from portkit.plan.building.flags import FlagFate, flag_fates
from portkit.plan.building.make_lines import SHARED
from portkit.plan.building.make_shop import NO_PLACE, MakeShop

_HOLDS = re.compile(r"\$[({](\w+)[)}]")
_ARCHES = frozenset({"--gpu-architecture", "--generate-code", "--gpu-code"})
_LANGUAGE = "--x"
_LINKS = frozenset({"link", "device-link"})


class _Placed(msgspec.Struct, frozen=True):
    text: str
    span: Span


def plan_flags(shop: MakeShop) -> None:
    """Plan the options in each list that nvcc is given."""
    by_role: dict[str, list[Line]] = {}
    for line in shop.reading.device_lines:
        by_role.setdefault(line.role, []).append(line)
    roles: dict[str, set[str]] = {}
    for role, lines in by_role.items():
        for name in shop.reading.reached(lines):
            roles.setdefault(name, set()).add(role)
    for name, words in flag_lists(shop.reading):
        _plan_list(shop, words, roles.get(name, set()))


def _plan_list(shop: MakeShop, words: Sequence[Word], roles: set[str]) -> None:
    if not words:
        return
    whole = Span(words[0].span.start, words[-1].span.end)
    inside = {shop.ref(i).span: i for i in shop.within(whole) if shop.ref(i).kind is Kind.FLAG}
    plain = [_Placed(_known(shop, w.text), w.span) for w in words]
    for fate in flag_fates(plain, shop.site.build, shop.site.floors):
        index = inside.get(fate.span)
        if index is None or fate.decision is None:
            continue
        flag = fate.use.flag.name if fate.use.flag is not None else ""
        if fate.decision.action is Action.MANUAL:
            shop.leave(index, fate.decision, ARCHITECTURE if flag in _ARCHES else "")
        elif _is_misplaced(flag, fate.step, roles):
            shop.leave(index, NO_PLACE, SHARED)
        elif fate.decision.action is Action.EDIT:
            _write(shop, index, fate, words)
        else:
            shop.made.decide(index, fate.decision)


def _is_misplaced(flag: str, step: str, roles: set[str]) -> bool:
    """Would what is written for an option reach lines of another step only, or of both where a
    language must not stand on a line that links?
    """
    if flag == _LANGUAGE:
        return len(roles) > 1 and "link" in roles
    return step in _LINKS and bool(roles) and not roles & {"link", "both"}


def _write(shop: MakeShop, index: int, fate: FlagFate, listed: Sequence[Word]) -> None:
    """Write an option in its place; of an architecture that a variable holds the variable."""
    words = list(fate.words)
    names = [v for w in listed[fate.use.first : fate.use.end] for v in _HOLDS.findall(w.text)]
    if len(names) == 1 and shop.reading.arch_of(names[0])[1]:
        name = shop.ref(index).name
        if re.fullmatch(rf"\S*?[= ]\$[({{]{names[0]}[)}}]", name):
            words = [w.replace(shop.arch, f"$({names[0]})") for w in words]
    new = " ".join(words)
    row = fate.decision.row if fate.decision is not None else None
    edit = Edit(fate.span, shop.data[fate.span.start : fate.span.end], new.encode("latin-1"))
    shop.edit(index, new, [edit if new else taken_out(shop, fate.span)], row)


def _known(shop: MakeShop, text: str) -> str:
    """Return a word with the architectures taken in that variables hold."""

    def value(match: re.Match[str]) -> str:
        return shop.reading.arch_of(match[1])[0] or match[0]

    return _HOLDS.sub(value, text) if text.startswith("-") or "arch" in text else text


def taken_out(shop: MakeShop, span: Span) -> Edit:
    """Return the edit that takes an option out of its list, with the blanks before it."""
    data, start, end = shop.data, span.start, span.end
    while data[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    if data[start - 1 : start] in (b"=", b"\n") or start == 0:
        start = span.start  # the first of its list: the one behind it may go too
    return Edit(Span(start, end), data[start:end], b"")
