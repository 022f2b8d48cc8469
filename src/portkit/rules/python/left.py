# SPDX-License-Identifier: Apache-2.0
"""PK724: what stays in Python files for a reason that rules over C++ would tell."""

from __future__ import annotations

from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.words import Effort, Reason, Severity
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget

_CASES = {
    Reason.GUARD_VALUE: "guard",
    Reason.HEADER_GUARD: "guard",
    Reason.HELD: "held",
    Reason.RECIPE: "call",
    Reason.ARITY: "call",
}
_MOST = 8


@rule(
    "PK724",
    "left-in-python",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    languages=("python",),
    blocking=True,
)
def left(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Names left in the text of a kernel, or in an import that names something the target lacks:
    one finding a reason.
    """
    for reason, case in _CASES.items():
        indexes = tuple(view.because(reason))
        if not indexes:
            continue
        names = list(dict.fromkeys(view.references[i].name for i in indexes))
        more = " ..." if len(names) > _MOST else ""
        args = {
            "name": ", ".join(names[:_MOST]) + more,
            "target": target.id,
            "count": str(len(indexes)),
            "case": case,
        }
        yield finding("PK724", view.references[indexes[0]].span, args, indexes)
