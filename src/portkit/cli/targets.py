# SPDX-License-Identifier: Apache-2.0
"""`portkit targets [--check]`: the targets and the state of their tables."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import pass_options
from portkit.model import PortkitError


@click.command("targets")
@click.option("--check", is_flag=True, help="Check the tables; exit 1 on faults.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """List targets and profiles, or check their tables."""
    from portkit.target.checks import check_target
    from portkit.target.target import available_targets, load_target
    from portkit.vocab.vocabulary import load_vocabulary

    faults = 0
    for name in available_targets():
        try:
            target = load_target(name)
        except PortkitError as error:
            faults += 1
            click.echo(f"{name}: {error}", err=True)
            continue
        click.echo(f"{name}: {target.name()}; {len(target.table.cells)} rows, tables {target.digest}")
        for profile, facts in target.profiles.items():
            click.echo(f"  {name}@{profile}{' (default)' if profile == target.profile else ''}: {facts.get('cards', '')}")
        if options["check"]:
            problems = check_target(target, load_vocabulary())
            faults += len(problems)
            for problem in problems:
                click.echo(f"  {problem}")
    return 1 if faults else 0
