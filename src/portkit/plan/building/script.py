# SPDX-License-Identifier: Apache-2.0
"""The plan of a script, an image's recipe, a pipeline or a list of packages: variables of the
environment and places of the toolkit follow their rows, all else is a person's.
"""

from __future__ import annotations

from portkit.languages.make.makefile import Makefile
from portkit.model.plans import Decision
from portkit.model.words import Action, Kind, Reason
from portkit.plan.building.findings import VERSION
from portkit.plan.building.made import BuildSite, Made
from portkit.plan.building.make_names import plan_name
from portkit.plan.building.make_shop import NO_PLACE, MakeShop
from portkit.plan.building.names import by_name

IMAGE = "PK711"
_NAMED = frozenset({Kind.ENVIRONMENT, Kind.PATH, Kind.SOURCE})
_BROUGHT = frozenset({Kind.IMAGE, Kind.PACKAGE})
_NOTHING = Makefile("", (), (), (), ())


def plan_file(site: BuildSite, made: Made) -> None:
    """Decide the references of a file that are not decided, with edits and findings."""
    way = site.build.facts.make
    if way is None:
        return
    shop = MakeShop(site, made, way, _NOTHING)
    for index in shop.open():
        ref = shop.ref(index)
        if ref.kind in _NAMED and site.route != "beside":
            plan_name(shop, index)
            continue
        decision = by_name(ref, site)
        if decision.action is Action.EDIT or decision.reason is Reason.SAME_SPELLING:
            row = decision.row
            decision = Decision(Action.MANUAL, Reason.STRUCTURE, decision.replacement, row)
        known = decision.row is not None or ref.kind in _BROUGHT
        shop.leave(index, decision if known else NO_PLACE, _rule(shop, index))


def _rule(shop: MakeShop, index: int) -> str:
    ref = shop.ref(index)
    if ref.kind is Kind.PACKAGE:
        return IMAGE
    behind = shop.data[ref.span.end : ref.span.end + 12].lstrip()
    asks = ref.kind is Kind.TOOL and behind.startswith((b"--version", b"-V"))
    return VERSION if asks else ""
