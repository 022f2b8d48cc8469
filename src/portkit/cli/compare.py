# SPDX-License-Identifier: Apache-2.0
"""`portkit compare PATH...`: the targets side by side, from one scan."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import (
    emit,
    load_targets,
    make_plans,
    output_options,
    pass_options,
    plan_options,
    plans_ahead,
    scan_options,
    scan_tree,
)


@click.command("compare")
@scan_options
@click.option(
    "--to", "targets", multiple=True, metavar="TARGET[@PROFILE]", help="Target; repeatable (default: all, each in its default profile)."
)
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """What it takes to move PATHS to each target, side by side."""
    from portkit.targets.target import available_targets, default_specs

    specs = list(options["targets"]) or [spec for name in available_targets() for spec in default_specs(name)]
    targets = load_targets(list(dict.fromkeys(specs)), options["maps"])
    ahead = plans_ahead(targets, options)
    tree = scan_tree(options, ahead)
    plans = make_plans(tree, targets, options, ahead)
    from portkit.cli.gate import gate  # loaded by now, while workers were busy
    from portkit.report import comparison

    assessed = emit(tree, plans, targets, options, text=comparison)
    return gate(assessed, options, "none")
