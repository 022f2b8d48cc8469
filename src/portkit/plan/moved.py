# SPDX-License-Identifier: Apache-2.0
"""How much of a tree was moved already: the names of the target's that stand in its code."""

from __future__ import annotations

from collections.abc import Sequence

from portkit.model.plans import Plan
from portkit.targets.own_names import own_among
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary


def moved_in(targets: Sequence[Target], vocabulary: Vocabulary, plan: Plan) -> dict[str, int]:
    """Return, by file, how often its code has names that CUDA's become on the plan's target; files
    without any are left out. `targets`: those of the run; none on the way back to CUDA.
    """
    spec = f"{plan.target}@{plan.profile}"
    target = next((t for t in targets if t.spec == spec), None)
    if target is None:
        return {}
    looking = {f.scan.path: f.scan.facts.ported for f in plan.files if f.scan.facts.ported}
    words = {word for counts in looking.values() for word, _ in counts}
    own = own_among(words, target, vocabulary)
    found = {p: sum(n for word, n in counts if word in own) for p, counts in looking.items()}
    return {path: count for path, count in found.items() if count}
