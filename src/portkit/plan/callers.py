# SPDX-License-Identifier: Apache-2.0
"""What blocks a device function blocks those that call it: kernels of a tree, what each needs, and findings for callers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from portkit.model import FilePlan, Finding, Kernel
from portkit.rules.fingerprint import fingerprint
from portkit.rules.registry import finding

AFFECTED = "PK810"


class _Function(msgspec.Struct, frozen=True):
    file: int
    kernel: Kernel


def report_callers(files: Sequence[FilePlan], target: str) -> tuple[FilePlan, ...]:
    """Return the files with a finding for each kernel and device function that calls a blocked one, directly or not.

    Functions are told by name: one of the same file first, else every one of the tree. A function that is blocked by
    itself gets no second finding.
    """
    functions = [_Function(i, k) for i, f in enumerate(files) for k in f.scan.facts.kernels]
    blocked = {f: rule for f in functions if (rule := blocking_rule(files[f.file], f.kernel))}
    if not blocked:
        return tuple(files)
    causes = _causes(functions, blocked)
    made: dict[int, list[Finding]] = defaultdict(list)
    for function, (callee, rule) in causes.items():
        args = {"name": function.kernel.name, "callee": callee, "cause": rule, "case": function.kernel.space, "target": target}
        item = finding(AFFECTED, function.kernel.span, args)
        same = sum(f.args["name"] == function.kernel.name for f in made[function.file])
        mark = fingerprint(AFFECTED, files[function.file].scan.path, function.kernel.name, b"", same)
        made[function.file].append(msgspec.structs.replace(item, fingerprint=mark))
    return tuple(
        msgspec.structs.replace(f, findings=tuple(sorted((*f.findings, *made[i]), key=lambda x: (x.span, x.rule)))) if i in made else f
        for i, f in enumerate(files)
    )


def blocking_rule(file: FilePlan, kernel: Kernel) -> str:
    """Return the first rule with a blocking finding inside a function's body, or ""."""
    return next((f.rule for f in inside(file, kernel) if f.blocking), "")


def inside(file: FilePlan, kernel: Kernel) -> list[Finding]:
    """Return the findings of a function's body that are not suppressed: at a place in it, or of a reference in it."""
    references = file.scan.references
    return [
        f
        for f in file.findings
        if not f.suppressed and (kernel.span.contains(f.span) or any(kernel.span.contains(references[i].span) for i in f.references))
    ]


def _causes(functions: Sequence[_Function], blocked: Mapping[_Function, str]) -> dict[_Function, tuple[str, str]]:
    """Return (called function, rule) for each function that reaches a blocked one, by breadth from the blocked ones."""
    local: dict[tuple[int, str], list[_Function]] = defaultdict(list)
    named: dict[str, list[_Function]] = defaultdict(list)
    for function in functions:
        local[function.file, function.kernel.name].append(function)
        named[function.kernel.name].append(function)
    callers: dict[_Function, list[_Function]] = defaultdict(list)
    for caller in functions:
        for name in caller.kernel.calls:
            for callee in local.get((caller.file, name)) or named.get(name) or []:
                if callee != caller and callee.kernel.space == "device":
                    callers[callee].append(caller)
    found: dict[_Function, tuple[str, str]] = {}
    wave = [(f, rule) for f, rule in blocked.items()]
    while wave:
        after = []
        for callee, rule in wave:
            for caller in callers[callee]:
                if caller not in blocked and caller not in found:
                    found[caller] = (callee.kernel.name, rule)
                    after.append((caller, rule))
        wave = after
    return found
