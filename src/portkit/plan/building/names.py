# SPDX-License-Identifier: Apache-2.0
"""The decision on a reference of a build file by its row alone, without what stands around it."""

from __future__ import annotations

import re

from portkit.languages.nvcc_flags import read_flags
from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.words import Action, Kind, Reason, Status
from portkit.plan.building.flags import decided
from portkit.plan.building.made import BuildSite

_CALLED = re.compile(r"(?:find_package|include)\((\w+)")
_PLAIN = re.compile(r"\w+")
# Kinds of rows in build.csv, in the order in which they are asked.
KINDS: dict[Kind, tuple[str, ...]] = {
    Kind.IMPORTED_TARGET: ("cmake", "library"),
    Kind.PACKAGE: ("cmake", "buildflag", "docker"),
    Kind.VARIABLE: ("cmake", "buildflag", "make", "env"),
    Kind.PROPERTY: ("cmake", "buildflag"),
    Kind.COMMAND: ("cmake", "buildflag", "python"),
    Kind.LANGUAGE: ("cmake", "buildflag"),
    Kind.CONDITION: ("cmake",),
    Kind.LINK_LIBRARY: ("lib",),
    Kind.TOOL: ("make", "tool", "shell"),
    Kind.PATH: ("env",),
    Kind.IMAGE: ("docker",),
    Kind.KEY: ("python",),
}


def row_of(ref: Reference, site: BuildSite) -> Row | None:
    """Return what the target says of the name in a reference of a build; of an option its row."""
    rows, name = site.build.rows, ref.name
    if ref.kind is Kind.FLAG:
        found = next((site.build.flags.find(u) for u in read_flags(name.split(" ", 1))), None)
        return found.row if found is not None else None
    if ref.kind is Kind.ARCH:
        return _arch_row(site)
    if ref.kind is Kind.ENVIRONMENT:
        row = site.target.row(name, ref.kind, "environment")
        return row if row is not None and not row.derived else rows.variable(name) or row
    if ref.kind is Kind.HEADER:
        return site.target.row(name, ref.kind)
    if ref.kind is Kind.IMPORTED_TARGET and (plain := _library_of(ref, site)) is not None:
        return plain
    if ref.kind is Kind.IMAGE:
        image = name.rpartition("/")[2].partition(":")[0]
        repository = name.partition(":")[0].removesuffix(image) + image
        start = "--gpus" if name.startswith("--gpus") else f"FROM {repository}"
        return rows.beginning(ref.kind, KINDS[ref.kind], start, name)
    spelled = {
        Kind.PACKAGE: (f"find_package({name})", f"apt {name.partition('=')[0]}"),
        Kind.PROPERTY: (name, f"{name} (property)", f"target_compile_features({name})"),
        Kind.LANGUAGE: ("enable_language(CUDA)", "project(... LANGUAGES ... CUDA)"),
        Kind.CONDITION: ("$<COMPILE_LANGUAGE:CUDA>",),
        Kind.LINK_LIBRARY: (name.removeprefix("-l"),),
        Kind.PATH: ("/usr/local/cuda",),
    }.get(ref.kind, (name,))
    return rows.row(ref.kind, KINDS.get(ref.kind, ()), *spelled)


def _arch_row(site: BuildSite) -> Row | None:
    """Return the row of an architecture: the profile's card stands for any."""
    use = next(iter(read_flags(["-arch=sm_80"])))
    found = site.build.flags.find(use)
    return found.row if found is not None else None


def _library_of(ref: Reference, site: BuildSite) -> Row | None:
    """Return the row of the library that an imported target is, where plain names of libraries take
    the place of imported targets.
    """
    way = site.build.facts.cmake
    if way is None or way.imported != "plain":
        return None
    name = ref.name.rpartition("::")[2]
    return site.build.rows.row(ref.kind, ("lib",), _DRIVER.get(name, name))


_DRIVER = {"cuda_driver": "cuda"}  # as it is linked


def by_name(ref: Reference, site: BuildSite) -> Decision:
    """Return the decision on a reference as its row has it. Its `replacement` stands in the
    reference's bytes.
    """
    row = row_of(ref, site)
    if ref.kind is Kind.ARCH:
        return decided(row, site.floors, site.build.arch)
    if row is None:
        return Decision(Action.MANUAL, Reason.UNKNOWN)
    target = row.target
    if ref.kind is Kind.PACKAGE and (called := _CALLED.match(target)):
        target = called[1]
    if ref.kind is Kind.LINK_LIBRARY and ref.name.startswith("-l"):
        target = f"-l{target}"
    if ref.kind is Kind.VARIABLE and row.status is Status.MAPPED and not _PLAIN.fullmatch(target):
        return Decision(Action.MANUAL, Reason.STRUCTURE, target, row)
    return decided(row, site.floors, target)
