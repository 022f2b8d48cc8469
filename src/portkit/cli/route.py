# SPDX-License-Identifier: Apache-2.0
"""`portkit route PATH... [--to T]`: what Python code does to run on a target, and what that leaves."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any

import click

from portkit.cli.options import pass_options, scan_options, targets_option


@click.command("route")
@scan_options
@targets_option("Target; repeatable (default: all, each in its default profile).")
@click.option("--route", default="", metavar="ROUTE", help="Show this route alone.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write it here instead of stdout."
)
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of messages.")
@pass_options
def command(options: dict[str, Any]) -> int:
    """Which route Python code takes to a target, and the gaps of each in these PATHS."""
    from msgspec.structs import replace

    from portkit.cli.reading import open_session, read_tree
    from portkit.cli.said import unguarded
    from portkit.cli.settings import session_options
    from portkit.model.words import Rung
    from portkit.report.i18n import choose_language
    from portkit.report.output import write_file
    from portkit.report.routes import FORMATS
    from portkit.targets.target import available_targets, default_specs

    specs = list(options["targets"]) or [
        spec for name in available_targets() for spec in default_specs(name)
    ]
    # C++ is read by its letters: nothing here depends on what Clang says
    asked = replace(session_options(options), rung=Rung.LEX)
    session = open_session(options, dict.fromkeys(specs), asked=asked)
    read_tree(session, options)
    language = choose_language(options["lang"] or (session.options.language or None))
    chosen = "" if options["form"] == "json" else options["route"]
    render = functools.partial(FORMATS[options["form"]], session.report_of((), language=language))
    if options["output"] is None:
        render(unguarded(sys.stdout), only=chosen)
    else:
        write_file(
            options["output"], lambda out: render(out, only=chosen), session.root, "the routes"
        )
    return 0
