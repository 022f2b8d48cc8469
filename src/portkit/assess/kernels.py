# SPDX-License-Identifier: Apache-2.0
"""What each kernel of a plan needs: blocked by itself, affected through a function that it calls, some work, or clear."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from portkit.model import FilePlan, Kernel, Plan, Severity
from portkit.plan.callers import AFFECTED, inside

STATES = ("blocked", "affected", "work", "clear")


class KernelState(msgspec.Struct, frozen=True):
    """One function of device code. `rules` are those with findings in it, `features` what they say that it uses.

    `state`: `blocked` a finding in its body blocks; `affected` it calls such a function, named in `through`; `work` other
    errors or warnings; `clear` nothing but notes.
    """

    kernel: Kernel
    state: str
    rules: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    through: str = ""


def kernel_states(file: FilePlan) -> Iterator[KernelState]:
    """Yield the state of each kernel and device function of a file, in the order of the file."""
    for kernel in file.scan.facts.kernels:
        found = inside(file, kernel)
        through = next((f.args["callee"] for f in found if f.rule == AFFECTED and f.span == kernel.span), "")
        if any(f.blocking for f in found):
            state = "blocked"
        elif through:
            state = "affected"
        else:
            state = "work" if any(f.severity > Severity.INFO for f in found) else "clear"
        features = {f.args["feature"] for f in found if "feature" in f.args}
        yield KernelState(kernel, state, tuple(sorted({f.rule for f in found})), tuple(sorted(features)), through)


def count_kernels(plan: Plan) -> dict[str, int]:
    """Return how many kernels (functions that the host launches) are in each state, and `all` of them."""
    states = [s.state for file in plan.files for s in kernel_states(file) if s.kernel.space == "global"]
    return {"all": len(states), **{state: states.count(state) for state in STATES}}
