# SPDX-License-Identifier: Apache-2.0
"""PK801: kernels on a target whose threads are not CUDA's. The words may be the same there; the
code must be another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.reading import Kernel
from portkit.model.spans import Span
from portkit.model.words import Effort, Reason, Severity
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.cxx.kernels import code
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name

SHOWN = 8
_CALLED = re.compile(r"\b(?!__)([A-Za-z_]\w*)\s*\(", re.A)


@rule(
    "PK801",
    "kernel-not-simt",
    severity=Severity.ERROR,
    effort=Effort.DAYS,
    needs=("heads",),
    blocking=True,
)
def kernel_not_simt(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """One finding for each kernel and device function: its body, its launches and what it uses of
    CUDA.
    """
    if target.facts.simt is not False:
        return
    kernels = sorted(view.scan.facts.kernels, key=lambda k: k.span)
    heads = view.scan.facts.heads
    headed = {h.end: h for h in heads}
    whole = [Span(headed.get(k.span.start, k.span).start, k.span.end) for k in kernels]
    bodies, left = Bodies(whole), [list[int]() for _ in kernels]
    declared, rest = Bodies(heads), dict[int, list[int]]()
    for index in view.because(Reason.KERNEL_BODY):
        holding = bodies.holding(view.references[index].span)
        for number in holding:
            left[number].append(index)
        if not holding:
            for number in declared.holding(view.references[index].span)[:1]:
                rest.setdefault(number, []).append(index)
    for number, names in sorted(rest.items()):
        yield _declaration(heads[number], tuple(names), view, target)
    for kernel, inside in zip(kernels, left, strict=True):
        if not view.ported(kernel.span, target):
            yield _finding(kernel, tuple(inside), view, target)


def _declaration(head: Span, names: tuple[int, ...], view: FileView, target: RuleTarget) -> Finding:
    """A declaration without a body: it is spelt like the definition, which is left."""
    called = _CALLED.search(view.once(code).plain, head.start, head.end)
    args = {
        "name": called[1] if called else "?", "target": target.id, "case": "declared",
        "features": ", ".join(dict.fromkeys(full_name(view.references[i]) for i in names)),
    }  # fmt: skip
    return finding("PK801", head, args, names, effort=Effort.MINUTES)


def _finding(
    kernel: Kernel, inside: tuple[int, ...], view: FileView, target: RuleTarget
) -> Finding:
    used = Counter(full_name(view.references[i]) for i in inside)
    used.update("asm" for statement in view.scan.facts.asm if kernel.span.contains(statement.span))
    shown = [f"{name} x{n}" if n > 1 else name for name, n in used.items()]
    launches = view.launches.get(kernel.name, ())
    args = {
        "name": kernel.name, "target": target.id, "case": kernel.space, "launches": str(len(launches)),
        "files": ", ".join(sorted(set(launches))[:SHOWN]),
        "features": ", ".join(shown[:SHOWN]) + (", ..." if len(shown) > SHOWN else ""),
        "count": str(len(used)),
    }  # fmt: skip
    if kernel.space == "global" and not launches:
        args["case"] = "global-unlaunched"
    if not used:
        args["case"] = f"{args['case']}-plain"
    return finding(
        "PK801",
        kernel.span,
        args,
        inside,
        effort=Effort.DAYS if kernel.space == "global" else Effort.HOURS,
    )
