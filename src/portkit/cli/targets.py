# SPDX-License-Identifier: Apache-2.0
"""`portkit targets`: the targets and the state of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portkit.cli.options import pass_options, targets_option
from portkit.cli.said import say
from portkit.model.errors import PortkitError

if TYPE_CHECKING:
    from portkit.targets.target import Target


@click.command("targets")
@click.option("--check", is_flag=True, help="Check the tables; exit 1 on faults.")
@click.option(
    "--sdk",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read a vendor's SDK: what it has counts as proved (with --to).",
)
@click.option("--forget-sdk", is_flag=True, help="Take away what an SDK proved (with --to).")
@click.option(
    "--coverage",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="What the tables know of this tree, and what not; with --sdk: what it needs.",
)
@targets_option(
    "The target that the SDK is of; with --coverage repeatable (default: all profiles)."
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Your own rows (CSV or JSON), above all others.",
)
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the names that are not known as rows for --map, to fill in (one --to).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="Of --coverage.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write --coverage here instead of stdout.",
)
@click.option("-v", "--verbose", is_flag=True, help="List every name that the SDK lacks.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """List targets and profiles, check their tables, hold a vendor's SDK against them, or say what
    they know of a tree.
    """
    if options["sdk"] is not None or options["forget_sdk"]:
        return _vendor_sdk(options)
    if options["paths"]:
        from portkit.cli import coverage

        return coverage.show(options)
    if options["export"] or options["maps"]:
        raise click.UsageError("--export and --map want --coverage: the tree that is asked about")
    from portkit.targets.target import available_targets

    faults = _Faults(options["check"])
    targets = [target for name in available_targets() for target in _list(name, faults)]
    if faults.check:
        _check_reach(targets, faults)
        _check_answers()
    return 1 if faults.found else 0


def _vendor_sdk(options: dict[str, Any]) -> int:
    from portkit.cli import sdk

    if len(options["targets"]) != 1:
        raise click.UsageError("--sdk and --forget-sdk want --to: the target that the SDK is of")
    target = options["targets"][0]
    if options["forget_sdk"]:
        return sdk.forget(target)
    return sdk.read(options["sdk"], target, options)


class _Faults:
    """The faults of all targets. Profiles share tables: each fault is said once."""

    def __init__(self, check: bool) -> None:
        self.check = check
        self.found: set[str] = set()

    def add(self, problem: str, before: str, err: bool = False) -> None:
        """Note a fault, and say it, with what stands `before` it, when it is new."""
        if problem not in self.found:
            say(f"{before}{problem}", err=err)
        self.found.add(problem)

    def refuse(self, name: str, error: PortkitError) -> str:
        """Note why a target cannot be loaded; all of it when the tables are checked. Returns whose
        file is at fault: a target's own faults are said under its own name only.
        """
        from portkit.targets.rows import TableError
        from portkit.targets.target_file import TargetFileError

        if isinstance(error, TargetFileError) and error.target != name:
            return error.target
        found = [str(error)]
        if self.check and isinstance(error, TableError):
            found = error.problems
        for problem in found:
            self.add(problem, f"{name}: ", err=True)
        return name


def _list(name: str, faults: _Faults) -> list[Target]:
    """Say a target, its profiles and, on a check, the faults of its tables. Returns what is loaded."""
    from portkit.targets.checks import check_target
    from portkit.targets.target import load_file, load_target
    from portkit.vocab.vocabulary import load_vocabulary

    try:
        file = load_file(name)
    except PortkitError as error:
        faults.refuse(name, error)
        return []
    targets, others = [], set()
    for profile in file.profiles:
        try:
            targets.append(load_target(f"{name}@{profile}"))
        except PortkitError as error:
            others.add(faults.refuse(name, error))
    default = file.default_profile
    say(f"{name}: {file.name.en}{'' if default else '; no default profile'}")
    for other in sorted(others - {name}):
        say(f"  not loaded: each target knows the code of all, and the file of {other} has a fault")
    for target in targets:
        mark = " (default)" if target.profile == default else ""
        say(
            f"  {target.spec}{mark}: {target.facts.cards or ''}; {len(target.table.cells)} "
            f"rows, tables {target.digest}"
        )
    for target in targets if faults.check else ():
        for problem in check_target(target, load_vocabulary()):
            faults.add(problem, "  ")
    return targets


def _check_reach(targets: Sequence[Target], faults: _Faults) -> None:
    """Say which rows no code can reach, and which rows of other files `query` does not answer."""
    from portkit.cli.reach import unanswered, unreachable
    from portkit.vocab.vocabulary import load_vocabulary

    if faults.found:
        return  # of tables that do not read
    vocabulary = load_vocabulary()
    for problem in (*unreachable(targets, vocabulary), *unanswered(targets, vocabulary)):
        faults.add(problem, "  ")


def _check_answers() -> None:
    """Say when `query` has no ready answers of these tables. It is slower then, never wrong: that
    is no fault.
    """
    from portkit.quick import build as answers
    from portkit.quick import lookup

    if not answers.is_fresh(Path(lookup.FILE)):
        say(
            f"no ready answers for `query` of these tables: run python -m {answers.__name__} to make it quick",
            err=True,
        )
