# SPDX-License-Identifier: Apache-2.0
"""`portkit baseline PATH... --to T`: the findings that are known; shows what drifted, writes,
prunes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from portkit.cli.options import pass_options, plan_options, scan_options, targets_option
from portkit.cli.said import say
from portkit.model.errors import PortkitError

DEFAULT = "portkit-baseline.json"


@click.command("baseline")
@scan_options
@targets_option()
@plan_options
@click.option("--write", is_flag=True, help="Take every finding of today in, and what is gone out.")
@click.option("--prune", is_flag=True, help="Take what is gone out, take nothing in.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """What is new and what is gone beside the baseline (--baseline FILE, else portkit-baseline.json
    at the root).

    Entries of other targets, and of files that were not read this time, stay as they are.
    """
    from portkit.cli.reading import open_session, read_tree
    from portkit.cli.settings import session_options
    from portkit.files.regular import BASELINE_BYTES, read_regular
    from portkit.plan.baseline import BaselineTool, dump_baseline, findings_of, load_baseline
    from portkit.printable import printable_name
    from portkit.report.model import tool_info
    from portkit.rewrite.place import output_place
    from portkit.rewrite.writer import replace

    if options["write"] and options["prune"]:
        raise click.UsageError("--write and --prune exclude each other")
    given = options["baseline"]
    asked = msgspec.structs.replace(session_options(options), baseline=None)
    session = open_session(options, options["targets"], asked=asked)
    tree, plans, targets = read_tree(session, options), session.plans(), session.targets
    root = Path(tree.scan.root)
    path = Path(given) if given else root / DEFAULT
    if options["write"] or options["prune"]:
        path = output_place(path, root)
    before = load_baseline(path) if path.exists() or not options["write"] else None
    old = before.findings if before is not None else []
    mine = {f"{p.target}@{p.profile}" for p in plans}
    kept = [k for k in old if k.target not in mine]
    for plan in plans:
        drift = _drift(old, plan, root)
        _show(plan, drift, tree)
        new = drift.new if options["write"] else ()
        kept += [*drift.known, *(now for _, now in drift.moved), *drift.unread, *new]
        if before is None:
            assert sorted(drift.new) == sorted(findings_of(plan))
    if options["write"] or options["prune"]:
        tables = (before.tool.tables if before is not None else {}) | {
            t.id: t.digest for t in targets
        }
        info = tool_info(tree.scan, tables)
        data = dump_baseline(BaselineTool(info.version, info.vocabulary, info.tables), kept)
        if not path.parent.is_dir():
            raise PortkitError("no such folder", str(path.parent))
        if not path.exists() or read_regular(path, BASELINE_BYTES) != data:
            replace(path, data)
        say(f"portkit: {len(set(kept))} findings in {printable_name(path.name)}", err=True)
    elif before is not None:
        _warn(before.tool.tables, {t.id: t.digest for t in targets})
    return 0


def _drift(old: Sequence[Any], plan: Any, root: Path) -> Any:
    from portkit.plan.baseline import compare, findings_of
    from portkit.printable import real_name

    target = f"{plan.target}@{plan.profile}"
    read = [f.scan.path for f in plan.files]
    return compare(
        [k for k in old if k.target == target],
        findings_of(plan),
        read,
        lambda rel: (root / real_name(rel)).is_file(),
    )


def _show(plan: Any, drift: Any, tree: Any) -> None:
    from portkit.assess.readiness import all_findings
    from portkit.files.text import SourceText
    from portkit.printable import printable_path
    from portkit.rules.texts import message

    spans: dict[str, list[tuple[str, Any]]] = {}
    for path, item in all_findings(plan):
        spans.setdefault(item.fingerprint, []).append((path, item))
    counts = (
        f"{len(drift.known) + len(drift.moved)} known, {len(drift.new)} new, {len(drift.gone)} gone"
    )
    more = "".join(
        f", {len(part)} {word}"
        for part, word in ((drift.moved, "moved"), (drift.unread, "not read"))
        if part
    )
    say(f"{plan.target}@{plan.profile}: {counts}{more}")
    for item in drift.new:
        path, found = spans[item.fingerprint].pop()
        line, column = (
            SourceText(tree.read(path)).position(found.span.start)
            if path in _read(plan)
            else (1, 1)
        )
        say(f"new   {printable_path(path)}:{line}:{column}: {item.rule} {message(found)}")
    for item in drift.gone:
        say(f"gone  {printable_path(item.path)}: {item.rule} {item.name}".rstrip())
    files = sorted({(one.path, now.path) for one, now in drift.moved})
    for one, now in files:
        say(f"moved {one} -> {now}")


def _read(plan: Any) -> set[str]:
    return {f.scan.path for f in plan.files}


def _warn(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = [t for t in sorted(now) if t in before and before[t] != now[t]]
    if changed:
        say(
            f"portkit: the tables of {', '.join(changed)} changed since the baseline was written",
            err=True,
        )
