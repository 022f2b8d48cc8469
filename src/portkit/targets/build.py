# SPDX-License-Identifier: Apache-2.0
"""All that a target knows of builds, read when the first build file is planned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from portkit.targets.build_facts import BuildFacts, BuildRows, load_build_facts
from portkit.targets.flags import FlagTable, load_flags
from portkit.targets.other_rows import OtherTable


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
    arch: str,
) -> Build:
    """Read it from a target's folder. Raises PortkitError for faults."""
    facts = load_build_facts(folder, profile, profiles, sources)
    return Build(facts, BuildRows(others), load_flags(folder, profile, sources), arch)
