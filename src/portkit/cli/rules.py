# SPDX-License-Identifier: Apache-2.0
"""`portkit rules`: the list of rules."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import pass_options


@click.command("rules")
@click.option("--lang", type=click.Choice(["en", "zh"]))
@pass_options
def command(options: dict[str, Any]) -> int:
    """List every rule with its severity."""
    from portkit.report.terminal import language
    from portkit.rules.registry import all_rules
    from portkit.rules.texts import load_text

    lang = language(options["lang"])
    for made in all_rules().values():
        click.echo(f"{made.id}  {made.severity.name.lower():8s} {made.slug:28s} {load_text(made.id, lang).title}")
    return 0
