# SPDX-License-Identifier: Apache-2.0
"""`portkit explain ID`: a rule's text."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import pass_options


@click.command("explain")
@click.argument("id")
@click.option("--lang", type=click.Choice(["en", "zh"]))
@pass_options
def command(options: dict[str, Any]) -> int:
    """What rule ID means and what to do about it."""
    from portkit.report.terminal import language
    from portkit.rules.texts import SECTIONS, load_text

    text = load_text(options["id"].upper(), language(options["lang"]))
    click.echo(f"{options['id'].upper()}: {text.title}")
    for heading, body in zip(SECTIONS[text.language], text.sections.values(), strict=True):
        click.echo(f"\n{heading}\n{body}")
    return 0
