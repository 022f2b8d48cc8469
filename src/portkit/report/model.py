# SPDX-License-Identifier: Apache-2.0
"""What every format renders: plans with their assessments, and how to read a file's bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portkit.assess.readiness import Assessment
from portkit.files.text import SourceText
from portkit.model import Plan, Scan


@dataclass(frozen=True)
class Report:
    """One run's result. `tables` maps a target to the hash of its tables; `read(rel)` gives a file's bytes."""

    scan: Scan
    plans: tuple[tuple[Plan, Assessment], ...]
    tables: dict[str, str]
    names: dict[str, str]
    read: Callable[[str], bytes]
    language: str = "en"
    colour: bool = False

    def text(self, rel: str, encoding: str) -> SourceText:
        """Return the positions of a file."""
        return SourceText(self.read(rel), encoding)
