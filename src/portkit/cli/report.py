# SPDX-License-Identifier: Apache-2.0
"""`portkit report PATH... --to T`."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import emit, gate, load_targets, make_plans, output_options, pass_options, plan_options, scan_options, scan_tree


@click.command("report")
@scan_options
@click.option("--to", "targets", multiple=True, required=True, metavar="TARGET[@PROFILE]", help="Target; repeatable.")
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """The readiness report: what it takes to move PATHS to a target."""
    targets = load_targets(options["targets"], options["maps"])
    tree = scan_tree(options)
    plans = make_plans(tree, targets, options)
    emit(tree, plans, targets, options)
    return gate(plans, options["fail_on"] or "none")
