# SPDX-License-Identifier: Apache-2.0
"""A tree's plans, made while the tree is still read: a file is planned as soon as its scan is
there, beside the workers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING

from portkit.files.overtime import Overtime
from portkit.languages.cxx.values.reading import FileSummary
from portkit.model.plans import Plan
from portkit.model.reading import FileScan, Scan
from portkit.model.refusals import Refusals

if TYPE_CHECKING:
    from portkit.model.plans import FilePlan
    from portkit.plan.decide import Policy
    from portkit.plan.earlier import Earlier
    from portkit.plan.outline import Outline
    from portkit.plan.planner import Planning
    from portkit.run.plans import Plans
    from portkit.targets.target import Target
    from portkit.vocab.vocabulary import Vocabulary

Read = Callable[[str], bytes]


class EarlyPlans:
    """Makes the plans of one tree for some targets. A scan that gets it tells it of files; `plans`
    gives the result in any case.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        vocabulary: Vocabulary,
        settle: Callable[[], Policy],
        refused: Mapping[str, Refusals] = MappingProxyType({}),
        made: Sequence[Mapping[str, FilePlan]] = (),
    ) -> None:
        """`settle` returns the policy, and may load what else is needed after the scan: it is
        called while workers are busy. `refused`: what is not written, by file; `made`: plans of
        this tree's files where all may be, one mapping a target.
        """
        self.made = made  # then those that were made
        self._targets, self._vocabulary, self._settle = targets, vocabulary, settle
        self._refused = refused
        self._policy: Policy | None = None
        self._planning: Planning | None = None
        self._earlier: list[Plans] = []
        self._order, self._waiting = deque[str](), dict[str, FileScan]()

    def prepare(self) -> None:
        """Load the code that planning and reporting need: the workers are busy, and this process
        has nothing to do.
        """
        from portkit.plan.planner import Planning
        from portkit.rules.registry import all_rules

        assert Planning is not None and all_rules()
        self._policy = self._policy or self._settle()

    def begin(
        self, outline: Outline, paths: Sequence[str], keys: Mapping[str, bytes], read: Read
    ) -> None:
        """Take what the plans of single files need of the tree. `paths`: its files, in the order of
        the scan; `keys`: see run.plans.
        """
        from portkit.plan.earlier import MadePlans
        from portkit.plan.planner import Planning

        policy = self._policy or self._settle()
        refused = self._refused
        planned = [path for path in paths if path in refused] if self.made else paths
        if keys:
            from portkit.run.cache import Cache
            from portkit.run.plans import Plans, plan_stamp

            stamp = plan_stamp()
            with closing(Cache()) as store:
                self._earlier = [
                    Plans(store, planned, keys, t, self._vocabulary, policy, stamp, refused)
                    for t in self._targets
                ]
        earlier: Sequence[Earlier] = self._earlier
        if self.made:
            kept: Sequence[Plans | None] = self._earlier or [None] * len(self._targets)
            earlier = [
                MadePlans(made, refused, plans) for made, plans in zip(self.made, kept, strict=True)
            ]
        self._planning = Planning(
            *(outline, self._targets, self._vocabulary, policy, read),
            earlier,
            refused,
        )
        self._order.extend(paths)

    def add(self, file: FileScan) -> None:
        """Plan a file, and those that had to wait for it: whatever the order in which files come,
        they are planned in that of the scan.
        """
        assert self._planning is not None
        self._waiting[file.path] = file
        while self._order and self._order[0] in self._waiting:
            path = self._order.popleft()
            try:
                self._planning.add(self._waiting.pop(path))
            except Overtime as error:
                error.path = path
                raise

    def plans(self, scan: Scan, keys: Mapping[str, bytes], read: Read) -> list[Plan]:
        """Return the plans of the whole scan, one a target, and keep them if its files were: `keys`
        are theirs.
        """
        if self._planning is None:
            from portkit.plan.outline import outline_of

            self.begin(outline_of(scan.files), [f.path for f in scan.files], keys, read)
            for file in scan.files:
                self.add(file)
        assert self._planning is not None
        made = self._planning.finish(scan)
        # a rule for some paths has to see each finding, to know whether it silences any
        self.made = () if self._settle().selection.per_path else self._planning.made
        if self._earlier:
            from portkit.files.compiled import keep as keep_tables
            from portkit.run.cache import Cache

            with closing(Cache()) as store:
                for plans in self._earlier:
                    plans.keep(store)
            keep_tables()  # what only planning looked at
        return made


class PlanFeed:
    """Tells `ahead` what a reader knows of the C and C++ files of a tree; `others` are its other
    files, read before.
    """

    def __init__(
        self, ahead: EarlyPlans, others: Iterable[FileScan], read: Read, *, cached: bool
    ) -> None:
        self._ahead, self._others, self._read, self._cached = ahead, list(others), read, cached

    def begin(self, summaries: Mapping[str, FileSummary], keys: Mapping[str, bytes]) -> None:
        """Have the planning begin."""
        from portkit.plan.outline import Outline, outline_of

        parts = {f.path: outline_of([f]) for f in self._others}
        for rel, summary in summaries.items():
            bodies = [(rel, name, start, end) for name, start, end in summary.bodies]
            parts[rel] = Outline([(rel, kernel) for kernel in summary.launched], bodies)
        paths = sorted(parts)
        whole = Outline(
            [x for rel in paths for x in parts[rel].launches],
            [x for rel in paths for x in parts[rel].macros],
        )
        self._ahead.begin(whole, paths, keys if self._cached else {}, self._read)
        for file in self._others:
            self._ahead.add(file)

    def add(self, scan: FileScan) -> None:
        """Have a file planned."""
        self._ahead.add(scan)
