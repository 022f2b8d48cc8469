# SPDX-License-Identifier: Apache-2.0
"""A tree's plans, one a target: ported code is told apart, each reference decided, edits made,
rules run.

All targets are planned file by file, so that what no target changes is worked out once and kept no
longer than its file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from portkit.languages.cxx.language import Cxx
from portkit.languages.registry import LANGUAGES
from portkit.model.plans import Decision, FilePlan, Finding, Plan
from portkit.model.reading import FileScan, Reference, Scan
from portkit.model.refusals import Refusals
from portkit.model.spans import Edit
from portkit.model.words import Action, Context, Reason
from portkit.plan.callers import AFFECTED, CallGraph, report_callers
from portkit.plan.conflicts import separate_conflicts
from portkit.plan.decide import Policy, decide
from portkit.plan.decision_memo import DecisionMemo, Judge, Shapes
from portkit.plan.earlier import Earlier, Launches
from portkit.plan.edit import make_edit
from portkit.plan.grouped import assumed_names, said_once
from portkit.plan.guide import guide_of
from portkit.plan.held import hold_across, hold_together, without_held
from portkit.plan.implied import with_implied
from portkit.plan.kernels import launch_sites, leave_kernels
from portkit.plan.macros import TreeMacros
from portkit.plan.other import plan_other
from portkit.plan.outline import Outline
from portkit.plan.owners import Withheld, defined_apart, leave_disputed, two_owners, withhold
from portkit.plan.pasted import join_pasted, part_again
from portkit.plan.ported import guarded_as, is_native, native_as
from portkit.plan.qualified import join_names
from portkit.plan.selection import Listener
from portkit.plan.suppress import Suppressions
from portkit.plan.taken_back import (
    left_to_person,
    without_fixes,
    without_refused,
    written_otherwise,
)
from portkit.rules.registry import run_file_rules, run_tree_rules
from portkit.rules.tree.bundled import bundles_in, without_bundled
from portkit.rules.view import FileSource, FileView
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

_NOTHING_REFUSED = Refusals()
_NONE: Withheld = {}
_OTHERS = Decision(Action.KEEP, Reason.OTHER_VENDOR)

Read = Callable[[str], bytes]
Memory = tuple[DecisionMemo, DecisionMemo]
Lexed = Callable[[], tuple[FileSource, Sequence[int]]]


class TreeFacts:
    """What the plans of a tree share, whatever the target. `read(rel)` gives a file's bytes as
    scanned.
    """

    def __init__(self, outline: Outline, vocabulary: Vocabulary, read: Read) -> None:
        self.vocabulary, self.read = vocabulary, read
        self.launches, self.macros, self.shapes = (
            launch_sites(outline.launches),
            TreeMacros(outline.macros, read),
            Shapes(),
        )


class Planning:
    """The plans of a tree, one a target, in the making: they take its files one by one, in the
    order of the scan.
    """

    def __init__(
        self,
        outline: Outline,
        targets: Sequence[Target],
        vocabulary: Vocabulary,
        policy: Policy,
        read: Read,
        earlier: Sequence[Earlier] = (),
        refused: Mapping[str, Refusals] = MappingProxyType({}),
    ) -> None:
        """`read(rel)` gives a file's bytes as scanned; `earlier`: none, or one a target; `refused`:
        what is not written, by file.
        """
        self._tree, self._earlier = TreeFacts(outline, vocabulary, read), earlier
        # plans of single files, once all are finished; one mapping a target
        self.made: Sequence[Mapping[str, FilePlan]] = ()
        self._planners = [Planner(target, policy, self._tree, refused) for target in targets]

    def add(self, file: FileScan) -> None:
        """Plan the next file of the scan for every target."""
        source = _once(file, self._tree)
        for number, planner in enumerate(self._planners):
            planner.add(file, source, self._earlier[number] if self._earlier else None)

    def finish(self, scan: Scan) -> list[Plan]:
        """Return the plans of the whole scan, whose files were all added."""
        graph = CallGraph(scan, self._tree.vocabulary)
        self.made = [planner.made for planner in self._planners]
        return [planner.finish(scan, graph) for planner in self._planners]


def _once(file: FileScan, tree: TreeFacts) -> Lexed:
    """Return what gives a file's source and the numbers of its references, read when the first
    target asks.
    """
    made: list[tuple[FileSource, Sequence[int]]] = []

    def source() -> tuple[FileSource, Sequence[int]]:
        if not made:
            made.append(
                (
                    FileSource(file, tree.read(file.path), tree.vocabulary),
                    tree.shapes.of(file.references),
                )
            )
        return made[0]

    return source


class Planner:
    """Makes the plan of a tree for one target, a file at a time."""

    def __init__(
        self,
        target: Target,
        policy: Policy,
        tree: TreeFacts,
        refused: Mapping[str, Refusals] = MappingProxyType({}),
    ) -> None:
        self._target, self._policy, self._tree = target, policy, tree
        self._refused = refused
        self._listener = Listener(policy.selection)
        self._known = self._memory(policy)
        self._memories = dict[Policy, tuple[Memory, Memory]]()  # of Python's files
        self._files: list[FilePlan] = []

    def _memory(self, policy: Policy, judge: Judge = decide) -> Memory:
        tree = self._tree
        fresh, ported = (
            DecisionMemo(
                tree.shapes, self._target, tree.vocabulary, policy, ported=ported, judge=judge
            )
            for ported in (False, True)
        )
        return fresh, ported

    def add(self, file: FileScan, source: Lexed, earlier: Earlier | None = None) -> None:
        """Plan the next file of the scan."""

        def make(launches: Launches, macros: TreeMacros) -> FilePlan:
            return self.plan(*source(), launches, macros)

        launches, macros = self._tree.launches, self._tree.macros
        self._files.append(
            make(launches, macros)
            if earlier is None
            else earlier.plan(file, launches, macros, make)
        )

    @property
    def made(self) -> Mapping[str, FilePlan]:
        """The plans of single files that were added."""
        return {file.scan.path: file for file in self._files}

    def finish(self, scan: Scan, graph: CallGraph) -> Plan:
        """Return the plan of the whole scan, whose files were all added; `graph` is that of the
        scan.
        """
        target = self._target
        self._files, apart = self._with_one_owner(self._files)
        held = without_bundled(self._held_across(), bundles_in(scan))
        heard = [self._heard(f) for f in report_callers(held, target.id, graph)]
        files, once = said_once(heard)
        found = [
            (path, self._listener.hear(path, [item])[0])
            for path, item in run_tree_rules(scan, target)
        ]
        notes = [*apart, *assumed_names(files, target.id), *once]
        apart = [(path, self._listener.hear(path, [item])[0]) for path, item in notes]
        whole = tuple([*self._listener.unused(), *found, *apart])
        guide = guide_of(files, target, self._policy)
        return Plan(target.id, target.profile, tuple(files), whole, guide=guide)

    def _with_one_owner(
        self, files: list[FilePlan]
    ) -> tuple[list[FilePlan], list[tuple[str, Finding]]]:
        """Return the plans without renames of names that the project has too, and findings on such
        names that were renamed in another program. The files with such names are planned again.
        """
        owning = [f.scan for f in files if f.scan.facts.owned or f.scan.facts.redeclared]
        if not owning:
            return files, []
        native = {scan.path for scan in owning if is_native(scan, self._target)}
        names, tree = two_owners(files, native), self._tree
        made = [
            self.plan(*_once(f.scan, tree)(), tree.launches, tree.macros, names[f.scan.path])
            if f.scan.path in names
            else f
            for f in files
        ]
        return made, defined_apart(made, native)

    def _heard(self, file: FilePlan) -> FilePlan:
        """Return the file's plan with the findings on callers silenced where the selection or a
        comment says so.
        """
        if not any(f.rule == AFFECTED for f in file.findings):
            return file
        path = file.scan.path
        marks = Suppressions(file.scan, self._tree.read(path) if file.scan.facts.marks else b"")
        return msgspec.structs.replace(
            file, findings=tuple(self._listener.hear(path, marks.cover(file.findings)))
        )

    def plan(
        self,
        source: FileSource,
        shapes: Sequence[int],
        launches: Launches,
        macros: TreeMacros,
        withheld: Withheld = _NONE,
    ) -> FilePlan:
        """Decide every reference of one file (`shapes` has their numbers) and run the rules over
        it. `withheld`: names that have two owners in the tree.
        """
        file, data, target = source.scan, source.data, self._target
        if file.language != Cxx.NAME and file.facts.python is None:
            policy = self._policy.at(file.path)
            marks = Suppressions(file, data if file.facts.marks else b"")

            def named() -> Sequence[Decision]:
                return self._decide(source, shapes, native_as(file, target))

            decisions, edits, also = plan_other(source, named, target, policy, marks)
            return self._finish_file(source, decisions, edits, marks, launches, also)
        native = native_as(file, target)
        decided = leave_disputed(file, self._decide(source, shapes, native))
        if withheld:
            decided = withhold(file, decided, withheld)
        decisions = leave_kernels(file, decided, target)
        marks = Suppressions(file, data if file.facts.marks else b"")
        decisions = marks.leave(file.references, decisions)
        decisions, wholes = join_names(source, decisions, target)
        decisions = join_pasted(source, decisions, self._policy.at(file.path).floors)
        decisions = hold_together(source, decisions, self._judge)
        python = list[Edit]()
        theirs = frozenset[int]()
        if file.facts.python is not None:
            from portkit.plan.python import python_changes

            decisions, python, theirs = python_changes(source, decisions, target)
        inside = {i for whole in wholes.values() for i in range(whole.first, whole.last + 1)}
        renamed = [
            (r, d)
            for i, (r, d) in enumerate(zip(file.references, decisions, strict=True))
            if d.action is Action.EDIT and i not in inside and i not in theirs
        ]
        spell = LANGUAGES[file.language].spell if renamed else None
        wanted = [make_edit(r, d, data, spell) for r, d in renamed]
        wanted += [edit for whole in wholes.values() for edit in whole.edits] + python
        if file.facts.python is None:
            decisions, wanted = self._calls_that_fit(source, decisions, wanted, macros)
        refused = self._refused.get(file.path, _NOTHING_REFUSED)
        wanted, broken = without_refused(wanted, refused)
        decisions = written_otherwise(file, decisions, refused)
        decisions = left_to_person(file, decisions, broken, Reason.BREAKS)
        if file.facts.bare is not None and native is None:
            wanted = with_implied(wanted, source, decisions, target, refused)
        edits, dropped = separate_conflicts(wanted)
        decisions = left_to_person(file, decisions, dropped, Reason.CONFLICT)
        decisions = part_again(source, decisions)
        decisions = hold_together(source, decisions, self._judge)
        return self._finish_file(source, decisions, edits, marks, launches)

    def _calls_that_fit(
        self,
        source: FileSource,
        decisions: tuple[Decision, ...],
        edits: list[Edit],
        macros: TreeMacros,
    ) -> tuple[tuple[Decision, ...], list[Edit]]:
        """Return decisions and edits with calls changed to what the target takes, or left to a
        person where that is not possible.
        """
        target, vocabulary = self._target, self._tree.vocabulary
        mended = any(
            d.action is Action.EDIT and d.row is not None and d.row.recipe for d in decisions
        )
        if not (edits and (mended or target.arities)):
            return decisions, edits
        from portkit.plan.arity import Fitting, leave_misfits

        file, data = source.scan, source.data
        fitting = Fitting(source, target, macros)
        decisions, edits = leave_misfits(file, decisions, edits, fitting)
        if not mended:
            return decisions, edits
        from portkit.plan.recipes import apply_recipes

        return apply_recipes(
            file, data, decisions, edits, target.recipes, vocabulary, macros, fitting
        )

    def _finish_file(
        self,
        source: FileSource,
        decisions: tuple[Decision, ...],
        edits: Sequence[Edit],
        marks: Suppressions,
        launches: Launches,
        also: Sequence[Finding] = (),
    ) -> FilePlan:
        """Return the plan of a file whose decisions are final, with what the rules say of it and
        what was found `also`.
        """
        file, target = source.scan, self._target
        refused = self._refused.get(file.path, _NOTHING_REFUSED)
        view = FileView(source, decisions, is_native(file, target), launches, refused)
        found = without_fixes(run_file_rules(view, target, also), refused)
        findings = self._listener.hear(file.path, marks.silence(found))
        return FilePlan(file, decisions, without_held(edits, file, decisions), tuple(findings))

    def _judge(self, ref: Reference) -> Decision:
        """Return what would become of a reference whose library this run leaves out."""
        every = Policy(self._policy.floors)
        return decide(ref, self._target, self._tree.vocabulary, every, ported=False)

    def _held_across(self) -> Sequence[FilePlan]:
        """Return the files' plans, with what other files hold back in them."""
        tree, files = self._tree, list(self._files)
        held = hold_across(files, tree.vocabulary, tree.read, self._judge)
        for number, (source, decisions) in held.items():
            marks = Suppressions(source.scan, source.data if source.scan.facts.marks else b"")
            files[number] = self._finish_file(
                source, decisions, files[number].edits, marks, tree.launches
            )
        return files

    def _decide(
        self, source: FileSource, shapes: Sequence[int], native: Reason | None
    ) -> tuple[Decision, ...]:
        policy = self._policy.at(source.scan.path)
        if source.scan.facts.python is not None:
            from portkit.plan.python import decide_python, each_by_its_own

            ported, memory = native is not None, self._memories.get(policy)
            if memory is None:
                pair = self._memory(policy), self._memory(policy, decide_python)
                memory = self._memories[policy] = pair
            held, own = memory[0][ported], memory[1][ported]
            return each_by_its_own(source, shapes, own, held, self._target)
        fresh, moved = self._known if policy is self._policy else self._memory(policy)
        if native is not None:
            return tuple(_left_as(native, moved[shape]) for shape in shapes)
        decisions = list(map(fresh.__getitem__, shapes))
        for index in source.once(_guarded):
            whose = guarded_as(source.references[index], self._target, source.scan)
            if whose is not None:
                decisions[index] = _left_as(whose, moved[shapes[index]])
        return tuple(decisions)


def _left_as(whose: Reason, decision: Decision) -> Decision:
    """Return the decision on a reference in ported code, which may be another vendor's."""
    others = whose is Reason.OTHER_VENDOR and decision.reason is Reason.VENDOR_CODE
    return _OTHERS if others else decision


def _guarded(source: FileSource) -> list[int]:
    """Return the references that stand in a branch that some vendor's macro switches on or off."""
    branches = bool(source.scan.facts.guards)
    return [
        i
        for i, ref in enumerate(source.references)
        if ref.guard or (branches and ref.context is Context.INCLUDE)
    ]
