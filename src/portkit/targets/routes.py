# SPDX-License-Identifier: Apache-2.0
"""Routes of Python code to a target: mappings/<target>/routes.toml, checked as it is read.

A route is what a program does to run there: nothing (`keep`), an import that makes CUDA's names
work (`import`), names of the target (`rename`), or names that every platform has (`portable`).
What a route does not cover are its gaps; what a test will answer on it are its answers.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.reading import Gate, Reference

FILE = "routes.toml"
Way = Literal["keep", "import", "rename", "portable"]
Spoken = dict[Literal["en", "zh"], str]


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """References that a route does not cover: of these `kinds` and `contexts`, whose name, and what
    they stand in, match. `note` says why and what to do. `edit`: they are rewritten all the same,
    as the rename route would.
    """

    note: Spoken
    source: str
    kinds: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    names: str = ""
    within: str = ""

    def holds(self, ref: Reference) -> bool:
        """Return whether a reference is one of those."""
        return (
            (not self.kinds or ref.kind.value in self.kinds)
            and (not self.contexts or ref.context.value in self.contexts)
            and (not self.names or re.fullmatch(self.names, ref.name) is not None)
            and (not self.within or re.fullmatch(self.within, ref.qualifier) is not None)
        )


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tests of a kind (see `Gate.asks`) answer on a route. `value`: True, False or a version
    as 3.1; "" where it is not known; `by_profile`: of profiles with another one.
    """

    asks: str
    note: Spoken
    source: str
    value: str = ""
    names: str = ""
    by_profile: dict[str, str] = {}

    def at(self, profile: str) -> str:
        """Return the value on a profile."""
        return self.by_profile.get(profile, self.value)

    def holds(self, gate: Gate) -> bool:
        """Return whether a test is one of those."""
        named = not self.names or re.fullmatch(self.names, gate.name) is not None
        return gate.asks == self.asks and named


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One route. `line` is put `place` the first import of the framework; `modules` tell that it is
    there already. `importable`: modules of the target's that an import statement may name, beside
    those right below the framework. `adds`: names that its module adds, beside those of the rename route; `mirrors`:
    variables of the environment that it hands on. `profiles`: only there; empty: everywhere.
    """

    id: str
    way: Way
    title: Spoken
    source: str
    needs: tuple[Spoken, ...] = ()
    line: str = ""
    place: Literal["before", "after"] = "after"
    modules: tuple[str, ...] = ()
    importable: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    answers: tuple[Answer, ...] = ()

    def gap_of(self, ref: Reference) -> Gap | None:
        """Return the gap that a reference falls into."""
        return next((gap for gap in self.gaps if gap.holds(ref)), None)

    def answer_to(self, gate: Gate) -> Answer | None:
        """Return what a test answers."""
        return next((answer for answer in self.answers if answer.holds(gate)), None)


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row beside those of Python's table, which has one row a name and kind. `route`: the one
    that it belongs to, "" for any; the others as in a table.
    """

    name: str
    kind: str
    target: str
    status: Literal["mapped", "same", "dropped", "manual", "none"]
    exists: Literal["header", "linked", "usage", "doc", "table", "rule"]
    pairs: Literal["usage", "table", "alike", "no"]
    source: str
    route: str = ""
    note: str = ""
    profiles: tuple[str, ...] = ()


class Port(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A library that has a port: to be installed, not to be rewritten. `name`: its distribution, by
    which a tree is known for it; `install`: what the vendor or the library offers.
    """

    name: str
    install: str
    source: str
    profiles: tuple[str, ...] = ()


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of routes.toml. `platform`: modules that tell that a file is ported already."""

    route: tuple[Route, ...] = ()
    default: dict[str, str] = {}
    platform: tuple[str, ...] = ()
    port: tuple[Port, ...] = ()
    row: tuple[Said, ...] = ()

    def of(self, profile: str) -> list[Route]:
        """Return the routes of a profile, its default one first."""
        mine = [r for r in self.route if not r.profiles or profile in r.profiles]
        first = self.default.get(profile, self.default.get("", ""))
        return sorted(mine, key=lambda r: r.id != first)

    def ports(self, profile: str) -> list[Port]:
        """Return the libraries with a port for a profile."""
        return [p for p in self.port if not p.profiles or profile in p.profiles]

    def rows(self, profile: str) -> dict[tuple[str, str], Said]:
        """Return the rows of a profile by kind and name."""
        mine = (r for r in self.row if not r.profiles or profile in r.profiles)
        return {(r.kind, r.name): r for r in mine}


NOTHING = Routes()
COMMON = "cuda"  # the folder of the routes that lead to every target


@functools.cache
def load_routes(folder: Path) -> Routes:
    """Return the routes of a target's folder, and those that lead to every target; none without a
    file. Raises PortkitError.
    """
    own = own_routes(folder)
    if not own.route:
        return own
    common = own_routes(folder.parent / COMMON)
    return msgspec.structs.replace(own, route=(*own.route, *common.route))


def own_routes(folder: Path) -> Routes:
    """Return what a folder's file says. Raises PortkitError for a broken one."""
    path = folder / FILE
    if not path.is_file():
        return NOTHING
    try:
        routes = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Routes)
        for problem in faults(routes):
            raise PortkitError(f"broken table of routes: {problem}", str(path))
    except (
        tomllib.TOMLDecodeError,
        UnicodeDecodeError,
        msgspec.ValidationError,
        re.error,
    ) as error:
        raise PortkitError(f"broken table of routes: {error}", str(path)) from error
    return routes


def faults(routes: Routes, sources: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong with a table; with `sources`, ids that it does not have too."""
    ids = {route.id for route in routes.route}
    found = [
        f"the default route {name!r} of {profile or 'all'} is none"
        for profile, name in routes.default.items()
        if name not in ids
    ]
    for route in routes.route:
        texts = [route.title, *route.needs]
        texts += [*(g.note for g in route.gaps), *(a.note for a in route.answers)]
        if any({"en", "zh"} - text.keys() for text in texts):
            found.append(f"route {route.id}: a text is not in both languages")
        for gap in route.gaps:
            re.compile(gap.names)
            re.compile(gap.within)
    said = [(f"route {r.id}", r.source) for r in routes.route]
    said += [(f"route {r.id}", gap.source) for r in routes.route for gap in r.gaps]
    said += [(f"route {r.id}", answer.source) for r in routes.route for answer in r.answers]
    said += [(f"port {p.name}", p.source) for p in routes.port]
    said += [(f"row {r.name}", r.source) for r in routes.row]
    known = sources if sources is not None else {}
    if sources is not None:
        found += [
            f"{where}: unknown source id {word!r}"
            for where, text in said
            for word in text.split()
            if word not in known
        ]
    return found
