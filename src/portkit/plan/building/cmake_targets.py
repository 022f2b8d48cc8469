# SPDX-License-Identifier: Apache-2.0
"""Targets of device sources: the command that makes one, the lists that it takes, properties of
sources.
"""

from __future__ import annotations

import posixpath

from portkit.languages.cmake.commands import Command
from portkit.languages.cmake.names import is_source
from portkit.languages.cmake.targets import Adder
from portkit.model.plans import Decision
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Kind, Reason
from portkit.plan.building.cmake_file import Placed, argument_of
from portkit.plan.building.cmake_index import LISTS
from portkit.plan.building.cmake_shop import NO_PLACE, Shop
from portkit.plan.building.findings import left
from portkit.plan.building.made import replaced
from portkit.rules.registry import finding

DROPPED = "PK707"
_KINDS = frozenset({"", "STATIC", "SHARED", "MODULE"})
_TAKEN = frozenset({"set_source_files_properties", "cuda_add_executable", "cuda_add_library"})
_SUFFIX = Decision(Action.MANUAL, Reason.NO_EQUIVALENT)


def plan_adder(shop: Shop, placed: Placed) -> None:
    """Plan a command that makes a target with device sources, and the sources that it names."""
    adder = shop.file.adders[placed.number]
    index = placed.refs[0]
    if shop.ref(index).span != placed.command.span:
        return
    if (adder.kind not in _KINDS and shop.way.way == "command") or _has_expressions(placed.command):
        shop.leave(index, NO_PLACE, DROPPED)
        return
    if not _takes_suffixes(shop):
        shop.keep(index)
        return
    plan = {"command": _by_command, "source": _by_source, "language": _as_language}
    plan[shop.way.way](shop, placed, adder, index)


def _takes_suffixes(shop: Shop) -> bool:
    """Do the target's compilers take device sources under the names that they have, or get?"""
    return _suffix_of(shop, ".cu") in shop.way.suffixes


def _suffix_of(shop: Shop, suffix: str) -> str:
    moved = shop.site.target.rename_suffixes if shop.site.rename else {}
    return moved.get(suffix, suffix)


def _has_expressions(command: Command) -> bool:
    return any("$<" in a.text and ".cu" in a.text for a in command.arguments)


def _by_command(shop: Shop, placed: Placed, adder: Adder, index: int) -> None:
    """Call the target's own command in the place of CMake's."""
    command, way = placed.command, shop.way
    new = way.add_executable if command.name == "add_executable" else way.add_library
    edits = [replaced(shop.file.data, command.span, new)]
    if way.link_keyword:
        signature = shop.file.index.signatures.get(adder.target, "")
        if signature == "both":
            shop.leave(index, NO_PLACE, DROPPED)
            return
        wanted = {"keyword": "PRIVATE", "plain": ""}.get(signature, shop.keyword)
        if wanted != shop.keyword:
            line = f"set({way.link_keyword}{' ' if wanted else ''}{wanted})"
            edits.append(shop.file.before(command, [line]))
            shop.keyword = wanted
    shop.edit(index, new)
    shop.change(placed.number, edits, [index])


def _by_source(shop: Shop, placed: Placed, adder: Adder, index: int) -> None:
    """Say of each device source, in the folder that makes the target, how it is compiled."""
    command, way = placed.command, shop.way
    if _is_said_before(shop, placed):
        shop.keep(index)
        return
    first, last = adder.sources
    given = [a.text for a in command.arguments[first : last + 1]]
    options = f' COMPILE_OPTIONS "${{{way.flags}}}"' if way.way == "source" else ""
    said = f"PROPERTIES LANGUAGE {way.source_language}{options})"
    if adder.variables:
        name = f"{way.switch.lower().removeprefix('use_')}_sources"
        lines = [
            f"set({name} {' '.join(given)})",
            f'list(FILTER {name} INCLUDE REGEX "[.]cu$")',
            f"set_source_files_properties(${{{name}}} {said}",
        ]
    else:
        marked = [t for t in given if is_source(t)]
        lines = [f"set_source_files_properties({' '.join(marked)} {said}"] if marked else []
    if not lines:
        shop.keep(index)
        return
    shop.edit(index, "set_source_files_properties")
    shop.change(placed.number, [shop.file.before(command, lines)], [index])


def _is_said_before(shop: Shop, placed: Placed) -> bool:
    """Do the lines in front of a command say already how its sources are compiled?"""
    before = shop.file.commands[max(0, placed.number - 1) : placed.number]
    way = shop.way
    mark = way.flags if way.way == "source" else way.source_language
    return any(
        c.name == "set_source_files_properties" and any(mark in a.text for a in c.arguments)
        for c in before
    )


def _as_language(shop: Shop, placed: Placed, adder: Adder, index: int) -> None:
    """Leave a command as it is where the suffix tells the language of its sources; where they keep
    CUDA's and the language is told of each, tell it.
    """
    if shop.way.source_language and _suffix_of(shop, ".cu") == ".cu":
        _by_source(shop, placed, adder, index)
    else:
        shop.keep(index)


def plan_source_properties(shop: Shop, placed: Placed) -> None:
    """Plan a property that says of sources that they are CUDA's."""
    index = next((i for i in placed.refs if shop.ref(i).kind is Kind.LANGUAGE), None)
    if index is None:
        return
    ref, command, way = shop.ref(index), placed.command, shop.way
    value = argument_of(command, ref.span)
    if value is None:
        return
    name = command.arguments[command.arguments.index(value) - 1]
    edit: Edit
    if way.way == "language":
        edit = replaced(shop.file.data, value.span, way.language)
    elif way.way == "source":
        new = f'{way.source_language} COMPILE_OPTIONS "${{{way.flags}}}"'
        edit = replaced(shop.file.data, value.span, new)
    elif name.text == "LANGUAGE" and way.device_property and _is_made_here(shop, command):
        new = " ".join(way.device_property)
        edit = replaced(shop.file.data, Span(name.span.start, value.span.end), new)
    else:
        shop.leave(index, NO_PLACE)
        return
    shop.edit(index, way.language or way.source_language or way.device_property[0])
    shop.change(placed.number, [edit], [index])


def _is_made_here(shop: Shop, command: Command) -> bool:
    """Is every source of a command in a target that the file makes?"""
    texts = [a.text for a in command.arguments]
    files = texts[: texts.index("PROPERTIES")] if "PROPERTIES" in texts else []
    return bool(files) and shop.file.index.compiled.issuperset(files)


def plan_sources(shop: Shop, placed: Placed) -> None:
    """Plan the device sources that a command names: they stay, where a command of the file compiles
    them.
    """
    for index in placed.refs:
        ref = shop.ref(index)
        if ref.kind is not Kind.SOURCE or index in shop.made.decisions:
            continue
        if not _takes_suffixes(shop):
            shop.made.decide(index, _SUFFIX)
            args = {"name": ref.name, "target": shop.site.target.name(), "case": "suffix"}
            shop.made.findings.append(finding(DROPPED, ref.span, args, (index,)))
        elif not _reaches(shop, placed):
            shop.made.decide(index, NO_PLACE)
            shop.made.findings.append(left(index, ref, NO_PLACE, shop.site))
        else:
            shop.keep(index)
            _say_of_moves(shop, placed, index)


def _reaches(shop: Shop, placed: Placed) -> bool:
    """Does a command of the file that compiles for the device take what a command names?"""
    command = placed.command
    if placed.number in shop.file.adders:
        made = shop.made.decisions.get(placed.refs[0])
        return made is not None and made.action is not Action.MANUAL
    if command.name in _TAKEN:
        return True
    if command.name in LISTS:
        named = command.arguments[:1] if command.name == "set" else command.arguments[1:2]
        return any(a.text in shop.file.index.source_variables for a in named)
    return command.name not in ("target_sources",)


def _say_of_moves(shop: Shop, placed: Placed, index: int) -> None:
    """Say of a source that --rename-files moves and whose name no list has as it is."""
    ref = shop.ref(index)
    if not shop.site.rename or _suffix_of(shop, ".cu") == ".cu":
        return
    stem = posixpath.splitext(posixpath.basename(ref.name))[0]
    if "$" in stem or "@" in stem or "*" in stem or "?" in stem or not stem:
        del shop.made.decisions[index]
        suffix = posixpath.splitext(ref.name)[1]
        new = ref.name.removesuffix(suffix) + _suffix_of(shop, suffix)
        if "$" in stem or "@" in stem or not stem:
            shop.made.decide(index, NO_PLACE)
            args = {"name": ref.name, "target": shop.site.target.name(), "case": "moved"}
            shop.made.findings.append(finding(DROPPED, ref.span, args, (index,)))
            return
        shop.edit(index, new)
        shop.change(placed.number, [replaced(shop.file.data, ref.span, new)], [index])
