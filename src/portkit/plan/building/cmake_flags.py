# SPDX-License-Identifier: Apache-2.0
"""Options of nvcc's in a CMake file: in variables, behind generator expressions, as properties and
compile features.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left

from portkit.languages.cmake.commands import Argument
from portkit.languages.cmake.flag_lists import FlagList
from portkit.languages.cmake.names import architectures, flag_variables, names
from portkit.model.plans import Decision
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Kind, Reason
from portkit.plan.building.cmake_file import Placed, argument_of, arguments_in, pairs_after
from portkit.plan.building.cmake_shop import NO_PLACE, Shop, Waiting
from portkit.plan.building.flags import FlagFate, flag_fates
from portkit.plan.building.made import replaced
from portkit.plan.building.names import row_of

_USED = re.compile(r"\$\{\w+\}")
_FEATURE = re.compile(r"cuda_std_(\d\d)")
_OFF = frozenset({"OFF", "FALSE", "NO", "0"})
_FOR_TARGETS = frozenset({"target_compile_options"})
_FOR_FOLDERS = frozenset({"add_compile_options"})
_PROPERTY_LISTS = {
    "set_target_properties": "PROPERTIES",
    "set_property": "PROPERTY",
    "set_source_files_properties": "PROPERTIES",
}


def _fates(shop: Shop, one: FlagList) -> list[FlagFate]:
    return [*flag_fates(one.words, shop.site.build, shop.site.floors)]


def _indexes(shop: Shop, placed: Placed, whole: Span | None = None) -> dict[Span, int]:
    """Return the references of a command, or of a part of it, that are not decided, by their bytes."""
    inside = placed.refs
    if whole is not None:
        begun = shop.file.refs_in(whole)
        inside = inside[bisect_left(inside, begun.start) : bisect_left(inside, begun.stop)]
    spans = {shop.ref(i).span: i for i in inside if i not in shop.made.decisions}
    return {s: i for s, i in spans.items() if whole is None or whole.contains(s)}


def plan_list(shop: Shop, placed: Placed, one: FlagList) -> None:
    """Plan a command that gives a variable options for nvcc."""
    own = flag_variables().fullmatch(one.variable)
    if own is None or shop.way.flags_text:
        _in_place(shop, placed, one)
        return
    inside = _indexes(shop, placed)
    variables = [i for i in inside.values() if shop.ref(i).kind is Kind.VARIABLE]
    strange = [v for w in one.words for v in _USED.findall(w.text) if v != f"${{{one.variable}}}"]
    if one.variable not in names().plain_flags or strange:
        _leave_list(shop, placed, one)
        return
    fates = _fates(shop, one)
    written = [w for f in fates if not f.is_left for w in f.words]
    moved = [f for f in fates if not f.is_left]
    left = [f for f in fates if f.is_left]
    edited = [inside[f.span] for f in moved if f.span in inside]
    for fate in fates:
        if fate.decision is not None and fate.span in inside:
            _decide(shop, inside[fate.span], fate)
    if left:
        for index in variables:  # nothing reads it there: the options in it are what is open
            shop.keep(index, Reason.DROPPED)
        if not edited:
            return
        edits = [_taken_out(shop, f.span, one) for f in moved]
        if written:
            edits.append(shop.file.after(placed.command, [shop.adding(written)]))
        shop.change(placed.number, edits, edited)
        return
    for index in variables:
        shop.edit(index, shop.way.flags, row_of(shop.ref(index), shop.site))
    lines = [shop.adding(written)] if written else []
    edits = [shop.file.instead(placed.command, lines)]
    shop.change(placed.number, edits, [*variables, *edited])


def _decide(shop: Shop, index: int, fate: FlagFate) -> None:
    decision = fate.decision
    if decision is None:
        return
    if decision.action is Action.MANUAL:
        shop.leave(index, decision)
    elif decision.action is Action.KEEP:  # moved with its list
        shop.edit(index, " ".join(fate.words), decision.row)
    else:
        shop.made.decide(index, decision)


def _leave_list(shop: Shop, placed: Placed, one: FlagList) -> None:
    """Leave a list as it is: where its words would go is not known."""
    said = set[str]()
    for index in _indexes(shop, placed).values():
        ref = shop.ref(index)
        if ref.kind is Kind.VARIABLE and ref.name in said:
            shop.made.decide(index, NO_PLACE)  # once a command
            continue
        said.add(ref.name)
        if ref.kind in (Kind.FLAG, Kind.VARIABLE, Kind.LINK_LIBRARY):
            row = row_of(ref, shop.site)
            decision = Decision(Action.MANUAL, Reason.STRUCTURE, row=row)
            shop.leave(index, decision, "PK704" if ref.kind is Kind.VARIABLE else "")


def _in_place(shop: Shop, placed: Placed, one: FlagList) -> None:
    """Plan options that stay where they are: in a variable of the project's own, or in one that
    becomes the target's.
    """
    inside = _indexes(shop, placed, one.behind.whole if one.behind is not None else None)
    for fate in _fates(shop, one):
        index = inside.get(fate.span)
        if index is None or fate.decision is None:
            continue
        if fate.decision.action is Action.EDIT:
            shop.made.decide(index, fate.decision)
            edit = _spelt(shop, fate, one) if fate.words else _taken_out(shop, fate.span, one)
            shop.change(placed.number, [edit], [index])
        elif fate.is_left:
            shop.leave(index, fate.decision)
        else:
            shop.made.decide(index, fate.decision)


def _spelt(shop: Shop, fate: FlagFate, one: FlagList) -> Edit:
    """Return the edit that writes an option's words in its place, parted as the list is."""
    argument = argument_of(shop.file.commands[one.command], fate.span)
    between = " "
    if argument is not None and (one.behind is not None or not argument.quoted):
        between = ";" if one.behind is not None or ";" in argument.text else " "
    return replaced(shop.file.data, fate.span, between.join(fate.words))


def _taken_out(shop: Shop, span: Span, one: FlagList) -> Edit:
    """Return the edit that takes an option out of its list, with what parts it from the next."""
    data = shop.file.data
    start, end = span.start, span.end
    if data[start - 1 : start] in (b" ", b";", b"\t"):
        while data[start - 1 : start] in (b" ", b";", b"\t"):
            start -= 1
    else:
        while data[end : end + 1] in (b" ", b";", b"\t"):
            end += 1
    return replaced(data, Span(start, end), "")


def plan_behind(shop: Shop, placed: Placed, one: FlagList) -> None:
    """Plan options behind a generator expression that asks for CUDA's language."""
    behind = one.behind
    if behind is None:
        return
    inside = _indexes(shop, placed, behind.whole)
    asks = [i for i in inside.values() if shop.ref(i).kind is Kind.CONDITION]
    name = placed.command.name
    known = name in _FOR_TARGETS or name in _FOR_FOLDERS
    plain = behind.plain and known and not any("$" in w.text for w in one.words)
    if shop.way.way == "language" and known:
        for index in asks:
            ref = shop.ref(index)
            new = re.sub(r"\bCUDA\b", shop.way.language, ref.name)
            shop.edit(index, new, row_of(ref, shop.site))
            shop.change(placed.number, [replaced(shop.file.data, ref.span, new)], [index])
        _in_place(shop, placed, one)
        return
    fates = _fates(shop, one) if plain else []
    if not plain or any(f.is_left for f in fates):
        shop.leave_all(inside.values())
        return
    words = tuple(w for f in fates for w in f.words)
    others = len({w.span for w in one.words}) != sum(f.use.end - f.use.first for f in fates)
    if others:
        shop.leave_all(inside.values())
        return
    for fate in fates:
        if fate.span in inside:
            _decide(shop, inside[fate.span], fate)
    for index in asks:
        shop.edit(index, shop.way.flags, row_of(shop.ref(index), shop.site))
    edit = _without_argument(shop, placed, behind.whole)
    change = shop.change(placed.number, [edit], [*inside.values()])
    target = placed.command.arguments[0].text if name in _FOR_TARGETS else ""
    if words and not target and shop.turned is None and not shop.file.adders:
        change.gone = True  # of a folder below: its own list
        edits = [shop.file.instead(placed.command, [shop.adding(words)])]
        shop.change(placed.number, edits, [*inside.values()])
        return
    shop.waiting.append(Waiting(words, change, target))


def _without_argument(shop: Shop, placed: Placed, whole: Span) -> Edit:
    """Return the edit that takes an expression away: with its argument where it is all of that, and
    with the command where nothing would be left of it.
    """
    command = placed.command
    given, mine = command.arguments, arguments_in(command, whole)
    ends = [given[i] for i in (mine[0], mine[-1])] if mine else []
    if not ends or (ends[0].span.start, ends[1].span.end) != (whole.start, whole.end):
        return replaced(shop.file.data, whole, "")
    # those next to it first: of many such arguments none looks far
    before = 0 if command.name in _FOR_FOLDERS else 1
    others = itertools.chain(range(mine.stop, len(given)), range(mine.start - 1, before - 1, -1))
    rest = any(not _is_keyword(given[i]) for i in others)
    return shop.file.without(*ends) if rest else shop.file.instead(command, [])


def _is_keyword(argument: Argument) -> bool:
    return argument.text in ("PRIVATE", "PUBLIC", "INTERFACE", "BEFORE")


def plan_properties(shop: Shop, placed: Placed) -> None:
    """Plan properties and compile features of CUDA's."""
    found = [i for i in placed.refs if shop.ref(i).kind is Kind.PROPERTY]
    if not found:
        return
    command = placed.command
    if command.name == "target_compile_features":
        _plan_features(shop, placed, found)
        return
    word = _PROPERTY_LISTS.get(command.name, "")
    if not word:
        return
    texts = [a.text for a in command.arguments]
    pairs = [*pairs_after(command, word)]
    if command.name == "set_property":
        at = texts.index(word) + 1 if word in texts else len(texts)
        pairs = [(command.arguments[at], command.arguments[-1])] if at + 1 < len(texts) else []
    gone: list[tuple[Argument, Argument]] = []
    done: list[int] = []
    words: list[str] = []
    named = {p[0].span: p for p in pairs}
    for index in found:
        pair = named.get(shop.ref(index).span)
        if pair is not None and _plan_pair(shop, index, pair, words):
            gone.append(pair)
            done.append(index)
    if not done:
        return
    if command.name == "set_target_properties" and all(
        t in shop.file.index.host_targets for t in texts[: texts.index(word)]
    ):
        words.clear()
    whole = len(gone) == len(pairs)
    edits = [shop.file.instead(command, [])] if whole else [shop.file.without(*p) for p in gone]
    change = shop.change(placed.number, edits, done)
    if words:
        shop.waiting.append(Waiting(tuple(dict.fromkeys(words)), change, standard=True))


def _plan_pair(shop: Shop, index: int, pair: tuple[Argument, Argument], words: list[str]) -> bool:
    """Decide a property with its value; return whether it goes, and add the options that stand for
    it.
    """
    ref, value, row = shop.ref(index), pair[1].text, row_of(shop.ref(index), shop.site)
    if ref.name == names().standard and value.isdigit():
        words.append(f"-std=c++{value}")
        shop.edit(index, f"-std=c++{value}", row)
    elif ref.name in names().with_standard or (
        ref.name in names().switches and value.upper() in _OFF
    ):
        shop.edit(index, "", row, dropped=True)
    elif architectures().fullmatch(ref.name):
        shop.edit(index, shop.site.build.arch, row)
    else:
        return False
    return True


def plan_standard(shop: Shop, placed: Placed, index: int) -> None:
    """Give the C++ that a variable asks for to the options of device sources, in its place; what
    goes only with it goes.
    """
    command, ref, row = placed.command, shop.ref(index), row_of(shop.ref(index), shop.site)
    value = command.arguments[1].text if len(command.arguments) > 1 else ""
    if ref.name != names().standard_variable:
        shop.edit(index, "", row, dropped=True)
        shop.change(placed.number, [shop.file.instead(command, [])], [index])
    elif value.isdigit() and len(placed.refs) == 1:
        words = [f"-std=c++{value}"]
        shop.edit(index, words[0], row)
        shop.change(placed.number, [shop.file.instead(command, [shop.adding(words)])], [index])
    else:
        shop.leave(index, NO_PLACE)


def _plan_features(shop: Shop, placed: Placed, found: list[int]) -> None:
    command = placed.command
    words: list[str] = []
    taken: list[Argument] = []
    done: list[int] = []
    for index in found:
        ref = shop.ref(index)
        argument, feature = argument_of(command, ref.span), _FEATURE.fullmatch(ref.name)
        if argument is None or feature is None or argument.text != ref.name:
            continue
        words.append(f"-std=c++{feature[1]}")
        shop.edit(index, words[-1], row_of(ref, shop.site))
        taken.append(argument)
        done.append(index)
    if not done:
        return
    if command.arguments[0].text in shop.file.index.host_targets:
        words.clear()
    gone = {a.span for a in taken}
    rest = any(a.span not in gone and not _is_keyword(a) for a in command.arguments[1:])
    edits = [shop.file.without(a) for a in taken] if rest else [shop.file.instead(command, [])]
    change = shop.change(placed.number, edits, done)
    shop.waiting.append(Waiting(tuple(dict.fromkeys(words)), change, standard=True))
