# SPDX-License-Identifier: Apache-2.0
"""Plans of single files that were made before: by an earlier run, or for this one's first plan."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Protocol

from portkit.model.plans import FilePlan
from portkit.model.reading import FileScan
from portkit.plan.macros import TreeMacros

Launches = Mapping[str, tuple[str, ...]]


class Earlier(Protocol):
    """Plans of files that an earlier run made for a target (see run.plans)."""

    def plan(
        self,
        file: FileScan,
        launches: Launches,
        macros: TreeMacros,
        make: Callable[[Launches, TreeMacros], FilePlan],
    ) -> FilePlan:
        """Return the plan of a file: an earlier one, or what `make` returns."""


class MadePlans:
    """Plans of single files that were made for a target in this process: a plan without what was
    refused in some files differs in these alone.
    """

    def __init__(
        self,
        made: Mapping[str, FilePlan],
        refused: Container[str] = (),
        kept: Earlier | None = None,
    ) -> None:
        """`made`: by file; `refused`: files that are planned again, unless `kept` has them so."""
        self.made, self._refused, self._kept = made, refused, kept

    def plan(
        self,
        file: FileScan,
        launches: Launches,
        macros: TreeMacros,
        make: Callable[[Launches, TreeMacros], FilePlan],
    ) -> FilePlan:
        """Return the plan of a file as it was made or kept, or what `make` returns."""
        if file.path not in self._refused:
            return self.made[file.path]
        if self._kept is not None:
            return self._kept.plan(file, launches, macros, make)
        return make(launches, macros)
