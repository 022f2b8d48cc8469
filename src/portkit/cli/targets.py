# SPDX-License-Identifier: Apache-2.0
"""`portkit targets [--check]`: the targets and the state of their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portkit.cli.options import pass_options
from portkit.cli.said import say
from portkit.model.errors import PortkitError


@click.command("targets")
@click.option("--check", is_flag=True, help="Check the tables; exit 1 on faults.")
@click.option(
    "--sdk",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read a vendor's SDK: what it has counts as proved (with --to).",
)
@click.option("--forget-sdk", is_flag=True, help="Take away what an SDK proved (with --to).")
@click.option("--to", "target", metavar="TARGET[@PROFILE]", help="The target that the SDK is of.")
@click.option("-v", "--verbose", is_flag=True, help="List every name that the SDK lacks.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """List targets and profiles, check their tables, or hold a vendor's SDK against them."""
    if options["sdk"] is not None or options["forget_sdk"]:
        from portkit.cli import sdk

        if not options["target"]:
            raise click.UsageError(
                "--sdk and --forget-sdk want --to: the target that the SDK is of"
            )
        return (
            sdk.forget(options["target"])
            if options["forget_sdk"]
            else sdk.read(options["sdk"], options["target"], options["verbose"])
        )
    from portkit.targets.checks import check_target
    from portkit.targets.rows import TableError
    from portkit.targets.target import available_targets, load_file, load_target
    from portkit.vocab.vocabulary import load_vocabulary

    faults: set[str] = set()

    def refuse(name: str, error: PortkitError) -> None:
        found = [str(error)]
        if options["check"] and isinstance(error, TableError):
            found = error.problems
        for problem in found:
            if problem not in faults:
                say(f"{name}: {problem}", err=True)
            faults.add(problem)

    for name in available_targets():
        try:
            file = load_file(name)
        except PortkitError as error:
            refuse(name, error)
            continue
        targets = []
        for profile in file.profiles:
            try:
                targets.append(load_target(f"{name}@{profile}"))
            except PortkitError as error:
                refuse(name, error)
        default = file.default_profile
        say(f"{name}: {file.name.en}{'' if default else '; no default profile'}")
        for target in targets:
            mark = " (default)" if target.profile == default else ""
            say(
                f"  {target.spec}{mark}: {target.facts.cards or ''}; {len(target.table.cells)} "
                f"rows, tables {target.digest}"
            )
        for target in targets if options["check"] else ():
            for problem in check_target(target, load_vocabulary()):
                if problem not in faults:
                    say(f"  {problem}")
                faults.add(problem)
    if options["check"]:
        _check_answers()
    return 1 if faults else 0


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
