# SPDX-License-Identifier: Apache-2.0
"""PK801: kernels on a target whose threads are not CUDA's. The words may be the same there; the
code must be another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.reading import Kernel
from portkit.model.words import Effort, Reason, Severity
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget, full_name

SHOWN = 8


@rule(
    "PK801",
    "kernel-not-simt",
    severity=Severity.ERROR,
    effort=Effort.DAYS,
    needs=("kernels",),
    blocking=True,
)
def kernel_not_simt(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """One finding for each kernel and device function: its body, its launches and what it uses of
    CUDA.
    """
    if target.facts.simt is not False:
        return
    kernels = sorted(view.scan.facts.kernels, key=lambda k: k.span)
    bodies, left = Bodies([k.span for k in kernels]), [list[int]() for _ in kernels]
    for index in view.because(Reason.KERNEL_BODY):
        for number in bodies.holding(view.references[index].span):
            left[number].append(index)
    for kernel, inside in zip(kernels, left, strict=True):
        if not view.ported(kernel.span, target):
            yield _finding(kernel, tuple(inside), view, target)


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
