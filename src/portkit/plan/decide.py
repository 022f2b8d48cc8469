# SPDX-License-Identifier: Apache-2.0
"""One decision for one reference: a pure, total function of the reference, the target's row and the
policy.
"""

from __future__ import annotations

from typing import Any

import msgspec

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.words import Action, Context, Exists, Kind, Pairs, Proof, Reason, Status
from portkit.plan.selection import Selection
from portkit.targets.floors import Floors
from portkit.targets.recipes import is_mechanical
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# Where a macro is only named: whether it is defined is asked, or that it no longer shall be.
_NO_VALUE = frozenset({Context.DEFINED, Context.DIRECTIVE})


class PathPolicy(msgspec.Struct, frozen=True):
    """What is different for the paths that `matches` (see files.patterns).

    What is None stays as it is, `skip` adds.
    """

    matches: Any
    floors: Floors | None = None
    only: frozenset[str] | None = None
    skip: frozenset[str] = frozenset()


class Policy(msgspec.Struct, frozen=True):
    """What the user accepts and selects; `overrides` change it for some paths, a later one wins.

    `build`: the route of build files, "" for the profile's own; `rename`: device sources get the
    target's suffixes.
    """

    floors: Floors = Floors()
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    selection: Selection = Selection()
    overrides: tuple[PathPolicy, ...] = ()
    build: str = ""
    rename: bool = False

    def at(self, path: str) -> Policy:
        """Return the policy of one file (POSIX, relative to the root)."""
        floors, only, skip = self.floors, self.only, self.skip
        for one in self.overrides:
            if one.matches.match_file(path):
                floors = floors if one.floors is None else one.floors
                only = only if one.only is None else one.only
                skip = skip | one.skip
        if not self.overrides:
            return self
        return Policy(floors, only, skip, self.selection, (), self.build, self.rename)


def decide(
    ref: Reference, target: Target, vocabulary: Vocabulary, policy: Policy, ported: bool
) -> Decision:
    """Return the decision on `ref`. `ported` says that its file or branch is the vendor's own code
    already.
    """
    if ref.user:
        return Decision(Action.KEEP, Reason.PROJECT_HEADER if ref.project else Reason.USER_DECLARED)
    if ref.context is Context.COMMENT:
        return Decision(Action.KEEP, Reason.IN_COMMENT)
    if ported:
        return Decision(Action.KEEP, Reason.VENDOR_CODE)
    if (policy.only and ref.library not in policy.only) or ref.library in policy.skip:
        return Decision(Action.KEEP, Reason.NOT_SELECTED)
    if ref.context is Context.PASTE and ref.kind is Kind.NAMESPACE:
        return Decision(Action.MANUAL, Reason.PASTE_OPERAND)
    row = target.row(ref.name, ref.kind, ref.library, ref.qualifier)
    if target.as_is and row is not None and row.status is Status.MAPPED and row.derived:
        row = None  # how the vendor names things says nothing of what its wrapper has
    if ref.context is Context.PASTE:
        return Decision(Action.MANUAL, Reason.PASTE_OPERAND, row=row)
    if ref.context is Context.STRING:
        if row is not None and row.status is Status.SAME:
            return Decision(Action.KEEP, Reason.SAME_SPELLING, row=row)
        return Decision(Action.MANUAL, Reason.IN_STRING, row=row)
    if ref.context not in _NO_VALUE and (
        ref.name in vocabulary.arch_macros or ref.name in vocabulary.version_macros
    ):
        return Decision(Action.MANUAL, Reason.GUARD_VALUE, row=row)
    if ref.context is Context.DEFINED and vocabulary.is_header_guard(ref.name):
        made = _guard_test(ref, row)
        if made is not None:
            return made
    if row is not None and row.recipe:
        row = mended(row, target)
    decision = decide_by_row(ref, row, policy)
    return _unrenamed(decision) if target.as_is and decision.replacement else decision


def _guard_test(ref: Reference, row: Row | None) -> Decision | None:
    """Return the decision on a test of a header's include guard; None: as for any other name.

    Only the header itself says what its guard is called: a table of names, or code that was ported
    by one, may test a macro that nothing defines, and the code behind it would vanish in silence.
    """
    if row is None:
        return Decision(Action.MANUAL, Reason.HEADER_GUARD)
    if row.status is not Status.MAPPED or row.exists >= Exists.HEADER:
        return None
    return Decision(Action.MANUAL, Reason.HEADER_GUARD, replacement_for(ref, row) or "", row)


def _unrenamed(decision: Decision) -> Decision:
    """Return the decision under a profile that compiles CUDA as it is: what would be renamed works
    as spelt.
    """
    if decision.action is Action.EDIT or decision.reason is Reason.SPELLING_ONLY:
        return Decision(Action.KEEP, Reason.AS_IS, row=decision.row)
    return Decision(decision.action, decision.reason, row=decision.row)


def mended(row: Row, target: Target) -> Row:
    """Return the row with the pairing that its recipe makes, when no person is needed for it."""
    recipe = target.recipes.get(row.recipe)
    if recipe is None or not is_mechanical(recipe) or row.pairs is not Pairs.NO:
        return row
    return msgspec.structs.replace(row, pairs=Pairs[recipe.pairs.upper()])


def decide_by_row(ref: Reference, row: Row | None, policy: Policy) -> Decision:
    """Return the decision by what a row says, and by how well that and the reference are proved."""
    if row is None:
        return Decision(Action.MANUAL, Reason.UNKNOWN)
    if row.ambiguous and not row.target:
        return Decision(Action.MANUAL, Reason.AMBIGUOUS, row=row)
    match row.status:
        case Status.NONE:
            return Decision(Action.MANUAL, Reason.NO_EQUIVALENT, row=row)
        case Status.MANUAL:
            reason = Reason.NOT_FOUND if row.derived else Reason.ROW_MANUAL
            return Decision(Action.MANUAL, reason, row=row)
        case Status.DROPPED:
            return Decision(Action.KEEP, Reason.DROPPED, row=row)
        case Status.SAME:
            return spelt_alike(row, policy.floors)
    replacement = replacement_for(ref, row)
    if replacement is None or row.pairs is Pairs.NO:
        return Decision(Action.MANUAL, Reason.DIFFERS, row=row)
    if replacement == ref.name and not _changes_scope(ref, row):
        return spelt_alike(row, policy.floors)
    if not policy.floors.accepts(row):
        return Decision(
            Action.MANUAL,
            Reason.UNKNOWN if row.derived and ref.kind is Kind.UNKNOWN else Reason.UNPROVEN,
            replacement,
            row,
        )
    if (ref.proof or Proof.SPELLING) < policy.floors.proof:
        return Decision(Action.MANUAL, Reason.SPELLING_ONLY, replacement, row)
    return Decision(Action.EDIT, Reason.MAPPED, replacement, row)


def spelt_alike(row: Row, floors: Floors) -> Decision:
    """Return the decision on a name that is spelt alike there: said by a source, or assumed."""
    if row.exists > Exists.RULE:
        return Decision(Action.KEEP, Reason.SAME_SPELLING, row=row)
    if floors.assumed:
        return Decision(Action.KEEP, Reason.ASSUMED_SAME, row=row)
    return Decision(Action.MANUAL, Reason.UNPROVEN, row=row)


def _changes_scope(ref: Reference, row: Row) -> bool:
    """Has the target the name in another namespace?"""
    if ref.kind is Kind.FIELD or "::" not in row.name:
        return False
    return row.name.rpartition("::")[0] != row.target.rpartition("::")[0]


def replacement_for(ref: Reference, row: Row) -> str | None:
    """Return what to write in the reference's span, or None when the target's name does not fit
    there.

    Of a name that a scope has, that is the last part: plan.qualified sees to the whole. An
    unqualified name may become a qualified one, save where it is declared or pasted.
    """
    if "::" in row.name and ref.kind is not Kind.FIELD:
        return row.target.rpartition("::")[2]
    if ref.qualifier or "::" in row.name:
        before, after = row.name.split("::"), row.target.split("::")
        return after[-1] if len(before) == len(after) else None
    return row.target
