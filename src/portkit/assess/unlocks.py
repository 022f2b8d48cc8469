# SPDX-License-Identifier: Apache-2.0
"""How many references each lower floor would turn into edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.words import Action, Exists, Pairs, Proof, Reason
from portkit.targets.floors import Floors

_WAITING = frozenset({Reason.UNPROVEN, Reason.SPELLING_ONLY, Reason.UNKNOWN})
_Need = tuple[Exists, Pairs, Proof]


def unlocks(
    references: Iterable[tuple[Reference, Decision, int]], floors: Floors
) -> dict[str, int]:
    """Return {what to give to --accept: references that it would rewrite beyond those of now}.

    `references` are those of a plan, each with how many are like it. A key names only the axes that
    it lowers; its count holds everything that this floor lets through.
    """
    needs: Counter[_Need] = Counter()
    for ref, decision, count in references:
        need = _need(ref, decision, floors)
        if need is not None:
            needs[need] += count
    found = {}
    for need in sorted(needs, reverse=True):
        let_through = (
            n for other, n in needs.items() if all(o >= f for o, f in zip(other, need, strict=True))
        )
        found[_spell(need, floors)] = sum(let_through)
    return found


def _need(ref: Reference, decision: Decision, floors: Floors) -> _Need | None:
    row = decision.row
    if (
        decision.action is not Action.MANUAL
        or decision.reason not in _WAITING
        or row is None
        or not decision.replacement
    ):
        return None
    proof = ref.proof or Proof.SPELLING
    return min(row.exists, floors.exists), min(row.pairs, floors.pairs), min(proof, floors.proof)


def _spell(need: _Need, floors: Floors) -> str:
    now = (floors.exists, floors.pairs, floors.proof)
    axes = zip(("exists", "pairs", "proof"), need, now, strict=True)
    return ",".join(f"{axis}={word.name.lower()}" for axis, word, floor in axes if word < floor)
