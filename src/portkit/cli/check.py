# SPDX-License-Identifier: Apache-2.0
"""`portkit check PATH... --to T`: the hook's entry."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import emit, gate, load_targets, make_plans, output_options, pass_options, plan_options, scan_options, scan_tree


@click.command("check")
@scan_options
@click.option("--to", "targets", multiple=True, required=True, metavar="TARGET[@PROFILE]", help="Target; repeatable.")
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """A compact report over PATHS that fails on errors."""
    targets = load_targets(options["targets"], options["maps"])
    tree = scan_tree(options)
    plans = make_plans(tree, targets, options)
    emit(tree, plans, targets, options)
    return gate(plans, options["fail_on"] or "error")
