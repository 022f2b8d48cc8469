# SPDX-License-Identifier: Apache-2.0
"""What blocks a device function blocks those that call it: kernels of a tree, what each needs, and
findings for callers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import takewhile

import msgspec

from portkit.model.plans import FilePlan, Finding
from portkit.model.reading import FileScan, Kernel, Scan
from portkit.rules.cxx.bodies import Bodies
from portkit.rules.fingerprint import fingerprint
from portkit.rules.registry import finding
from portkit.vocab.vocabulary import Vocabulary

AFFECTED = "PK810"
# What stands before a parenthesis in a conversion, which a conversion operator has for its name.
_CONVERSIONS = frozenset(
    {
        "operator",
        "auto",
        "bool",
        "char",
        "double",
        "float",
        "int",
        "long",
        "short",
        "signed",
        "unsigned",
        "void",
    }
)


class _Function(msgspec.Struct, frozen=True):
    file: int
    kernel: Kernel


class CallGraph:
    """The kernels and device functions of a tree, and who calls whom: the same for every target,
    found when first asked for.

    Functions are told by name and by the class that they are members of, as far as a call says on
    what it is made: one of the same file first, else those of the files that lie nearest. A call
    that was read as CUDA's own function is none of theirs, nor is a name of CUDA's that only
    another file has for a function of its own.
    """

    def __init__(self, scan: Scan, vocabulary: Vocabulary) -> None:
        self._files, self._vocabulary = scan.files, vocabulary

    @cached_property
    def functions(self) -> list[_Function]:
        """Every function, in the order of the files."""
        return list(
            dict.fromkeys(
                _Function(i, k) for i, f in enumerate(self._files) for k in f.facts.kernels
            )
        )

    @cached_property
    def callers(self) -> dict[_Function, list[_Function]]:
        """The functions that call a device function, in their order."""
        local: dict[tuple[int, str], list[_Function]] = defaultdict(list)
        named: dict[str, list[_Function]] = defaultdict(list)
        for function in self.functions:
            local[function.file, function.kernel.name].append(function)
            named[function.kernel.name].append(function)
        found: dict[_Function, list[_Function]] = defaultdict(list)
        near: dict[tuple[str, str, str], list[_Function]] = {}
        for caller in self.functions:
            file = self._files[caller.file]
            for form in _called(file, caller.kernel, named):
                name = form.rpartition(":")[2].removeprefix(".")
                callees = self._meant(form, caller, local.get((caller.file, name), []))
                if not callees and name not in self._vocabulary:
                    place = file.path.rpartition("/")[0], form, caller.kernel.scope
                    if place not in near:
                        meant = self._meant(form, caller, named[name])
                        near[place] = _nearest(file.path, meant, self._files) if meant else []
                    callees = near[place]
                for callee in callees:
                    if callee is not caller and callee.kernel.space == "device":
                        found[callee].append(caller)
        return found

    @cached_property
    def _scopes(self) -> set[str]:
        return {function.kernel.scope for function in self.functions}

    def _meant(self, form: str, caller: _Function, functions: list[_Function]) -> list[_Function]:
        """Return which functions of a name a call means, see Kernel.callees."""
        own = caller.kernel.scope
        if form.startswith("."):
            return [f for f in functions if f.kernel.scope]
        scope = form.rpartition("::")[0]
        if scope:
            if scope in self._scopes:
                meant = [f for f in functions if f.kernel.scope == scope]
                # what the class has from another one
                return meant or [f for f in functions if f.kernel.scope not in ("", own)]
            inside = [f for f in functions if f.kernel.namespace == scope]
            return inside or [f for f in functions if not f.kernel.scope] or functions
        beside = [f for f in functions if own and f.kernel.scope == own]
        if beside:
            return beside
        outer = [f for f in functions if f.kernel.scope in ("", f.kernel.name)]
        around = caller.kernel.namespace  # hides what lies outside of it
        inner = [f for f in outer if around and f.kernel.namespace == around]
        return inner or outer or (functions if own else [])


def report_callers(
    files: Sequence[FilePlan], target: str, graph: CallGraph
) -> tuple[FilePlan, ...]:
    """Return the files with a finding for each kernel and device function that calls a blocked one,
    directly or not.

    `graph` is that of the files' scan. A function that is blocked by itself gets no second finding.
    """
    rules = {(i, k): rule for i, f in enumerate(files) for k, rule in _blocking_rules(f).items()}
    if not rules:
        return tuple(files)
    blocked = {f: rules[f.file, f.kernel] for f in graph.functions if (f.file, f.kernel) in rules}
    made: dict[int, list[Finding]] = defaultdict(list)
    for function, (callee, rule) in _causes(graph, blocked).items():
        args = {
            "name": function.kernel.name,
            "callee": callee,
            "cause": rule,
            "case": function.kernel.space,
            "target": target,
        }
        item = finding(AFFECTED, function.kernel.span, args)
        same = sum(f.args["name"] == function.kernel.name for f in made[function.file])
        mark = fingerprint(
            AFFECTED, files[function.file].scan.path, function.kernel.name, b"", same
        )
        made[function.file].append(msgspec.structs.replace(item, fingerprint=mark))
    return tuple(
        msgspec.structs.replace(
            f, findings=tuple(sorted((*f.findings, *made[i]), key=lambda x: (x.span, x.rule)))
        )
        if i in made
        else f
        for i, f in enumerate(files)
    )


def findings_by_kernel(file: FilePlan) -> list[list[Finding]]:
    """Return, for each of the file's kernels, the findings of its body that are not suppressed: at
    a place or of a reference in it.
    """
    kernels, references = file.scan.facts.kernels, file.scan.references
    found: list[list[Finding]] = [[] for _ in kernels]
    if not kernels or not file.findings:
        return found
    bodies = Bodies([k.span for k in kernels])
    known: dict[int, list[int]] = {}  # of a reference, which many findings may name
    for item in file.findings:
        if item.suppressed:
            continue
        holding = set(bodies.holding(item.span))
        for index in item.references:
            if index not in known:
                known[index] = bodies.holding(references[index].span)
            holding.update(known[index])
        for number in holding:
            found[number].append(item)
    return found


def _blocking_rules(file: FilePlan) -> dict[Kernel, str]:
    """Return the rule of the first blocking finding inside each function's body, for those that
    have one.
    """
    if not file.scan.facts.kernels or not any(f.blocking for f in file.findings):
        return {}
    pairs = zip(file.scan.facts.kernels, findings_by_kernel(file), strict=True)
    first = ((kernel, next((f.rule for f in inside if f.blocking), "")) for kernel, inside in pairs)
    return {kernel: rule for kernel, rule in first if rule}


def _called(file: FileScan, kernel: Kernel, named: Mapping[str, object]) -> list[str]:
    """Return the calls of a function, by their form, of the project's own functions among `named`,
    as far as is known, sorted.
    """
    calls = {name for name in kernel.calls if name in named} - _CONVERSIONS
    if not calls:
        return []
    first = bisect_left(file.references, kernel.span.start, key=lambda r: r.span.start)
    body = takewhile(lambda r: r.span.start < kernel.span.end, file.references[first:])
    inner = [r for r in body if r.name in calls and kernel.span.contains(r.span)]
    foreign = {r.name for r in inner if not r.user} - {r.name for r in inner if r.user}
    own = calls - foreign
    forms = [f for f in kernel.callees if f.rpartition(":")[2].removeprefix(".") in own]
    return forms or sorted(own)


def _nearest(
    path: str, functions: Sequence[_Function], files: Sequence[FileScan]
) -> list[_Function]:
    """Return the functions of the files that share the most folders with `path`."""
    folders = path.split("/")[:-1]
    shared = [_depth(folders, files[f.file].path.split("/")[:-1]) for f in functions]
    most = max(shared)
    return [f for f, depth in zip(functions, shared, strict=True) if depth == most]


def _depth(one: Sequence[str], other: Sequence[str]) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _causes(graph: CallGraph, blocked: Mapping[_Function, str]) -> dict[_Function, tuple[str, str]]:
    """Return (called function, rule) for each function that reaches a blocked one, by breadth from
    the blocked ones.
    """
    callers = graph.callers
    found: dict[_Function, tuple[str, str]] = {}
    wave = list(blocked.items())
    while wave:
        after = []
        for callee, rule in wave:
            for caller in callers.get(callee, ()):
                if caller not in blocked and caller not in found:
                    found[caller] = (callee.kernel.name, rule)
                    after.append((caller, rule))
        wave = after
    return found
