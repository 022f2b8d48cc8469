# SPDX-License-Identifier: Apache-2.0
"""What each kernel of a plan needs: blocked by itself, affected through a function that it calls,
some work, or clear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from portkit.model.plans import FilePlan, Finding, Plan
from portkit.model.reading import Kernel
from portkit.model.words import Severity
from portkit.plan.callers import AFFECTED, findings_by_kernel

STATES = ("blocked", "affected", "work", "clear")


class KernelState(msgspec.Struct, frozen=True):
    """One function of device code. `rules` are those with findings in it, `features` what they say
    that it uses.

    `state`: `blocked` a finding in its body blocks; `affected` it calls such a function, named in
    `through`; `work` other errors or warnings; `clear` nothing but notes.
    """

    kernel: Kernel
    state: str
    rules: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    through: str = ""


def kernel_states(file: FilePlan) -> Iterator[KernelState]:
    """Yield the state of each kernel and device function of a file, in the order of the file."""
    for kernel, found in zip(file.scan.facts.kernels, findings_by_kernel(file), strict=True):
        state, through = _state(kernel, found)
        features = {f.args["feature"] for f in found if "feature" in f.args}
        yield KernelState(
            kernel, state, tuple(sorted({f.rule for f in found})), tuple(sorted(features)), through
        )


def _state(kernel: Kernel, found: Sequence[Finding]) -> tuple[str, str]:
    """Return the state of a function with these findings in its body, and the function through
    which it is affected.
    """
    through = next(
        (f.args["callee"] for f in found if f.rule == AFFECTED and f.span == kernel.span), ""
    )
    if any(f.blocking for f in found):
        return "blocked", through
    if through:
        return "affected", through
    return "work" if any(f.severity > Severity.INFO for f in found) else "clear", ""


def count_kernels(plan: Plan) -> dict[str, int]:
    """Return how many kernels (functions that the host launches) are in each state, and `all` of
    them; `functions`: with those of the device that they call, `functions_blocked`: of these
    blocked by what they hold themselves. One blocked function may affect many kernels.
    """
    states: Counter[str] = Counter()
    functions = hindered = 0
    for file in plan.files:
        for kernel, found in zip(file.scan.facts.kernels, findings_by_kernel(file), strict=True):
            state = _state(kernel, found)[0]
            functions += 1
            hindered += state == STATES[0]
            if kernel.space == "global":
                states[state] += 1
    counted = {"all": states.total(), **{state: states[state] for state in STATES}}
    return counted | {"functions": functions, "functions_blocked": hindered}
