# SPDX-License-Identifier: Apache-2.0
"""PK917: what a compiler holds against the output, and not against what was there before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from portkit.model.plans import Finding
from portkit.model.refusals import Charge
from portkit.model.spans import Span
from portkit.model.words import Reason, Severity
from portkit.printable import printable
from portkit.rules.cxx.twins import without_twin
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name

_LONGEST = 300  # characters of a compiler's words


@rule("PK917", "output-refused", severity=Severity.ERROR, blocking=True, languages=())
def output_refused(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """An edit with which the file would not compile was taken back; or no edit could be blamed."""
    charges = view.refused.edits
    told = set[Span]()
    for index in view.because(Reason.BREAKS):
        ref = view.references[index]
        span = _around(ref.span, charges)
        charge = charges.get(span)
        if charge is not None:
            told.add(span)
            args = {"name": full_name(ref), **_args(charge)}
            found = finding("PK917", ref.span, args, (index,))
            if charge.twin is not None:
                fix = without_twin(view, ref.span, charge.twin)
                found = msgspec.structs.replace(found, fix=fix, fix_safe=bool(fix))
            yield found
    at = {ref.span: i for i, ref in enumerate(view.references)}
    stays = {view.references[i].span for i in view.because(Reason.BREAKS)}
    fixes = [(span, charge) for span, charge in charges.items() if span not in told]
    for span, charge in [*fixes, *view.refused.left]:
        if charge.case == "unread":
            args, severity = {"case": "unread"}, Severity.WARNING
            yield finding("PK917", span, args, severity=severity, blocking=False)
        elif charge.instead and span not in stays:
            args = {"case": "qualified", "becomes": charge.becomes, "instead": charge.instead}
            on = (at[span],) if span in at else ()
            yield finding("PK917", span, args, on, severity=Severity.INFO, blocking=False)
        else:
            yield finding("PK917", span, _args(charge) | {"case": "place"})


def _around(span: Span, charges: Iterable[Span]) -> Span:
    """Return the edit that a reference is in, or any other where it went with its group."""
    inside = [s for s in charges if s.contains(span)]
    return inside[0] if inside else next(iter(charges), span)


def _args(charge: Charge) -> dict[str, str]:
    words = printable(charge.words)[:_LONGEST]
    args = {"words": words, "other": charge.other, "becomes": charge.becomes}
    return {k: v for k, v in args.items() if v} | (
        {"case": charge.case} if charge.case != "error" else {}
    )
