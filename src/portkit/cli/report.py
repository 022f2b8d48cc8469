# SPDX-License-Identifier: Apache-2.0
"""`portkit report PATH... --to T`."""

from __future__ import annotations

from typing import Any

import click

from portkit.cli.options import (
    output_options,
    pass_options,
    plan_options,
    scan_options,
    targets_option,
    trend_option,
    verify_option,
)


@click.command("report")
@scan_options
@targets_option()
@verify_option
@trend_option
@plan_options
@output_options
@pass_options
def command(options: dict[str, Any]) -> int:
    """The readiness report: what it takes to move PATHS to a target."""
    from portkit.cli.reporting import report_and_gate

    return report_and_gate(options, "none")
