# SPDX-License-Identifier: Apache-2.0
"""The gate: the exit code by what was found (`--fail-on`, `--fail-under`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portkit.assess.readiness import Assessment, all_findings
from portkit.cli.said import say
from portkit.model.plans import Plan
from portkit.model.words import Severity


def gate(
    assessed: Sequence[tuple[Plan, Assessment]], options: Mapping[str, Any], default_level: str
) -> int:
    """Return 1 when a finding reaches the level or a readiness lies under the limit, saying so on
    stderr; else 0.
    """
    said = []
    level, limit = options["fail_on"] or default_level, options["fail_under"]
    for plan, assessment in assessed:
        target = f"{plan.target}@{plan.profile}"
        if level != "none":
            floor = Severity[level.upper()]
            count = sum(
                f.severity >= floor and not f.suppressed and not f.exempt
                for _, f in all_findings(plan)
            )
            if count:
                said.append(
                    f"{target}: {count} {'finding' if count == 1 else 'findings'} at or above {level}"
                )
        readiness = assessment.summary.readiness
        if limit is not None and readiness is not None and readiness < limit:
            said.append(f"{target}: readiness {readiness} is under {limit:g}")
    if not options["quiet"]:
        for text in said:
            say(f"portkit: {text}", err=True)
    return int(bool(said))
