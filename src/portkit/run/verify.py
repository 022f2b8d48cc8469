# SPDX-License-Identifier: Apache-2.0
"""The output of a plan read by compilers before it is written: what they refuse is taken back, and
read once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import msgspec

from portkit.files.discovery import FoundFile
from portkit.languages.base import Asked, Broken, Looker, Output
from portkit.languages.file_ref import FileRef
from portkit.languages.registry import LANGUAGES
from portkit.model.plans import Looked, Plan
from portkit.model.reading import FileScan
from portkit.model.refusals import Charge, Refusals
from portkit.model.spans import Span
from portkit.plan.blame import blame
from portkit.plan.outputs import outputs_of
from portkit.printable import printable_name
from portkit.run.project import open_project
from portkit.run.tree import Tree


def verified(
    tree: Tree,
    plan: Plan,
    complete: Callable[[Plan], Plan],
    replan: Callable[[Mapping[str, Refusals]], Plan],
) -> Plan:
    """Return the plan without the edits that compilers refuse. What they hold against the rest is
    said and takes no more back.

    `complete` adds what else is written, such as fixes; `replan` makes the plan anew without what
    is refused, by file.
    """
    whole, refused, told = complete(plan), dict[str, Refusals](), True
    with _looks(tree) as looks:
        # what many files share comes first: it is then right when the others are read
        for few in (True, False):
            found = blame(looks.look(whole, few=few), whole, tree.read)
            for path, more in found.items():
                refused.setdefault(path, Refusals()).add(more)
            again = any(r.edits for r in found.values())
            told = told and not found
            if again:
                plan, told = replan(refused), True
                whole = complete(plan)
        later = blame(looks.look(whole), whole, tree.read) if again else {}
        for path in looks.unread(whole):
            later.setdefault(path, Refusals()).left.append((Span(0, 0), Charge("unread")))
        units = len(looks.units)
    for path, more in later.items():
        refused[path] = refused.get(path, Refusals()).joined(more)
    if later or not told:
        plan = replan(refused)
    left = sum(charge.case == "unread" for r in refused.values() for _, charge in r.left)
    looked = Looked(units, sum(r.taken for r in refused.values()), left)
    return msgspec.structs.replace(plan, looked=looked)


class _Looks:
    """Looks at plans of a tree, one after the other. `units`: those that were read."""

    def __init__(self, lookers: Mapping[str, Looker]) -> None:
        self._lookers = lookers
        self._plan: Plan | None = None
        self._outputs: dict[str, dict[str, Output]] = {}
        self._changed: dict[str, set[str]] = {}  # by language, since its units were read
        self._read = set[str]()
        self.units = set[str]()

    def look(self, plan: Plan, *, few: bool = False) -> list[Broken]:
        """Return what compilers hold against a plan; units that were read are read again only where
        other things are written there now. `few`: see Asked.
        """
        self._take(plan)
        broken = list[Broken]()
        for name, looker in self._lookers.items():
            outputs, changed = self._outputs.get(name, {}), self._changed.pop(name, set())
            if not outputs:
                continue
            look = looker.look(outputs, Asked(few, frozenset(self.units), frozenset(changed)))
            broken += look.broken
            self.units.update(look.units)
            self._read = self._read - {*look.failed} | {*look.read}
        return broken

    def unread(self, plan: Plan) -> list[str]:
        """Return the files with edits that no compiler could read."""
        self._take(plan)
        known = [rel for name in self._lookers for rel in self._outputs.get(name, ())]
        return [rel for rel in known if rel not in self._read]

    def _take(self, plan: Plan) -> None:
        if plan is self._plan:
            return
        before, self._plan, self._outputs = self._outputs, plan, outputs_of(plan)
        for name in before.keys() | self._outputs.keys():
            old, new = before.get(name, {}), self._outputs.get(name, {})
            self._changed[name] = {r for r in old.keys() | new.keys() if old.get(r) != new.get(r)}


@contextlib.contextmanager
def _looks(tree: Tree) -> Iterator[_Looks]:
    """Open a tree for looks at its outputs."""
    places = {f.rel: f for f in tree.discovery.files}
    options = msgspec.structs.replace(tree.options, progress=None)  # its line is ended
    with open_project(options, tree.discovery, tree.contents) as opened:
        project = msgspec.structs.replace(opened, told=tree.told)
        lookers = dict[str, Looker]()
        for name, language in LANGUAGES.items():
            files = [f for f in tree.scan.files if f.language == name and f.path in places]
            looker = language.looker([_ref(f, places[f.path]) for f in files], project)
            if looker is not None:
                lookers[name] = looker
        yield _Looks(lookers)


def _ref(scan: FileScan, found: FoundFile) -> FileRef:
    return FileRef(
        scan.path,
        printable_name(found.path),
        scan.sha256,
        scan.encoding,
        scan.size,
        scan.lines,
        scan.path_bytes,
    )
