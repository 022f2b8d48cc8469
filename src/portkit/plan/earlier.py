# SPDX-License-Identifier: Apache-2.0
"""Plans of single files that were made before: by an earlier run, or for this one's first plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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

    def __init__(self, files: Iterable[FilePlan]) -> None:
        self._made = {file.scan.path: file for file in files}

    def plan(
        self,
        file: FileScan,
        launches: Launches,
        macros: TreeMacros,
        make: Callable[[Launches, TreeMacros], FilePlan],
    ) -> FilePlan:
        """Return the plan of a file as it was made, or what `make` returns."""
        made = self._made.get(file.path)
        return made if made is not None else make(launches, macros)
