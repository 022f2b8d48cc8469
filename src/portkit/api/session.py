# SPDX-License-Identifier: Apache-2.0
"""One tree, read once, planned for one or more targets, reported and rewritten."""

from __future__ import annotations

import functools
import io
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from portkit.api.options import AnyPath, Options, as_paths
from portkit.model.errors import PortkitError

if TYPE_CHECKING:
    from portkit.api.migration import Migration
    from portkit.assess.readiness import Assessment
    from portkit.languages.jobs import Run
    from portkit.model.plans import FilePlan, Plan
    from portkit.model.reading import Scan
    from portkit.model.refusals import Refusals
    from portkit.plan.decide import Policy
    from portkit.report.documents import ReportDocument
    from portkit.report.model import Report
    from portkit.rewrite.change import Change
    from portkit.run.early_plans import EarlyPlans
    from portkit.run.tree import Tree
    from portkit.targets.reverse import ReverseTarget
    from portkit.targets.target import Target
    from portkit.vocab.vocabulary import Vocabulary

Assessed = Sequence[tuple["Plan", "Assessment"]]


class Session:
    """A tree and what is asked of it. Everything is made when it is first asked for, and kept.

        session = Session("src", Options.load(["src"]), ["musa", "maca"])
        for plan, assessment in session.assessments():
            print(plan.target, assessment.summary.readiness)

    A session sees the tree as it was when it was read: make a new one for a tree that changed. It
    belongs to one thread. Every method raises PortkitError, one line for a person, for a mistake of
    the user's: a path that is not there, an unknown target, a table or a configuration that does
    not read, a file that changed meanwhile.
    """

    def __init__(
        self,
        paths: Iterable[AnyPath] | AnyPath = (),
        options: Options | None = None,
        targets: Iterable[str] = (),
        *,
        source: str = "",
        texts: Mapping[Path, bytes] | None = None,
        progress: Callable[[int, int], None] | None = None,
        warn: Callable[[str], None] | None = None,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        """Take what is asked for; nothing is read yet.

        `paths`: files and folders, default the working folder. `targets`: TARGET or TARGET@PROFILE,
        default those of the options. `source`: the tree was migrated to this target and is to be
        led back; the only target is then CUDA. `texts`: contents that stand in for files on disk,
        by absolute path without links. `progress` is called with (units done, units in all) while
        Clang reads, `warn` with a line for what a person should know and what stops nothing,
        `meanwhile` once while worker processes are busy.
        """
        self.paths = as_paths(paths)
        self.options = options if options is not None else Options()
        self._specs = (targets,) if isinstance(targets, str) else tuple(targets)
        self._source, self._texts = source, texts or {}
        self.progress, self._meanwhile = progress, meanwhile
        self.listen: Callable[[Run], Run] | None = None  # see api.why
        self.warn: Callable[[str], None] = warn or (lambda _: None)
        self._tree: Tree | None = None
        self._ahead: EarlyPlans | None = None
        self._migrations: dict[int, Migration] = {}
        self._asked: dict[int, tuple[str, ...]] = {}
        self.unread: Mapping[str, str] = {}  # of the compile commands, once read: file -> reason

    # --- what is asked

    @functools.cached_property
    def root(self) -> Path:
        """The folder that report paths are relative to, absolute and without links."""
        from portkit.files.roots import find_root

        return find_root(self.paths or [Path()], self.options.root)[0]

    @functools.cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets with the user's rows over them, and what an SDK on this machine proves."""
        if self._reverse is not None:
            return (self._reverse,)
        from portkit.targets.asked import load_targets

        specs, options = self._specs or self.options.targets, self.options
        return tuple(load_targets(specs, options.maps, self.warn, options.route))

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that the tree is read for: CUDA's, or those of the way back's target."""
        from portkit.vocab.vocabulary import load_vocabulary

        return self._reverse.vocabulary if self._reverse is not None else load_vocabulary()

    @functools.cached_property
    def policy(self) -> Policy:
        """What the options accept and select."""
        from portkit.api.policy import make_policy

        return make_policy(self.options)

    def asked_for(self, number: int = 0) -> tuple[str, ...]:
        """Return what says what is written for a target, by its number: equal for equal output."""
        if number not in self._asked:
            from portkit.api.asked import asked_for

            way = f"--to {self.targets[number].spec}"
            if self._reverse is not None:
                way = f"--from {self._reverse.source.spec}"
            self._asked[number] = asked_for(way, self.options, self.root)
        return self._asked[number]

    @functools.cached_property
    def _reverse(self) -> ReverseTarget | None:
        if not self._source:
            return None
        from portkit.targets.asked import user_rows
        from portkit.targets.floors import parse_floors
        from portkit.targets.reverse import ReverseTarget
        from portkit.targets.target import load_target
        from portkit.vocab.vocabulary import load_vocabulary

        source, user = load_target(self._source), user_rows(self.options.maps)
        return ReverseTarget(source, load_vocabulary(), parse_floors(self.options.accept), user)

    # --- what is read

    def scan(self) -> Scan:
        """Return what CUDA the tree uses: files with their references, and what was left out."""
        return self.tree().scan

    def read(self, path: str) -> bytes:
        """Return a file's bytes, by its path in the scan. Raises PortkitError when it has changed."""
        return self.tree().read(path)

    def tree(self, *, ahead: bool = False) -> Tree:
        """Return the tree as read. `ahead`: plans are made beside the workers that read it."""
        if self._tree is None:
            tree = self.read_tree(ahead=ahead)
            if self.unread:
                from portkit.api.unit_flags import said_of_unread

                self.warn(said_of_unread(self.unread))
            if not tree.scan.files:
                self.warn("nothing found to read")
        return self.read_tree()

    def read_tree(self, *, ahead: bool = False) -> Tree:
        """Return the tree as `tree` does, without a word on what was not read."""
        if self._tree is None:
            from portkit.api.reading import read_tree

            planner = self._planner(self.targets) if ahead and self._reverse is None else None
            reverse = self._reverse
            vocabulary = reverse.vocabulary if reverse is not None else None
            tree, self.unread = read_tree(
                self.paths,
                self.options,
                vocabulary,
                self._texts,
                self.progress,
                self.warn,
                planner,
                self.listen,
            )
            if reverse is not None:
                from portkit.plan.origins import settle_origins

                tree.scan = settle_origins(tree.scan, reverse)
            self._tree, self._ahead = tree, planner
        return self._tree

    # --- what is planned

    def plans(self) -> tuple[Plan, ...]:
        """Return a plan for each target, in their order: decisions, edits, findings by file."""
        return self._plans

    def assessments(self) -> tuple[tuple[Plan, Assessment], ...]:
        """Return each plan with what it amounts to.

        `summary` holds `readiness` (percent), counts of references and `effort_hours` (hours).
        """
        return self._assessed

    def assess(self, plans: Iterable[Plan]) -> tuple[tuple[Plan, Assessment], ...]:
        """Return plans of this session's tree, changed or not, with what they amount to."""
        from portkit.assess.effort import changed_table
        from portkit.assess.readiness import assess
        from portkit.plan.moved import moved_in
        from portkit.targets.floors import parse_floors

        floors, table = parse_floors(self.options.accept), changed_table(self.options.effort)
        ways = () if self._reverse is not None else self.targets
        moved = functools.partial(moved_in, ways, self.vocabulary)
        scan = self.scan()
        return tuple((plan, assess(plan, floors, table, moved(plan), scan)) for plan in plans)

    @functools.cached_property
    def _plans(self) -> tuple[Plan, ...]:
        if not self.targets:
            hint = "give the session targets, or the configuration `targets`"
            raise PortkitError("no target", hint=hint)
        tree = self.tree(ahead=True)
        planner = self._ahead or self._planner(self.targets)
        plans = self._exempted(planner.plans(tree.scan, tree.keys, tree.read))
        self._made, self._ahead = planner.made, None  # that holds what only planning needs
        if self.options.verify:
            plans = [self._verified(n, plan, lambda p: p) for n, plan in enumerate(plans)]
        return tuple(plans)

    def _verified(self, number: int, plan: Plan, complete: Callable[[Plan], Plan]) -> Plan:
        """Return a target's plan without the edits that a compiler refuses; see run.verify."""
        if plan.looked is not None or self._reverse is not None:
            return plan
        from portkit.run.verify import verified

        tree = self.tree()

        def replan(refused: Mapping[str, Refusals]) -> Plan:
            made = self._made[number : number + 1]
            planner = self._planner(self.targets[number : number + 1], refused, made)
            return self._exempted(planner.plans(tree.scan, tree.keys, tree.read))[0]

        return verified(tree, plan, complete, replan)

    def _exempted(self, plans: Sequence[Plan]) -> Sequence[Plan]:
        baseline, since = self.options.baseline, self.options.since
        if not (baseline or since):
            return plans
        from portkit.api.exempted import exempted

        return exempted(plans, self.tree(), baseline, since)

    @functools.cached_property
    def _assessed(self) -> tuple[tuple[Plan, Assessment], ...]:
        return self.assess(self.plans())

    def _planner(
        self,
        targets: Sequence[Target],
        refused: Mapping[str, Refusals] = MappingProxyType({}),
        made: Sequence[Mapping[str, FilePlan]] = (),
    ) -> EarlyPlans:
        from portkit.run.early_plans import EarlyPlans

        def settle() -> Policy:
            if self._meanwhile is not None:
                self._meanwhile()
            return self.policy

        return EarlyPlans(targets, self.vocabulary, settle, refused, made)

    # --- what comes of it

    def report(
        self,
        form: str = "text",
        out: TextIO | AnyPath | None = None,
        *,
        language: str | None = None,
        colour: bool = False,
    ) -> None:
        """Write the report of all plans in a format, by its name: text, json, html, sarif ...

        `out`: a stream of text, or the file to write (whole or not at all); None is standard
        output. `language`: en or zh; None: for text the options' or the environment's, English for
        the others. `colour`: of text only.
        """
        from portkit.report.formats import format_module
        from portkit.report.i18n import choose_language

        module = format_module(form)
        default = self.options.language if form == "text" else "en"
        spoken = choose_language(language or default)
        colour = colour and form == "text"
        report = self.report_of(self.assessments(), language=spoken, colour=colour)
        if isinstance(out, (str, os.PathLike)):
            from portkit.report.output import write_file

            write_file(Path(out), functools.partial(module.render, report), self.root)
        else:
            module.render(report, out if out is not None else sys.stdout)

    def document(self, *, language: str = "en") -> ReportDocument:
        """Return the report `portkit/report/1` as values: what `report("json")` writes."""
        import msgspec

        from portkit.report.documents import ReportDocument

        text = io.StringIO()
        self.report("json", text, language=language)
        return msgspec.json.decode(text.getvalue(), type=ReportDocument)

    def report_of(
        self,
        assessed: Assessed,
        *,
        language: str,
        colour: bool = False,
        verbose: bool = False,
        compact: bool = False,
    ) -> Report:
        """Return what the formats render for plans of this session's tree."""
        from portkit.api.advice import advice_of
        from portkit.report.i18n import languages
        from portkit.report.model import Report

        targets, scan = self.targets, self.scan()
        return Report(
            scan,
            tuple(assessed),
            self.digests,
            {t.id: t.name(language) for t in targets},
            self.read,
            language,
            colour,
            verbose=verbose,
            compact=compact,
            compared=bool(self.options.baseline),
            sdk={t.spec: t.sdk for t in targets if t.sdk},
            advice=advice_of(scan, targets, self.vocabulary, self.policy),
            all_names={code: {t.id: t.name(code) for t in targets} for code in languages()},
        )

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each target's tables, by target.

        That is its id, or id@profile where two profiles of one target take part.
        """
        ids = [t.id for t in self.targets]
        return {t.id if ids.count(t.id) == 1 else t.spec: t.digest for t in self.targets}

    def migration(self, target: str | None = None) -> Migration:
        """Return what would be written for a target: ID or TARGET@PROFILE; None: the only one."""
        number = self._number(target)
        if number not in self._migrations:
            from msgspec.structs import replace

            from portkit.api.migration import Migration
            from portkit.model.plans import Looked

            def migration(plan: Plan) -> Migration:
                return Migration(
                    self.tree(ahead=True),
                    plan,
                    self.targets[number],
                    self.options,
                    policy=self.policy,
                    vocabulary=self.vocabulary,
                    asked=self.asked_for(number),
                    paths=self.paths or [Path()],
                )

            plan = self.plans()[number]
            if self.options.verify is False:
                plan = replace(plan, looked=Looked(skipped=True))
            elif self.options.strategy == "rename":
                plan = self._verified(number, plan, lambda plan: migration(plan).plan)
            self._migrations[number] = migration(plan)
        return self._migrations[number]

    def changes(self, target: str | None = None) -> list[Change]:
        """Return the files that the plan of a target changes, with their bytes before and after.

        They are verified: a CUDA name that is left is a known keep or manual. `rel` is the name
        before, `destination` the one after, both relative to the root. Nothing is written.
        """
        return self.migration(target).changes

    def _number(self, target: str | None) -> int:
        specs = [t.spec for t in self.targets]
        fits = [n for n, t in enumerate(self.targets) if target in (None, t.id, t.spec)]
        if len(fits) == 1:
            return fits[0]
        known = f"this session's: {', '.join(specs) or 'none'}"
        said = "no target of this session" if not fits else "says not which target"
        raise PortkitError(f"{target or 'no name'}: {said}", hint=known)
