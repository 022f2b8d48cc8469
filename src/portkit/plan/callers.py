# SPDX-License-Identifier: Apache-2.0
"""What blocks a device function blocks those that call it: kernels of a tree, what each needs, and findings for callers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import takewhile

import msgspec

from portkit.model import FilePlan, Finding, Kernel
from portkit.rules.fingerprint import fingerprint
from portkit.rules.registry import finding
from portkit.vocab.vocabulary import Vocabulary

AFFECTED = "PK810"
# What stands before a parenthesis in a conversion, which a conversion operator has for its name.
_CONVERSIONS = frozenset({"operator", "auto", "bool", "char", "double", "float", "int", "long", "short", "signed", "unsigned", "void"})


class _Function(msgspec.Struct, frozen=True):
    file: int
    kernel: Kernel


def report_callers(files: Sequence[FilePlan], target: str, vocabulary: Vocabulary) -> tuple[FilePlan, ...]:
    """Return the files with a finding for each kernel and device function that calls a blocked one, directly or not.

    Functions are told by name: one of the same file first, else those of the files that lie nearest. A call that was read
    as CUDA's own function is none of theirs, nor is a name of CUDA's that only another file has for a function of its own.
    A function that is blocked by itself gets no second finding.
    """
    functions = [_Function(i, k) for i, f in enumerate(files) for k in f.scan.facts.kernels]
    blocked = {f: rule for f in functions if (rule := blocking_rule(files[f.file], f.kernel))}
    if not blocked:
        return tuple(files)
    causes = _causes(files, functions, blocked, vocabulary)
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


def _called(file: FilePlan, kernel: Kernel) -> set[str]:
    """Return the names that a function calls of the project's own, as far as is known."""
    inner = [r for r in file.scan.references if kernel.span.contains(r.span)]
    foreign = {r.name for r in inner if not r.user} - {r.name for r in inner if r.user}
    return set(kernel.calls) - foreign - _CONVERSIONS


def _nearest(path: str, functions: Sequence[_Function], files: Sequence[FilePlan]) -> list[_Function]:
    """Return the functions of the files that share the most folders with `path`."""
    folders = path.split("/")[:-1]
    shared = [_depth(folders, files[f.file].scan.path.split("/")[:-1]) for f in functions]
    return [f for f, depth in zip(functions, shared, strict=True) if depth == max(shared)]


def _depth(one: Sequence[str], other: Sequence[str]) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _causes(
    files: Sequence[FilePlan], functions: Sequence[_Function], blocked: Mapping[_Function, str], vocabulary: Vocabulary
) -> dict[_Function, tuple[str, str]]:
    """Return (called function, rule) for each function that reaches a blocked one, by breadth from the blocked ones."""
    local: dict[tuple[int, str], list[_Function]] = defaultdict(list)
    named: dict[str, list[_Function]] = defaultdict(list)
    for function in functions:
        local[function.file, function.kernel.name].append(function)
        named[function.kernel.name].append(function)
    callers: dict[_Function, list[_Function]] = defaultdict(list)
    for caller in functions:
        for name in sorted(_called(files[caller.file], caller.kernel) & named.keys()):
            callees = local.get((caller.file, name), [])
            if not callees and name not in vocabulary:
                callees = _nearest(files[caller.file].scan.path, named[name], files)
            for callee in callees:
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
