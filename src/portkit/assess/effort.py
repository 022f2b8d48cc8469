# SPDX-License-Identifier: Apache-2.0
"""The effort model: a range of hours, from the small table effort.toml. An order of magnitude, not
a quotation.

docs/effort.md says what the hours stand for and what they leave out.
"""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from portkit.config.keys import EffortKeys
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding
from portkit.model.words import Effort, Severity

Range = tuple[float, float]


class EffortHint(msgspec.Struct, frozen=True):
    """Hours of one person who knows CUDA: at the low and at the high end."""

    low: float
    high: float


class EffortItem(msgspec.Struct, frozen=True):
    """The hours of one rule: `items` different names or constructs, met `places` times. `rule` is
    "review" for reading.
    """

    rule: str
    items: int
    places: int
    low: float
    high: float


class EffortTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data of effort.toml: (low, high) hours by effort and by rule id or prefix, and the share
    of a repeated item.
    """

    hours: dict[Effort, Range]
    rules: dict[str, Range]
    repeat: dict[str, Range]
    review: dict[str, Range]

    def of(self, rule: str, effort: Effort) -> Range:
        """Return the hours of one item: those of the longest prefix of the rule's id, else those of
        its effort.
        """
        prefix = max((p for p in self.rules if rule.startswith(p)), key=len, default="")
        return self.rules[prefix] if prefix else self.hours[effort]


@functools.cache
def effort_table() -> EffortTable:
    """Return the table, validated."""
    text = (Path(__file__).parent / "effort.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), EffortTable, strict=False)


def changed_table(keys: EffortKeys | None) -> EffortTable:
    """Return the table with a configuration's hours in place of its own. Raises PortkitError when
    low exceeds high.
    """
    table = effort_table()
    if keys is None:
        return table
    named = [
        *keys.hours.items(),
        *keys.rules.items(),
        ("repeat", keys.repeat),
        ("review", keys.review),
    ]
    for name, pair in named:
        if pair is not None and pair[0] > pair[1]:
            raise PortkitError(
                f"effort: {name} = [{pair[0]:g}, {pair[1]:g}]: the low end lies above the high one"
            )
    return EffortTable(
        {**table.hours, **{Effort(name): pair for name, pair in keys.hours.items()}},
        {**table.rules, **keys.rules},
        table.repeat if keys.repeat is None else {"share": keys.repeat},
        table.review if keys.review is None else {"file": keys.review},
    )


def by_rule(
    findings: Iterable[Finding], edited_files: int, table: EffortTable | None = None
) -> tuple[EffortItem, ...]:
    """Return the hours by rule, the most expensive first, with those of reading the rewritten files
    as `review`.

    Findings of severity `info` cost nothing. The first of a (rule, name) counts in full, each
    further one by `repeat`.
    """
    table = table or effort_table()
    groups: Counter[tuple[str, str, Effort]] = Counter()
    for item in findings:
        if item.severity > Severity.INFO:
            name = (
                item.args.get("name") or item.args.get("macro") or item.args.get("mnemonics") or ""
            )
            groups[(item.rule, name, item.effort)] += 1
    items: Counter[str] = Counter()
    places: Counter[str] = Counter()
    hours: dict[str, list[float]] = {}
    for (rule, _, effort), count in sorted(groups.items()):
        items[rule] += 1
        places[rule] += count
        for end in (0, 1):
            cost = table.of(rule, effort)[end] * (1 + (count - 1) * table.repeat["share"][end])
            hours.setdefault(rule, [0.0, 0.0])[end] += cost
    made = [EffortItem(rule, items[rule], places[rule], *hours[rule]) for rule in hours]
    made.sort(key=lambda e: (-e.high, e.rule))
    if edited_files:
        low, high = table.review["file"]
        made.append(
            EffortItem(
                "review", edited_files, edited_files, edited_files * low, edited_files * high
            )
        )
    return tuple(made)


def total(items: Iterable[EffortItem]) -> EffortHint:
    """Return the sum of the hours by rule, to one decimal."""
    low, high = 0.0, 0.0
    for item in sorted(items, key=lambda e: e.rule):
        low, high = low + item.low, high + item.high
    return EffortHint(round(low, 1), round(high, 1))
