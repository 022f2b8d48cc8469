# SPDX-License-Identifier: Apache-2.0
"""How a tree is built for a target after its build files were moved, or as they are."""

from __future__ import annotations

from collections.abc import Sequence

from portkit.model.plans import BuildGuide, FilePlan
from portkit.model.words import Context
from portkit.plan.decide import Policy
from portkit.targets.target import Target


def guide_of(files: Sequence[FilePlan], target: Target, policy: Policy) -> BuildGuide | None:
    """Return how the tree is built; None where no build file asks for CUDA, or where nothing is
    known of it.
    """
    if not hasattr(type(target), "build"):
        return None
    asks = any(
        ref.context is Context.BUILD and not ref.user for f in files for ref in f.scan.references
        if f.scan.language != "cxx"
    )  # fmt: skip
    if not asks:
        return None
    from portkit.plan.building.plan import route_of

    route, facts = route_of(policy.build, target), target.build.facts
    if route == "wrapper":
        wrapper = facts.wrapper
        commands = (wrapper.commands, wrapper.environment) if wrapper is not None else ((), ())
        return BuildGuide(route, *commands)
    way = facts.cmake
    configure = (way.configure,) if way is not None and way.configure else ()
    if way is not None and route == "beside" and configure:
        configure = (f"{way.configure} -D{way.switch}=ON",)
    return BuildGuide(route, configure)
