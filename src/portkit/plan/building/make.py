# SPDX-License-Identifier: Apache-2.0
"""The plan of a file of Make's: the compiler's lines first, then options by the table of flags, then
names by their rows.
"""

from __future__ import annotations

from portkit.languages.make.makefile import Makefile, read_makefile
from portkit.plan.building.made import BuildSite, Made, inserted
from portkit.plan.building.make_flags import plan_flags
from portkit.plan.building.make_lines import plan_lines
from portkit.plan.building.make_names import plan_name
from portkit.plan.building.make_shop import NO_PLACE, MakeShop
from portkit.rules.view import FileSource


def _file(source: FileSource) -> Makefile:
    return read_makefile(source.data)


def plan_file(site: BuildSite, made: Made) -> None:
    """Decide the references of a file that are not decided, with edits and findings."""
    way = site.build.facts.make
    if way is None:
        return
    shop = MakeShop(site, made, way, site.source.once(_file))
    if site.route == "beside":
        for index in shop.open():
            shop.leave(index, NO_PLACE)
        return
    plan_lines(shop)
    plan_flags(shop)
    for index in shop.open():
        plan_name(shop, index)
    _say_where(shop)


def _say_where(shop: MakeShop) -> None:
    """Set the variable that holds where the SDK is, where words that were written name it and the
    file does not.
    """
    root, made = shop.way.root, shop.made
    named = f"$({root})".encode()
    edits = [e for e in made.edits if named in e.new]
    taken = {e.new for e in made.edits}
    if not edits or root in shop.reading.values or root.encode() in taken:
        return
    starts = [a.start for a in shop.file.assignments] + [r.start for r in shop.file.rules]
    starts += [shop.line_start(d.words[0].span.start) for d in shop.file.directives if d.words]
    groups = [made.groups[g] for g in {e.group for e in edits}]
    edit = inserted(min(starts), f"{root} ?= {shop.way.folder}{shop.eol}")
    made.change([edit], max(groups, key=len))
