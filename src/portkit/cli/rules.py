# SPDX-License-Identifier: Apache-2.0
"""`portkit rules`: the list of rules."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import pass_options, rule_options
from portkit.cli.said import say

_select, _ignore = rule_options()


@click.command("rules")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of titles.")
@_select
@_ignore
@pass_options
def command(options: dict[str, Any]) -> int:
    """List every rule with its severity and what it takes; --select and --ignore choose by id
    prefix.
    """
    from portkit.plan.selection import make_selection
    from portkit.report.terminal import language
    from portkit.rules.registry import all_rules
    from portkit.rules.texts import load_text

    lang, selection = (
        language(options["lang"]),
        make_selection(options["select"], options["ignore"]),
    )
    for made in all_rules().values():
        if not selection.refusal(made.id):
            title = load_text(made.id, lang).title
            say(
                f"{made.id}  {made.severity.name.lower():8s} {made.effort.value:8s} {made.slug:28s} {title}"
            )
    return 0
