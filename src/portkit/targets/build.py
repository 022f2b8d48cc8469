# SPDX-License-Identifier: Apache-2.0
"""All that a target knows of builds, read when the first build file is planned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from portkit.targets.build_facts import BuildFacts, BuildRows, load_build_facts
from portkit.targets.flags import FlagTable, load_flags
from portkit.targets.other_rows import OtherTable
from portkit.targets.schema import Facts


class Build(msgspec.Struct, frozen=True):
    """`facts`: how a build looks; `rows`: of names in build files; `flags`: of options; `arch`: what
    stands for the profile's card in options, "" where it is not known.
    """

    facts: BuildFacts
    rows: BuildRows
    flags: FlagTable
    arch: str


def load_build(
    folder: Path,
    profile: str,
    profiles: Collection[str],
    others: OtherTable,
    sources: Mapping[str, str],
    known: Facts,
) -> Build:
    """Read it from a target's folder. Raises PortkitError for faults.

    Of a profile whose wrapper builds CUDA's files as they are, its own rows speak alone: those of
    all profiles say what a build without the wrapper needs.
    """
    facts = load_build_facts(folder, profile, profiles, sources)
    if known.as_is:
        own, others = folder / f"build@{profile}.csv", OtherTable(others.sources, others.recipes)
        if own.is_file():
            others.read(own)
    flags = load_flags(folder, profile, sources, shared=not known.as_is)
    return Build(facts, BuildRows(others), flags, known.arch or "")
