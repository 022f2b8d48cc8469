# SPDX-License-Identifier: Apache-2.0
"""What every format renders: plans with their assessments, how to read a file's bytes, and who made
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from portkit import __version__
from portkit.assess.readiness import Assessment
from portkit.assess.trend import Progress, Trend, trend
from portkit.files.text import SourceText
from portkit.model.plans import Plan
from portkit.model.reading import Scan

if TYPE_CHECKING:
    from portkit.assess.routes import Advice

Position = tuple[int, int]


class ToolInfo(msgspec.Struct, frozen=True):
    """Which portkit made a document: versions, and the digest of each target's tables by target id.

    `sdk`: by `id@profile`, the vendor's SDK on this machine whose headers and libraries prove some
    names.
    """

    name: str = "portkit"
    version: str = ""
    clang: str = ""
    vocabulary: str = ""
    tables: dict[str, str] = {}
    sdk: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


def tool_info(
    scan: Scan, tables: Mapping[str, str] | None = None, sdk: Mapping[str, str] | None = None
) -> ToolInfo:
    """Return the tool's identity for a scan. `tables` maps a target to the hash of its tables,
    `sdk` to the SDK in use.
    """
    proved = dict(sorted(sdk.items())) if sdk else msgspec.UNSET
    return ToolInfo(
        "portkit",
        __version__,
        scan.clang,
        scan.vocabulary,
        dict(sorted((tables or {}).items())),
        proved,
    )


class Report(msgspec.Struct, frozen=True):
    """One run's result.

    `tables` maps a target to the hash of its tables, `names` to its name for people, `all_names`
    the same by language; `read(rel)` gives a file's bytes as scanned. `colour`, `width` (columns, 0
    = ask the terminal) and `verbose` matter to text only.
    """

    scan: Scan
    plans: tuple[tuple[Plan, Assessment], ...]
    tables: dict[str, str]
    names: dict[str, str]
    read: Callable[[str], bytes]
    language: str = "en"
    colour: bool = False
    width: int = 0
    verbose: int = 0
    compact: bool = False  # text: findings and one line a target, for hooks
    compared: bool = False  # with a baseline
    all_names: Mapping[str, Mapping[str, str]] = msgspec.field(default_factory=dict)
    # by id@profile: the SDK on this machine that proves names
    sdk: Mapping[str, str] = msgspec.field(default_factory=dict)

    # the routes of Python code to each target; none where there is no such code
    advice: tuple[Advice, ...] = ()

    # what a report that was saved counted, by id@profile
    earlier: Mapping[str, Progress] = msgspec.field(default_factory=dict)

    def trend(self, plan: Plan, assessment: Assessment) -> Trend | None:
        """Return how far a plan has come since the earlier report; None without one."""
        spec = f"{plan.target}@{plan.profile}"
        return trend(spec, assessment.summary.parts, self.earlier)

    @property
    def tool(self) -> ToolInfo:
        """Who made this report."""
        return tool_info(self.scan, self.tables, self.sdk)

    def positions(self, rel: str, offsets: Iterable[int]) -> dict[int, Position]:
        """Return the 1-based (line, column) of byte offsets of a file; it is read only when there
        is any beyond 0.
        """
        wanted = sorted(set(offsets))
        if not wanted or wanted == [0]:
            return {0: (1, 1)}
        return SourceText(self.read(rel)).positions(wanted)
