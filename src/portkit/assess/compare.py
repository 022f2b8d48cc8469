# SPDX-License-Identifier: Apache-2.0
"""Several plans of one scan side by side: what blocks by library and by rule, and where the targets
part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from portkit.assess.readiness import Assessment, all_findings
from portkit.model.plans import Plan
from portkit.model.words import Action


class Column(msgspec.Struct, frozen=True):
    """One target's side of a comparison: blocking findings by library ("" = of no name) and by
    rule.
    """

    spec: str
    assessment: Assessment
    by_library: dict[str, int]
    by_rule: dict[str, int]


class Comparison(msgspec.Struct, frozen=True):
    """The columns in the order of the plans; `differ`: references that some target edits or keeps
    and another leaves to a person.
    """

    columns: tuple[Column, ...]
    references: int
    differ: int


def compare(plans: Sequence[tuple[Plan, Assessment]]) -> Comparison:
    """Return the comparison of plans that were all made of the same scan."""
    columns = tuple(_column(plan, assessment) for plan, assessment in plans)
    total = differ = 0
    for files in zip(*(plan.files for plan, _ in plans), strict=True):
        for decisions in zip(*(f.decisions for f in files), strict=True):
            total += 1
            differ += len({d.action is Action.MANUAL for d in decisions}) > 1
    return Comparison(columns, total, differ)


def _column(plan: Plan, assessment: Assessment) -> Column:
    libraries: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    references = {f.scan.path: f.scan.references for f in plan.files}
    for path, item in all_findings(plan):
        if item.blocking and not item.suppressed:
            rules[item.rule] += 1
            libraries[
                references[path][item.references[0]].library or "unknown" if item.references else ""
            ] += 1
    return Column(f"{plan.target}@{plan.profile}", assessment, dict(libraries), dict(rules))
