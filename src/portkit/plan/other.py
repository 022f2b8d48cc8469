# SPDX-License-Identifier: Apache-2.0
"""The plan of a file of another language than C++: constructs of its build by what stands around
them, other names as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portkit.languages.registry import LANGUAGES
from portkit.model.plans import Decision, Finding
from portkit.model.spans import Edit
from portkit.model.words import BUILD_LIBRARY, Action, Reason
from portkit.plan.conflicts import separate_conflicts
from portkit.plan.decide import Policy
from portkit.plan.edit import make_edit
from portkit.plan.suppress import Suppressions
from portkit.plan.taken_back import left_to_person
from portkit.rules.view import FileSource
from portkit.targets.target import Target

Planned = tuple[tuple[Decision, ...], Sequence[Edit], Sequence[Finding]]


def plan_other(
    source: FileSource,
    named: Callable[[], Sequence[Decision]],
    target: Target,
    policy: Policy,
    marks: Suppressions,
) -> Planned:
    """Return decisions, edits and findings of a file. `named` gives the decisions on its references as
    names; `policy`: that of the file.
    """
    file = source.scan
    if not file.references:
        return (), (), ()
    from portkit.plan.building.made import Made
    from portkit.plan.building.plan import plan_build

    made = Made()
    if not _leaves_out_builds(policy):
        made = plan_build(source, target, policy.floors, policy.build, rename=policy.rename)
    count = len(file.references)
    others = named() if len(made.decisions) < count else ()
    both = tuple(made.decisions[i] if i in made.decisions else others[i] for i in range(count))
    decisions, edits = made.settled(marks.leave(file.references, both))
    spell = LANGUAGES[file.language].spell
    edits += [
        make_edit(r, d, source.data, spell)
        for i, (r, d) in enumerate(zip(file.references, decisions, strict=True))
        if d.action is Action.EDIT and i not in made.decisions
    ]
    kept, dropped = separate_conflicts(edits)
    return left_to_person(file, decisions, dropped, Reason.CONFLICT), kept, made.findings


def _leaves_out_builds(policy: Policy) -> bool:
    """Does the user select other libraries alone, or skip builds? Then all of it stays."""
    chosen = not policy.only or BUILD_LIBRARY in policy.only
    return not chosen or BUILD_LIBRARY in policy.skip
