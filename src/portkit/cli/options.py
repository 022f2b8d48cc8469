# SPDX-License-Identifier: Apache-2.0
"""Options that commands share, and the steps from them to a scan, plans and a rendered report."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from portkit.cli.said import say, unguarded
from portkit.model.plans import Plan
from portkit.model.words import Rung

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def scan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add PATH... and the options of a scan."""
    added = (
        click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
        click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="What report paths are relative to."),
        click.option("--include", multiple=True, metavar="GLOB", help="Read only files that match (gitignore syntax)."),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave matching files out."),
        click.option("--rung", type=click.Choice(["lex", "syntax", "clang"]), help="Highest rung used (default: clang)."),
        click.option("-j", "--jobs", type=click.IntRange(min=0), help="Worker processes (default: cores)."),
        click.option("-I", "include_dirs", multiple=True, metavar="DIR", help="Include folder for Clang."),
        click.option("-D", "defines", multiple=True, metavar="NAME[=VALUE]", help="Macro for Clang."),
        click.option("-p", "compile_db", type=click.Path(path_type=Path), help="compile_commands.json or its folder."),
        click.option(
            "--from-scan", type=click.Path(path_type=Path, dir_okay=False), help="Take a saved scan (scan -o) instead of reading the code."
        ),
        click.option("--no-cache", is_flag=True, help="Neither use nor write the cache of scan results."),
        click.option("--executor", default="", metavar="dask://HOST:PORT", help="Work on a Dask cluster instead of this machine."),
        click.option("-q", "--quiet", is_flag=True, help="No progress, no hints; the text report is short."),
        click.option("-v", "--verbose", count=True, help="More on stderr."),
        click.option("--config", "config_file", type=click.Path(path_type=Path, dir_okay=False), help="Use this configuration file."),
        click.option("--no-config", is_flag=True, help="Use no configuration file."),
    )
    return _apply(function, added)


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a rendered report."""
    added = (
        click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text, json ...; repeatable."),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report here instead of stdout."),
        click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of messages."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    )
    return _apply(function, added)


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a plan."""
    added = (
        click.option("--accept", metavar="AXIS=WORD,...", help="Evidence floors: exists=, pairs=, proof=."),
        click.option("--only", multiple=True, metavar="LIBRARY", help="Rewrite only these libraries."),
        click.option("--skip", multiple=True, metavar="LIBRARY", help="Leave these libraries out."),
        click.option(
            "--map", "maps", multiple=True, type=click.Path(path_type=Path), help="Your own rows (CSV or JSON), above all others."
        ),
        *rule_options(),
        click.option(
            "--fail-on", type=click.Choice(["none", "info", "warning", "error"]), default=None, help="Exit 1 on a finding at or above."
        ),
        click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Only findings not in it count."),
        click.option("--since", metavar="REV", help="Only findings on lines changed since a git revision count (REV...: since the fork)."),
        click.option("--fail-under", type=click.FloatRange(0, 100), metavar="READINESS", help="Exit 1 when a target's readiness is lower."),
    )
    return _apply(function, added)


def rule_options() -> tuple[Decorator, Decorator]:
    """Return the options that choose rules by id prefix; the longest prefix that fits an id decides."""
    return (
        click.option("--select", multiple=True, metavar="ID,...", help="Rules that count, by id or prefix (default: all)."),
        click.option(
            "--ignore",
            multiple=True,
            metavar="ID,...",
            help="Rules that do not count, by id or prefix; they stay in the report as suppressed.",
        ),
    )


def _apply(function: Callable[..., Any], added: Sequence[Decorator]) -> Callable[..., Any]:
    for decorator in reversed(added):
        function = decorator(function)
    return function


def scan_tree(options: dict[str, Any], ahead: Any = None) -> Any:
    """Run the scan that the options ask for; return a run.pipeline.Tree. `ahead`: see run.ahead."""
    import logging
    from dataclasses import replace

    from portkit.cli.log import show_log
    from portkit.cli.named import Named, hidden_by_attributes
    from portkit.cli.progress import progress
    from portkit.cli.settings import path_flags
    from portkit.files.compdb import load_compile_database
    from portkit.files.overtime import allow
    from portkit.languages.cxx.values.reading import UnitFlags
    from portkit.run.pipeline import ScanOptions, scan_paths

    allow()
    named = Named(options)
    dirs = tuple(os.path.realpath(d) for d in options["include_dirs"])
    base_flags = UnitFlags(include_dirs=dirs, defines=tuple(options["defines"]))
    local = path_flags(options)
    database = None
    if options["compile_db"]:
        database = load_compile_database(Path(options["compile_db"]), named.database_tops())

    def unit_flags(path: Path) -> UnitFlags:
        flags = base_flags if local is None else local(path, base_flags)
        own, local_dirs = flags.include_dirs[: len(dirs)], flags.include_dirs[len(dirs) :]
        allowed = (*named.by_key("include_dirs", own), *named.by_key("overrides", local_dirs))
        if allowed != flags.include_dirs:  # else all units have one and the same object
            flags = replace(flags, include_dirs=allowed)
        if database is None:
            return flags
        known = database.flags_for(path)
        folders, headers = (*known.quote, *known.includes), known.forced_includes
        given = named.by_database(UnitFlags(folders, known.isystem, known.defines, known.undefines, headers, known.std))
        return replace(given, include_dirs=(*flags.include_dirs, *given.include_dirs), defines=(*given.defines, *flags.defines))

    show_log(logging.INFO if options["verbose"] else logging.WARNING)
    paths = list(options["paths"]) or [Path()]
    with progress(options["quiet"], options["rung"], options.get("color", "auto")) as report:
        wanted = ScanOptions(
            root=options["root"],
            include=tuple(options["include"]),
            exclude=tuple(options["exclude"]),
            rung=Rung(options["rung"]),
            jobs=named.jobs(),
            flags=base_flags,
            compile_flags=unit_flags,
            left_out=named.skipped,
            progress=report,
            overlay=options.get("overlay", {}),
            vocabulary=options.get("vocabulary"),
            cache=not options.get("no_cache", True),
            executor=options.get("executor", ""),
        )
        tree = scan_paths(paths, wanted, ahead) if options.get("from_scan") is None else _saved(options, wanted)
    if database is not None and database.unread and not options["quiet"]:
        say(f"portkit: {_left_out(database.unread)}", err=True)
    if options["verbose"] and not options["quiet"]:
        where = {v.where.partition(":")[0] for v in options["values"].values() if v.origin == "file"} or {"none"}
        say(f"portkit: configuration: {', '.join(sorted(where))}; root by {tree.scan.path_base}; {_read(tree)}", err=True)
    hidden = hidden_by_attributes(tree.scan.skipped)
    if hidden and not options["quiet"]:
        files = "1 file was" if hidden == 1 else f"{hidden} files were"
        say(f"portkit: {files} not read because .gitattributes call them generated or vendored (PK906 names them)", err=True)
    if not tree.scan.files and not options["quiet"]:
        say("portkit: nothing found to read", err=True)
    return tree


def _left_out(unread: dict[str, str]) -> str:
    """Say what of the compile commands was not read: how much, and the first of it."""
    from portkit.printable import printable

    name, reason = next(iter(unread.items()))
    more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
    return printable(f"of the compile database was not read: {name}: {reason}{more}")


def _saved(options: dict[str, Any], wanted: Any) -> Any:
    from portkit.run.saved import load_tree

    return load_tree(options["from_scan"], list(options["paths"]), wanted, lambda text: say(f"portkit: {text}", err=True))


def _read(tree: Any) -> str:
    from collections import Counter

    parsed = Counter(f.parse.value for f in tree.scan.files)
    skipped = sum(s.files for s in tree.scan.skipped)
    return f"read: {', '.join(f'{parsed[k]} by {k}' for k in sorted(parsed)) or 'nothing'}; {skipped} skipped"


def load_targets(specs: Sequence[str], maps: Sequence[Path]) -> list[Any]:
    """Load the targets named by --to with the user's rows over them, and what an SDK on this machine proves of them."""
    from portkit.targets.sdk import load_overlay
    from portkit.targets.target import load_target
    from portkit.targets.user import load_user_rows

    user = {name: row for path in maps for name, row in load_user_rows(path).items()}
    found = [load_target(spec, user=user) for spec in specs]
    for target in found:
        if (overlay := load_overlay(target.spec)) is not None:
            target.prove(overlay.names, overlay.digest, overlay.label)
    return found


def plans_ahead(targets: Sequence[Any], options: dict[str, Any]) -> Any:
    """Return what makes the plans of a tree for the targets, while it is read (run.ahead.Ahead)."""
    from portkit.run.ahead import Ahead
    from portkit.vocab.vocabulary import load_vocabulary

    def settle() -> Any:
        from portkit.cli import gate, settings
        from portkit.report.output import outputs

        outputs(options.get("formats", ()), options.get("output"))
        assert gate  # loaded now
        return settings.make_policy(options)

    return Ahead(targets, options.get("vocabulary") or load_vocabulary(), settle)


def make_plans(tree: Any, targets: Sequence[Any], options: dict[str, Any], ahead: Any = None) -> list[Plan]:
    """Return a plan for every target; `ahead` has been told of the tree's files as they were read."""
    plans: list[Plan] = (ahead or plans_ahead(targets, options)).plans(tree.scan, tree.keys, tree.read)
    if options.get("baseline") or options.get("since"):
        from portkit.cli.gate import exempted

        plans = exempted(plans, tree, options)
    return plans


def emit(
    tree: Any, plans: Sequence[Plan], targets: Sequence[Any], options: dict[str, Any], default: TextIO | None = None, text: Any = None
) -> Any:
    """Render the report in every format asked for; the first one without =FILE goes to -o or stdout.

    `text`: another module for the text format. Returns (plan, assessment) of each plan.
    """
    from portkit.assess.effort import changed_table
    from portkit.assess.readiness import assess
    from portkit.report.i18n import languages
    from portkit.report.model import Report
    from portkit.report.output import outputs, write_file
    from portkit.report.terminal import language, use_colour
    from portkit.targets.floors import parse_floors

    stream = unguarded(default or sys.stdout)
    values = options.get("values")
    lang = language(values["lang"].value if values else options["lang"])
    floors = parse_floors(options["accept"])
    table = changed_table(values["effort"].value if values else None)
    assessed = tuple((p, assess(p, floors, table)) for p in plans)
    for known, destination in outputs(options["formats"], options["output"]):
        machine = known.NAME != "text"
        module = known if machine or text is None else text
        report = Report(
            tree.scan,
            assessed,
            _digests(targets),
            {t.id: t.name(lang) for t in targets},
            tree.read,
            (options["lang"] or "en") if machine else lang,
            not machine and destination is None and use_colour(options["color"], stream),
            verbose=bool(options["verbose"]),
            compact=bool(options.get("compact") or options["quiet"]),
            compared=bool(options.get("baseline")),
            sdk={t.spec: t.sdk for t in targets if t.sdk},
            all_names={code: {t.id: t.name(code) for t in targets} for code in languages()},
        )
        if destination is None:
            module.render(report, stream)
            continue
        write_file(destination, functools.partial(module.render, report), Path(tree.scan.root))
    return assessed


def _digests(targets: Sequence[Any]) -> dict[str, str]:
    """Return the digest of each target's tables by its id; by id@profile where two profiles of one target take part."""
    ids = [t.id for t in targets]
    return {t.id if ids.count(t.id) == 1 else t.spec: t.digest for t in targets}


def report_and_gate(options: dict[str, Any], default_level: str) -> int:
    """Scan, plan and render for every --to; return the gate's exit code (`--fail-on`, else `default_level`)."""
    from portkit.files.roots import find_root
    from portkit.report.output import check_outputs

    def root() -> Path:
        return find_root(list(options["paths"]) or [Path()], options["root"])[0]

    check_outputs(options["formats"], options["output"], root)  # a mistake is told before the work is done
    targets = load_targets(options["targets"], options["maps"])
    ahead = plans_ahead(targets, options)
    tree = scan_tree(options, ahead)
    plans = make_plans(tree, targets, options, ahead)
    assessed = emit(tree, plans, targets, options)
    from portkit.cli.gate import gate  # loaded by now, while workers were busy

    return gate(assessed, options, default_level)


def pass_options(function: Callable[[dict[str, Any]], int]) -> Callable[..., int]:
    """Hand a command its options as one dict; those of a scan completed from environment and configuration."""

    @functools.wraps(function)
    def wrapper(**options: Any) -> int:
        if "config_file" in options:
            from portkit.cli.settings import complete

            complete(options, click.get_current_context())
        return function(options)

    return wrapper
