# SPDX-License-Identifier: Apache-2.0
"""How a fix may spell a name of CUDA's on a target."""

from __future__ import annotations

from collections.abc import Container

from portkit.model.words import Kind, Pairs, Status
from portkit.rules.view import FileView, RuleTarget


def name_there(name: str, kinds: Container[Kind], view: FileView, target: RuleTarget) -> str:
    """Return the target's name for CUDA's, or "" where none is known to be there and to fit.

    What only the naming rule says is no name to write: nobody has seen it. The built-in words of
    the language, which a rule keeps as they are, are no guess.
    """
    entity = next((e for e in view.vocabulary.get(name) if e.kind in kinds), None)
    if entity is None:
        return ""
    row = target.row(name, entity.kind, entity.library, entity.qualifier)
    if row is None or row.pairs is Pairs.NO or row.status not in (Status.SAME, Status.MAPPED):
        return ""
    kept = entity.kind is Kind.BUILTIN and row.status is Status.SAME
    return row.target if kept or not row.derived else ""
