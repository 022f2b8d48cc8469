# SPDX-License-Identifier: Apache-2.0
"""The output of a plan read by compilers before it is written: what they refuse is taken back, and
read once more.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

import msgspec

from portkit.files.discovery import FoundFile
from portkit.languages.base import Broken, Look, Output
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

Outputs = Mapping[str, Mapping[str, Output]]


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
    whole = complete(plan)
    first = _look(tree, outputs_of(whole))
    refused = blame(first.broken, whole, tree.read)
    unread, later = set(first.unread), dict[str, Refusals]()
    again = any(r.edits for r in refused.values())
    if again:
        plan = replan(refused)
        whole = complete(plan)
        second = _look(tree, outputs_of(whole), changed=refused)
        unread |= set(second.unread)
        later = blame(second.broken, whole, tree.read)
    for path in unread:
        later.setdefault(path, Refusals()).left.append((Span(0, 0), Charge("unread")))
    if later or not again:
        for path, found in later.items():
            refused[path] = refused.get(path, Refusals()).joined(found)
        plan = replan(refused) if refused else plan
    looked = Looked(first.units, sum(r.taken for r in refused.values()), len(unread))
    return msgspec.structs.replace(plan, looked=looked)


def _look(tree: Tree, outputs: Outputs, changed: Container[str] | None = None) -> Look:
    """Return what the compilers of all languages hold against outputs. `changed`: of units without
    one of these files all is known.
    """
    if not outputs:
        return Look()
    broken, unread, units = list[Broken](), list[str](), 0
    files, places = tree.scan.files, {f.rel: f for f in tree.discovery.files}
    options = msgspec.structs.replace(tree.options, progress=None)  # its line is ended
    with open_project(options, tree.discovery, tree.contents) as opened:
        project = msgspec.structs.replace(opened, faults=tree.faults)
        for name, some in outputs.items():
            refs = [
                _ref(f, places[f.path]) for f in files if f.language == name and f.path in places
            ]
            look = LANGUAGES[name].look_at(refs, project, some, changed)
            broken += look.broken
            unread += look.unread
            units += look.units
    return Look(tuple(broken), units, tuple(unread))


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
