# SPDX-License-Identifier: Apache-2.0
"""PK109 and PK110: calls whose arguments a recipe changed, and calls that the target's function does
not take as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.words import Action, Effort, Reason, Severity
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name, noted

_BY_NAME = "by-name"  # of a decision: a rename that is right where only the name is used


def _args(index: int, view: FileView, target: RuleTarget) -> dict[str, str]:
    ref, decision = view.references[index], view.decisions[index]
    row = decision.row
    recipe = target.recipes.get(row.recipe) if row is not None else None
    note = (recipe.note if recipe is not None else "") or (row.note if row is not None else "")
    return {
        "name": full_name(ref),
        "target": target.id,
        "replacement": decision.replacement,
        "case": decision.detail,
    } | noted(note, target)


@rule("PK109", "call-rewritten", severity=Severity.INFO, needs=("references",))
def rewritten(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A recipe changed more than the name: one per call. Where only the number behind it is another
    one: one per name and file.
    """
    by_name = list[int]()
    for index, decision in enumerate(view.decisions):
        if (
            decision.detail
            and decision.action is Action.EDIT
            and decision.row is not None
            and decision.row.recipe
        ):
            if decision.detail == _BY_NAME:
                by_name.append(index)
                continue
            yield finding(
                "PK109", view.references[index].span, _args(index, view, target), (index,)
            )
    for indexes in view.names(by_name).values():
        args = _args(indexes[0], view, target) | {"count": str(len(indexes))}
        yield finding("PK109", view.references[indexes[0]].span, args, tuple(indexes))


@rule(
    "PK110",
    "call-not-rewritten",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
)
def not_rewritten(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The target's call differs, and no recipe mends it here."""
    for index in view.because(Reason.RECIPE, Reason.ARITY):
        args = _args(index, view, target)
        if view.decisions[index].reason is Reason.ARITY:
            given, _, takes = args["case"].partition(":")
            case = "arity" if given.isdecimal() else "arity-untold"
            args |= {"case": case, "given": given, "takes": takes}
        yield finding(
            "PK110",
            view.references[index].span,
            args,
            (index,),
            blocking=None if view.live(index) else False,
        )
