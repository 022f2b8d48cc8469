# SPDX-License-Identifier: Apache-2.0
"""All that a target knows of builds, read when the first build file is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from portkit.targets.build_facts import BuildFacts, BuildRows, load_build_facts
from portkit.targets.flags import FlagTable, load_flags

if TYPE_CHECKING:
    from portkit.targets.target import Target


class Build(msgspec.Struct, frozen=True):
    """`facts`: how a build looks; `rows`: of names in build files; `flags`: of options; `arch`: what
    stands for the profile's card in options, "" where it is not known.
    """

    facts: BuildFacts
    rows: BuildRows
    flags: FlagTable
    arch: str

    @classmethod
    def of(cls, target: Target) -> Build:
        """Read it from the target's folder. Raises PortkitError for faults."""
        folder, profile, sources = target.folder, target.profile, target.sources
        return cls(
            load_build_facts(folder, profile, target.profiles, sources),
            BuildRows(target.others),
            load_flags(folder, profile, sources),
            target.facts.arch or "",
        )
