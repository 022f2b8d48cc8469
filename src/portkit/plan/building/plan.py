# SPDX-License-Identifier: Apache-2.0
"""The plan of one build file: its route, the module of its language, and what is left."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable
from typing import cast

from portkit.model.errors import PortkitError
from portkit.model.plans import Decision
from portkit.model.words import Action, Context, Reason
from portkit.plan.building.findings import left
from portkit.plan.building.made import ROUTES, BuildSite, Made, Route
from portkit.plan.building.names import by_name
from portkit.plan.building.wrapper import plan_wrapped
from portkit.rules.view import FileSource
from portkit.targets.floors import Floors
from portkit.targets.target import Target

_OWN = Decision(Action.KEEP, Reason.USER_DECLARED)
_PORTED = Decision(Action.KEEP, Reason.VENDOR_CODE)
_APART = Decision(Action.KEEP, Reason.NOT_SELECTED)
_OTHER = Decision(Action.KEEP, Reason.OTHER_VENDOR)


def route_of(asked: str, target: Target) -> Route:
    """Return how builds are moved: what is asked for, else the route of the profile.

    Raises PortkitError for a wrapper that the profile does not have.
    """
    if not asked:
        return "wrapper" if target.as_is else "replace"
    if asked not in ROUTES:
        raise PortkitError(f"--build: unknown word {asked!r}", hint=" or ".join(ROUTES))
    if asked == "wrapper" and not target.as_is:
        wrapped = [n for n, own in target.profiles.items() if own.as_is]
        hint = f"{target.id}@{wrapped[0]} is one" if wrapped else ""
        raise PortkitError(
            f"--build wrapper: {target.spec} has no wrapper that builds CUDA", hint=hint
        )
    if asked != "wrapper" and target.as_is:
        raise PortkitError(f"--build {asked}: {target.spec} builds CUDA's files as they are")
    return asked


def plan_build(
    source: FileSource, target: Target, floors: Floors, route: str = "", *, rename: bool = False
) -> Made:
    """Return what becomes of the references of a build in a file. Others are not looked at."""
    made = Made()
    if not hasattr(type(target), "build"):  # on the way back to CUDA
        for index, ref in enumerate(source.references):
            if ref.context is Context.BUILD:
                made.decide(index, _APART)
        return made
    site = BuildSite(source, target, floors, route_of(route, target), rename)
    for index, ref in enumerate(source.references):
        if ref.context is not Context.BUILD:
            continue
        if ref.user:
            made.decide(index, _OWN)
        elif (whose := _guarded(ref.guard, site)) is not None:
            made.decide(index, whose)
    if len(made.decisions) == len(source.references):
        return made
    planner = _planner(source.scan.language)
    if planner is not None and site.route != "wrapper":
        planner(site, made)
    if site.route == "wrapper":
        plan_wrapped(site, made)
    for index, ref in enumerate(source.references):
        if ref.context is Context.BUILD and index not in made.decisions:
            decision = by_name(ref, site)
            if decision.action is Action.EDIT:  # nothing here says that an edit is right
                row, new = decision.row, decision.replacement
                decision = Decision(Action.MANUAL, Reason.STRUCTURE, new, row)
            made.decide(index, decision)
            if decision.action is Action.MANUAL:
                made.findings.append(left(index, ref, decision, site))
    return made


def _guarded(guard: str, site: BuildSite) -> Decision | None:
    """Return the decision on what stands in a branch of a vendor's own switch, or in the branch
    beside it; None for any other.
    """
    if not guard:
        return None
    way = site.build.facts.cmake
    own = {*site.target.vendor_macros, *([way.switch] if way is not None and way.switch else [])}
    for one in guard.split(";"):
        if one.lstrip("!") in own:
            return _PORTED
        if one in site.target.other_vendor_macros:
            return _OTHER
    return None


@functools.cache
def _planner(language: str) -> Callable[[BuildSite, Made], None] | None:
    """Return what plans the files of a language beyond names: a module of this package that is
    called as the language is.
    """
    name = f"portkit.plan.building.{language}"
    if importlib.util.find_spec(name) is None:
        return None
    return cast(Callable[[BuildSite, Made], None], importlib.import_module(name).plan_file)
