# SPDX-License-Identifier: Apache-2.0
"""Decisions under a profile whose wrapper builds CUDA's files as they are: they stay, and what the
wrapper is known to get wrong is a finding.
"""

from __future__ import annotations

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.words import Action, Kind, Reason, Status
from portkit.plan.building.findings import left
from portkit.plan.building.made import BuildSite, Made
from portkit.plan.building.names import row_of

AS_IS = Decision(Action.KEEP, Reason.AS_IS)
# Kinds that go round a wrapper: it is not on an absolute path.
_AROUND = frozenset({Kind.PATH})
_WRITTEN = frozenset({Kind.FLAG})  # whose other spelling has to be written all the same


def plan_wrapped(site: BuildSite, made: Made) -> None:
    """Decide all references that are not decided: kept, save where the profile's table says that
    the wrapper does not take them.
    """
    for index, ref in enumerate(site.references):
        if index not in made.decisions:
            decision = _decision(ref, site)
            made.decide(index, decision)
            if decision.action is Action.MANUAL:
                made.findings.append(left(index, ref, decision, site))


def _decision(ref: Reference, site: BuildSite) -> Decision:
    if ref.kind in _AROUND:
        return Decision(Action.MANUAL, Reason.STRUCTURE)
    row = row_of(ref, site)
    if row is None:
        return AS_IS
    if row.status in (Status.MANUAL, Status.NONE):
        return Decision(Action.MANUAL, Reason.ROW_MANUAL, row=row)
    if row.status is Status.MAPPED and ref.kind in _WRITTEN:
        return Decision(Action.MANUAL, Reason.DIFFERS, row.target, row)
    return Decision(Action.KEEP, Reason.AS_IS, row=row)
