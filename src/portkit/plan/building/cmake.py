# SPDX-License-Identifier: Apache-2.0
"""The plan of a CMake file: one edit a command, never a word, and what cannot be rewritten surely
left to a person.
"""

from __future__ import annotations

from portkit.languages.cmake.names import architectures, names, versions
from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.words import Action, Kind, Reason
from portkit.plan.building.cmake_file import CMakeFile, Placed
from portkit.plan.building.cmake_flags import plan_behind, plan_list, plan_properties, plan_standard
from portkit.plan.building.cmake_language import FALLS_BACK, plan_language, plan_package
from portkit.plan.building.cmake_shop import NO_PLACE, Shop
from portkit.plan.building.cmake_targets import plan_adder, plan_source_properties, plan_sources
from portkit.plan.building.findings import ARCHITECTURE, VERSION, WAY, left
from portkit.plan.building.made import BuildSite, Made, replaced
from portkit.plan.building.names import by_name, row_of

_LANGUAGES = frozenset({"project", "enable_language", "check_language"})
_PACKAGES = frozenset({"find_package", "find_dependency"})
_CONDITIONS = frozenset({"if", "elseif", "while"})


def plan_file(site: BuildSite, made: Made) -> None:
    """Decide the references of a file that are not decided, with edits and findings."""
    way = site.build.facts.cmake
    if way is None:
        return
    if way.way == "none":
        _leave_everything(site, made)
        return
    shop = Shop(site, made, way)
    for placed in shop.file.placed:
        _plan_command(shop, placed)
    shop.settle_waiting()
    shop.finish()


def _leave_everything(site: BuildSite, made: Made) -> None:
    """Leave a file to a person whose target has no way that is known: half of it rewritten would
    build without its device sources.
    """
    for placed in CMakeFile(site, made).placed:
        for index in placed.refs:
            ref = site.references[index]
            row = row_of(ref, site)
            asks = placed.command.name == "check_language" and ref.kind is Kind.LANGUAGE
            detail = WAY if ref.kind is Kind.LANGUAGE and not asks else ""
            new = row.target if row is not None else ""
            decision = Decision(Action.MANUAL, Reason.STRUCTURE, new, row, detail)
            made.decide(index, decision)
            rule = FALLS_BACK if asks else _rule_of(ref)
            made.findings.append(left(index, ref, decision, site, rule))


def _rule_of(ref: Reference) -> str:
    """Return the rule on a variable that tells a version or holds architectures; "" for others."""
    if ref.kind is not Kind.VARIABLE:
        return ""
    if versions().fullmatch(ref.name):
        return VERSION
    return ARCHITECTURE if architectures().fullmatch(ref.name) else ""


def _plan_command(shop: Shop, placed: Placed) -> None:
    """Plan the references of one command: by its kind first, the rest by their names."""
    name = placed.command.name
    if placed.number in shop.file.adders:
        plan_adder(shop, placed)
    elif name in _LANGUAGES:
        plan_language(shop, placed)
    elif name in _PACKAGES:
        plan_package(shop, placed)
    elif name == "set_source_files_properties":
        plan_source_properties(shop, placed)
    for one in shop.file.index.lists.get(placed.number, ()):
        plan = plan_behind if one.behind is not None else plan_list
        plan(shop, placed, one)
    plan_properties(shop, placed)
    plan_sources(shop, placed)
    for index in placed.refs:
        if index not in shop.made.decisions:
            _plan_name(shop, placed, index)


def _plan_name(shop: Shop, placed: Placed, index: int) -> None:
    """Plan a reference by its name alone."""
    ref = shop.ref(index)
    rule = _rule_of(ref)
    if rule == VERSION:
        row = row_of(ref, shop.site)
        shop.leave(index, Decision(Action.MANUAL, Reason.GUARD_VALUE, row=row), VERSION)
        return
    if rule == ARCHITECTURE:
        _plan_architecture(shop, placed, index)
        return
    if _is_standard(placed, ref) and shop.way.way != "language":
        plan_standard(shop, placed, index)
        return
    if ref.kind is Kind.LANGUAGE:
        _plan_language_word(shop, placed, index)
        return
    decision = by_name(ref, shop.site)
    if decision.action is Action.EDIT and not _is_sure(shop, placed, index):
        decision = Decision(Action.MANUAL, Reason.STRUCTURE, decision.replacement, decision.row)
    if decision.action is Action.MANUAL:
        shop.leave(index, decision)
        return
    shop.made.decide(index, decision)
    if decision.action is Action.EDIT:
        edits = [replaced(shop.file.data, ref.span, decision.replacement)]
        edits += shop.looked_for(decision.replacement, placed)
        shop.change(placed.number, edits, [index])


def _is_standard(placed: Placed, ref: Reference) -> bool:
    """Is a variable set that says which C++ device code is?"""
    known, command = names(), placed.command
    asks = ref.name == known.standard_variable or ref.name in known.with_standard_variable
    return asks and command.name == "set" and command.arguments[0].span == ref.span


def _plan_language_word(shop: Shop, placed: Placed, index: int) -> None:
    """Plan the language in the place of a value: another language stands there as CUDA did."""
    new = shop.way.language
    if not new or placed.command.name in ("set", "list"):  # a project says its languages by it
        shop.leave(index, NO_PLACE)
        return
    ref = shop.ref(index)
    shop.edit(index, new, row_of(ref, shop.site))
    shop.change(placed.number, [replaced(shop.file.data, ref.span, new)], [index])


def _is_sure(shop: Shop, placed: Placed, index: int) -> bool:
    """Is the plain edit of a name right where it stands?"""
    ref, command = shop.ref(index), placed.command
    if ref.kind in (Kind.FLAG, Kind.PROPERTY, Kind.CONDITION, Kind.SOURCE, Kind.ARCH, Kind.TOOL):
        return False
    if ref.kind is Kind.IMPORTED_TARGET and shop.way.imported == "plain":
        return command.name in ("target_link_libraries", "link_libraries")
    if ref.kind is Kind.PATH:
        return not _leads_on(shop, ref.span.end)
    if ref.kind is Kind.VARIABLE and shop.way.flags and ref.name in names().plain_flags:
        return shop.way.flags_text
    return ref.kind is not Kind.VARIABLE or not _leads_on(shop, ref.span.end)


def _leads_on(shop: Shop, at: int) -> bool:
    """Does a path of the toolkit go on into a folder that another vendor's does not have so?"""
    following = shop.file.data[at : at + 12].removeprefix(b"}")
    return following.startswith((b"/lib64", b"/targets", b"/bin", b"/extras", b"-"))


def _plan_architecture(shop: Shop, placed: Placed, index: int) -> None:
    """Take a list of architectures away, for which the profile's card stands; a comparison is a
    person's.
    """
    command, ref = placed.command, shop.ref(index)
    sets = command.name == "set" and command.arguments[0].span.contains(ref.span)
    asks = command.name in _CONDITIONS and _asks_whether_set(placed)
    if sets and len(placed.refs) == 1:
        shop.edit(index, shop.site.build.arch, row_of(ref, shop.site))
        shop.change(placed.number, [shop.file.instead(command, [])], [index])
    elif asks:
        shop.keep(index, Reason.DROPPED)
    else:
        shop.leave(index, NO_PLACE, ARCHITECTURE)


def _asks_whether_set(placed: Placed) -> bool:
    """Is only asked whether a list of architectures is there?"""
    given = placed.command.arguments
    return len(given) <= 3 and {a.text for a in given[:-1]} <= {"NOT", "DEFINED"}
