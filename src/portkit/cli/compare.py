# SPDX-License-Identifier: Apache-2.0
"""`portkit compare PATH...`: the targets side by side, from one scan."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import (
    output_options,
    pass_options,
    plan_options,
    scan_options,
    targets_option,
)


@click.command("compare")
@scan_options
@targets_option("Target; repeatable (default: all, each in its default profile).")
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """What it takes to move PATHS to each target, side by side."""
    from portkit.cli.reading import open_session, read_tree
    from portkit.cli.reporting import emit
    from portkit.targets.target import available_targets, default_specs

    specs = list(options["targets"]) or [
        spec for name in available_targets() for spec in default_specs(name)
    ]
    session = open_session(options, dict.fromkeys(specs))
    read_tree(session, options, ahead=True)
    plans = session.plans()
    from portkit.cli.gate import gate  # loaded by now, while workers were busy
    from portkit.report import comparison

    assessed = emit(session, plans, options, text=comparison)
    return gate(assessed, options, "none")
