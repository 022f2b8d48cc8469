# SPDX-License-Identifier: Apache-2.0
"""`portkit check PATH... --to T`: the hook's entry."""

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


@click.command("check")
@scan_options
@targets_option()
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """A compact report over PATHS that fails on errors."""
    from portkit.cli.reporting import report_and_gate

    options["compact"] = True
    return report_and_gate(options, "error")
