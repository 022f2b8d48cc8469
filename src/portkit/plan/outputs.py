# SPDX-License-Identifier: Apache-2.0
"""What a plan writes, as the readers of languages look at it before it is written."""

from __future__ import annotations

from portkit.languages.base import Output
from portkit.model.plans import FilePlan, Plan
from portkit.model.words import Action, Context, Reason
from portkit.plan.qualified import JOINED
from portkit.targets.recipes import OVERLOAD


def outputs_of(plan: Plan) -> dict[str, dict[str, Output]]:
    """Return the output of each file with edits, by its language and path."""
    found: dict[str, dict[str, Output]] = {}
    for file in plan.files:
        if file.edits and file.scan.language:
            found.setdefault(file.scan.language, {})[file.scan.path] = _output(file)
    return found


def _output(file: FilePlan) -> Output:
    renamed = {}
    for ref, decision in zip(file.scan.references, file.decisions, strict=True):
        if decision.detail == JOINED:
            continue  # the name behind it says what becomes of both
        if decision.action is Action.EDIT and ref.context is not Context.INCLUDE:
            row = decision.row
            if decision.detail == OVERLOAD and row is not None:
                renamed[row.name] = row.target  # the function that the call became
                continue
            to = row.target if row is not None and row.target else decision.replacement
            renamed[f"{ref.qualifier}::{ref.name}" if ref.qualifier else ref.name] = to
        elif decision.reason is Reason.PASTED and decision.row is not None:
            renamed[ref.name] = decision.row.target  # a macro makes it of a name that is edited
    return Output(file.edits, renamed)
