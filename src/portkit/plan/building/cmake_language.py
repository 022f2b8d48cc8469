# SPDX-License-Identifier: Apache-2.0
"""CUDA as a language of a CMake project, and the packages that it looks for."""

from __future__ import annotations

from portkit.languages.cmake.names import names
from portkit.model.plans import Decision
from portkit.model.spans import Edit
from portkit.model.words import Action, Kind, Reason
from portkit.plan.building.cmake_file import Placed
from portkit.plan.building.cmake_shop import NO_PLACE, Shop
from portkit.plan.building.findings import VERSION
from portkit.plan.building.made import replaced
from portkit.plan.building.names import by_name, row_of
from portkit.rules.registry import finding

FALLS_BACK = "PK714"
_NO_LANGUAGE = frozenset({"LANGUAGES", "VERSION", "DESCRIPTION", "HOMEPAGE_URL", "OPTIONAL"})
_WITH_VALUE = frozenset({"VERSION", "DESCRIPTION", "HOMEPAGE_URL"})


def plan_language(shop: Shop, placed: Placed) -> None:
    """Put the target's lines in the place of CUDA as a language: behind a project's command, or
    instead of `enable_language`. A project that only asks whether there is CUDA is a person's: the
    other answer builds for the CPU.
    """
    command = placed.command
    asked = [i for i in placed.refs if shop.ref(i).kind is Kind.LANGUAGE]
    if not asked:
        return
    if command.name == "check_language":
        shop.leave(asked[0], NO_PLACE, FALLS_BACK)
        return
    arguments = {a.span: a for a in command.arguments}
    mine = [arguments[shop.ref(i).span] for i in asked]
    named = {m.text for m in mine}
    others = [a for a in _languages(placed) if a not in named]
    edits: list[Edit]
    lines = list(shop.way.text(shop.site.build.arch)) if shop.turned is None else []
    if command.name == "enable_language" and not others:
        edits = [shop.file.instead(command, lines)]
    else:
        edits = [shop.file.without(a) for a in mine]
        if command.name == "project" and not any(o == "CXX" or "$" in o for o in others):
            edits[0] = replaced(shop.file.data, mine[0].span, "CXX")
        if lines:
            edits.append(shop.file.after(command, lines))
    row = row_of(shop.ref(asked[0]), shop.site)
    new = shop.way.language or (shop.way.lines[0] if shop.way.lines else "")
    for index in asked:
        shop.edit(index, new, row)
    change = shop.change(placed.number, edits, asked)
    if lines:
        shop.turned = change


def _languages(placed: Placed) -> list[str]:
    """Return the languages that a command names."""
    texts = [a.text for a in placed.command.arguments]
    if placed.command.name != "project":
        return [t for t in texts if t not in _NO_LANGUAGE]
    found, skip = list[str](), True  # the project's name
    for text in texts:
        if not skip and text not in _NO_LANGUAGE:
            found.append(text)
        skip = text in _WITH_VALUE
    return found


def plan_package(shop: Shop, placed: Placed) -> None:
    """Plan the package that a command looks for, where the command begins with one of CUDA's."""
    command = placed.command
    index = next((i for i in placed.refs if shop.ref(i).kind is Kind.PACKAGE), None)
    if index is None:
        return
    ref, given = shop.ref(index), [a.text for a in command.arguments[1:]]
    if given and given[0][:1].isdigit():
        row = row_of(ref, shop.site)
        shop.leave(index, Decision(Action.MANUAL, Reason.GUARD_VALUE, row=row), VERSION)
        return
    if f"{ref.name}_FOUND" in shop.file.index.asked and "REQUIRED" not in given:
        args = {"name": ref.name, "case": "optional"}
        shop.made.findings.append(finding(FALLS_BACK, ref.span, args, (index,), blocking=False))
    if ref.name in shop.way.covered:
        first = shop.turned is None and not shop.file.turns_on
        lines = list(shop.way.text(shop.site.build.arch)) if first else []
        shop.edit(index, "", row_of(ref, shop.site), dropped=True)
        change = shop.change(placed.number, [shop.file.instead(command, lines)], [index])
        if lines:
            shop.turned = change
        return
    decision = by_name(ref, shop.site)
    if decision.action is not Action.EDIT:
        shop.leave(index, decision)
        return
    shop.made.decide(index, decision)
    edits = [replaced(shop.file.data, ref.span, decision.replacement)]
    if ref.name in names().toolkit and shop.turned is None and not shop.rooted:
        edits.append(shop.file.before(command, shop.way.root))
        shop.rooted = True
    shop.change(placed.number, edits, [index])
