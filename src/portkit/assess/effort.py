# SPDX-License-Identifier: Apache-2.0
"""The effort hint: a range of hours, from the small table effort.toml. An order of magnitude, not a quotation."""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from portkit.model import Effort, Finding, Severity


class EffortHint(msgspec.Struct, frozen=True):
    """Hours of one person who knows CUDA: at the low and at the high end."""

    low: float
    high: float


class EffortTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data of effort.toml: (low, high) hours, and the share that a repeated item costs."""

    hours: dict[Effort, tuple[float, float]]
    repeat: dict[str, tuple[float, float]]
    review: dict[str, tuple[float, float]]


@functools.cache
def effort_table() -> EffortTable:
    """Return the table, validated."""
    text = (Path(__file__).parent / "effort.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), EffortTable, strict=False)


def estimate(findings: Iterable[Finding], edited_files: int) -> EffortHint:
    """Return the hours that findings above `info` and the review of rewritten files ask for.

    The first finding of a (rule, name) counts in full, each further one by the share `repeat`.
    """
    table = effort_table()
    groups: Counter[tuple[str, str, Effort]] = Counter()
    for item in findings:
        if item.severity > Severity.INFO:
            name = item.args.get("name") or item.args.get("macro") or item.args.get("mnemonics") or ""
            groups[(item.rule, name, item.effort)] += 1
    sums = []
    for end in (0, 1):
        share, hours = table.repeat["share"][end], edited_files * table.review["file"][end]
        for (_, _, effort), count in sorted(groups.items()):
            hours += table.hours[effort][end] * (1 + (count - 1) * share)
        sums.append(round(hours, 1))
    return EffortHint(*sums)
