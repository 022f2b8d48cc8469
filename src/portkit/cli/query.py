# SPDX-License-Identifier: Apache-2.0
"""`portkit query NAME... [--to T]`: what is known of a name. `quick` answers the usual questions
from `answers` instead.
"""

from __future__ import annotations

from typing import Any

import click
import msgspec

from portkit.cli.options import pass_options, targets_option
from portkit.cli.said import say
from portkit.printable import printable_json


@click.command("query")
@click.argument("names", nargs=-1, required=True)
@targets_option("Target; default: all.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@pass_options
def command(options: dict[str, Any]) -> int:
    """Library, versions, target name and evidence of NAMES."""
    from portkit.quick.known import answer_of, is_known, lines_of
    from portkit.targets.asked import load_targets
    from portkit.targets.target import available_targets, default_specs
    from portkit.vocab.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    targets = load_targets(
        options["targets"] or [spec for name in available_targets() for spec in default_specs(name)]
    )
    answers = [answer_of(name, vocabulary, targets) for name in options["names"]]
    if options["form"] == "json":
        say(printable_json(msgspec.json.encode({"schema": "portkit/query/1", "answers": answers})))
    else:
        for line in (line for answer in answers for line in lines_of(answer)):
            say(line)
    return 1 if any(not is_known(answer) for answer in answers) else 0
