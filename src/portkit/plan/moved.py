# SPDX-License-Identifier: Apache-2.0
"""How much of a tree was moved already: the names of the target's that stand in its code."""

from __future__ import annotations

from collections.abc import Sequence

from portkit.model.plans import Plan
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary


def moved_in(targets: Sequence[Target], vocabulary: Vocabulary, plan: Plan) -> dict[str, int]:
    """Return, by file, how often its code has names that CUDA's become on the plan's target; files
    without any are left out. `targets`: those of the run; none on the way back to CUDA.
    """
    spec = f"{plan.target}@{plan.profile}"
    target = next((t for t in targets if t.spec == spec), None)
    if target is None or target.as_is:
        return {}
    looking = {f.scan.path: f.scan.facts.ported for f in plan.files if f.scan.facts.ported}
    own = {
        word
        for word in {word for words in looking.values() for word, _ in words}
        if target.is_own_name(word) or target.is_vendor_header(word)
    }
    if not own:
        return {}
    from portkit.targets.own_names import own_names  # derives a vocabulary where it is not kept

    names = own_names(target, vocabulary) & own
    found = {p: sum(n for word, n in words if word in names) for p, words in looking.items()}
    return {path: count for path, count in found.items() if count}
