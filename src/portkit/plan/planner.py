# SPDX-License-Identifier: Apache-2.0
"""A tree's plan for one target: ported code is told apart, each reference decided, edits made, rules run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from portkit.model import Action, Context, Decision, Edit, FilePlan, FileScan, Finding, Kind, Plan, Reason, Reference, Scan
from portkit.plan.callers import AFFECTED, CallGraph, report_callers
from portkit.plan.conflicts import separate_conflicts
from portkit.plan.decide import Policy, decide
from portkit.plan.kernels import launch_sites, leave_kernels
from portkit.plan.macros import TreeMacros
from portkit.plan.recipes import apply_recipes
from portkit.plan.selection import Listener
from portkit.plan.suppress import Suppressions
from portkit.rules.registry import FileView, run_file_rules, run_tree_rules
from portkit.target.target import Target
from portkit.vocab.vocabulary import Vocabulary

Read = Callable[[str], bytes]


def make_plan(scan: Scan, target: Target, vocabulary: Vocabulary, policy: Policy, read: Read) -> Plan:
    """Return the plan of a scan. `read(rel)` gives a file's bytes as scanned."""
    launches, listener, macros = launch_sites(scan), Listener(policy.selection), TreeMacros(scan, read)
    files = tuple(plan_file(f, target, vocabulary, policy.at(f.path), read, launches, listener, macros) for f in scan.files)
    files = tuple(heard(listener, f, read) for f in report_callers(files, target.id, CallGraph(scan, vocabulary)))
    return Plan(target.id, target.profile, files, tuple(tree_findings(scan, target, listener)))


def heard(listener: Listener, file: FilePlan, read: Read) -> FilePlan:
    """Return the file's plan with the findings on callers silenced where the selection or a comment says so."""
    if not any(f.rule == AFFECTED for f in file.findings):
        return file
    marks = Suppressions(file.scan, read(file.scan.path) if file.scan.facts.marks else b"")
    return msgspec.structs.replace(file, findings=tuple(listener.hear(file.scan.path, marks.cover(file.findings))))


def tree_findings(scan: Scan, target: Target, listener: Listener) -> list[tuple[str, Finding]]:
    """Return the findings of the tree: those of tree rules, and path rules of the selection that silenced nothing."""
    found = [(path, listener.hear(path, [item])[0]) for path, item in run_tree_rules(scan, target)]
    return [*listener.unused(), *found]


def plan_file(
    file: FileScan,
    target: Target,
    vocabulary: Vocabulary,
    policy: Policy,
    read: Read,
    launches: Mapping[str, tuple[str, ...]] | None = None,
    listener: Listener | None = None,
    macros: TreeMacros | None = None,
) -> FilePlan:
    """Decide every reference of one file and run the rules over it.

    `launches`: the tree's (see `launch_sites`); `macros`: the tree's, else the file's own.
    """
    native = is_native(file, target)
    decisions = tuple(decide(r, target, vocabulary, policy, native or guarded_by_vendor(r, target, file)) for r in file.references)
    decisions = leave_kernels(file, namespaces_follow(file.references, decisions), target)
    marks = Suppressions(file, read(file.path) if file.facts.marks else b"")
    decisions = marks.leave(file.references, decisions)
    wanted = [make_edit(r, d) for r, d in zip(file.references, decisions, strict=True) if d.action is Action.EDIT]
    if any(d.row is not None and d.row.recipe for d in decisions if d.action is Action.EDIT):
        macros = macros or TreeMacros(Scan("", "argument", (file,)), read)
        decisions, wanted = apply_recipes(file, read(file.path), decisions, wanted, target.recipes, vocabulary, macros)
    edits, dropped = separate_conflicts(wanted)
    if dropped:
        lost = {e.span for e in dropped}
        decisions = tuple(
            Decision(Action.MANUAL, Reason.CONFLICT, d.replacement, d.row)
            if d.action is Action.EDIT and any(s.contains(r.span) for s in lost)
            else d
            for r, d in zip(file.references, decisions, strict=True)
        )
    view = FileView(file, decisions, read(file.path), vocabulary, native, launches or {})
    heard = listener or Listener(policy.selection)
    findings = tuple(heard.hear(file.path, marks.silence(run_file_rules(view, target))))
    return FilePlan(file, decisions, tuple(edits), findings)


def namespaces_follow(references: tuple[Reference, ...], decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Leave a namespace to a person when the name behind it is: half of a qualified name is never renamed."""
    result = list(decisions)
    for i in range(len(references) - 2, -1, -1):
        ref, after = references[i], references[i + 1]
        joined = ref.kind is Kind.NAMESPACE and after.span.start - ref.span.end == len("::")
        if joined and result[i].action is Action.EDIT and result[i + 1].action is Action.MANUAL:
            result[i] = Decision(Action.MANUAL, result[i + 1].reason, result[i].replacement, result[i].row)
    return tuple(result)


def make_edit(ref: Reference, decision: Decision) -> Edit:
    """Return the span edit of an `edit` decision."""
    return Edit(ref.span, ref.name.encode("ascii"), decision.replacement.encode("ascii"))


def is_native(file: FileScan, target: Target) -> bool:
    """Return whether a file is a vendor's own code: its suffix says so, or it defines CUDA names as the target's."""
    if file.path.lower().endswith((*target.suffixes, *target.other_suffixes)):
        return True
    return any(b for _, b in compat_definitions(file, target))


def compat_definitions(file: FileScan, target: Target) -> list[tuple[Reference, bool]]:
    """Return the references that a #define of the file defines, with whether the body is one of the target's own names."""
    bodies = {m.span.start: m for m in file.facts.macros}
    return [
        (ref, target.is_own_name(bodies[ref.span.start].first))
        for ref in file.references
        if ref.context is Context.DIRECTIVE and ref.user and ref.span.start in bodies
    ]


def guarded_by_vendor(ref: Reference, target: Target, file: FileScan | None = None) -> bool:
    """Return whether a branch around the reference needs a macro of the target or of another vendor.

    An include does not carry its guards; `file` tells the branches that it may stand in.
    """
    guards = ref.guard.split(";")
    if ref.context is Context.INCLUDE and file is not None:
        guards = [guard for guard, branch in file.facts.guards if branch.contains(ref.span)]
    if not any(guards):
        return False
    vendors = target.vendor_macros | target.other_vendor_macros
    return any(all(vendors.intersection(part.split("&")) for part in guard.split("|")) for guard in guards if guard)
