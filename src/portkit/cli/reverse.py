# SPDX-License-Identifier: Apache-2.0
"""`migrate --from T --to cuda`: what a migration made, turned back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from portkit.targets.reverse import ReverseTarget


def load_reverse(options: dict[str, Any]) -> ReverseTarget:
    """Return CUDA as the target of code for `--from`; from here on the options carry the vocabulary to read it with."""
    from portkit.targets.floors import parse_floors
    from portkit.targets.reverse import ID, ReverseTarget
    from portkit.targets.target import load_target
    from portkit.targets.user import load_user_rows
    from portkit.vocab.vocabulary import load_vocabulary

    typed = click.get_current_context().get_parameter_source("target") is click.core.ParameterSource.COMMANDLINE
    if typed and options["target"] != ID:
        raise click.UsageError(f"--from leads back to CUDA: give --to {ID}, or leave it out")
    source = load_target(options["source"])
    user = {name: row for path in options["maps"] for name, row in load_user_rows(path).items()}
    target = ReverseTarget(source, load_vocabulary(), parse_floors(options["accept"]), user)
    options["vocabulary"] = target.vocabulary
    return target


def scan_back(options: dict[str, Any], target: ReverseTarget) -> Any:
    """Return the tree read with the target's vocabulary, each name told by the library that it came from."""
    from portkit.cli.options import scan_tree
    from portkit.plan.origins import settle_origins

    tree = scan_tree(options)
    tree.scan = settle_origins(tree.scan, target)
    return tree
