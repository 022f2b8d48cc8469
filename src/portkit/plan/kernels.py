# SPDX-License-Identifier: Apache-2.0
"""Targets whose kernels are not CUDA's: nothing inside a kernel is renamed, a person rewrites the
whole body.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from portkit.model.plans import Decision
from portkit.model.reading import FileScan, Reference
from portkit.model.words import Action, Context, Reason
from portkit.rules.cxx.bodies import Bodies
from portkit.targets.target import Target

# Decisions that say whose the reference is, not what becomes of it: they hold inside a kernel too.
_STAND = frozenset({
    Reason.USER_DECLARED, Reason.PROJECT_HEADER, Reason.NOT_SELECTED, Reason.VENDOR_CODE,
    Reason.OTHER_VENDOR, Reason.SUPPRESSED, Reason.IN_COMMENT,
})  # fmt: skip


_DIRECTIVES = frozenset({
    Context.DEFINED, Context.CONDITION, Context.DIRECTIVE, Context.INCLUDE, Context.MACRO,
})  # fmt: skip


def leave_kernels(
    file: FileScan, decisions: tuple[Decision, ...], target: Target
) -> tuple[Decision, ...]:
    """Return the decisions with every reference inside the body of a kernel or device function left
    to a person, and whatever would be renamed in its head: a declaration must fit its definition.

    Nothing changes for a target whose `simt` fact is not false. The row stays, so that reports can
    show what it says.
    """
    facts = file.facts
    if target.facts.simt is not False or not (facts.kernels or facts.heads):
        return decisions
    bodies, heads = Bodies([k.span for k in facts.kernels]), Bodies(facts.heads)
    return tuple(
        Decision(Action.MANUAL, Reason.KERNEL_BODY, row=d.row)
        if d.reason not in _STAND
        and (bodies.holding(r.span) or (_is_renamed(r, d) and heads.holding(r.span)))
        else d
        for r, d in zip(file.references, decisions, strict=True)
    )


def _is_renamed(ref: Reference, decision: Decision) -> bool:
    """Would a name of a head be renamed? The conditions between its words are the file's."""
    return decision.action is Action.EDIT and ref.context not in _DIRECTIVES


def launch_sites(launched: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Return the files that launch a kernel, by its name without namespace and template arguments:
    a path per launch.

    `launched`: for each launch of a tree the file and the kernel as written.
    """
    sites: dict[str, list[str]] = defaultdict(list)
    for path, kernel in launched:
        sites[kernel_name(kernel)].append(path)
    return {name: tuple(paths) for name, paths in sites.items()}


def kernel_name(spelled: str) -> str:
    """Return the last component of a launched kernel's name: `ns::scale<float>` is `scale`."""
    return re.sub(r"<.*", "", spelled, flags=re.S).strip().rpartition("::")[2]
