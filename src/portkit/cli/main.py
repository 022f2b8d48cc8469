# SPDX-License-Identifier: Apache-2.0
"""The command line. Commands live in modules of their own and import what they need when they run."""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

import portkit
from portkit.model import PortkitError

COMMANDS = {
    "scan": "What CUDA this tree uses.",
    "report": "The readiness report for one or more targets.",
    "migrate": "Rewrite a tree for a target (dry run unless told where to write).",
    "check": "A compact report that fails on errors; for hooks.",
    "query": "What is known of a name.",
    "explain": "What a rule means and what to do.",
    "rules": "List the rules.",
    "targets": "List the targets, or check their tables.",
    "doctor": "What is available on this machine.",
}


class Lazy(click.Group):
    """Imports a command's module when it is asked for, so that --version and completion are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"portkit.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(portkit.__version__, prog_name="portkit")
@click.option("--debug", is_flag=True, help="Show a traceback for errors.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """portkit moves CUDA code to China's domestic GPU stacks and says how it knows each step."""
    ctx.obj = {"debug": debug}


def main() -> NoReturn:
    """Run the command line; every outcome becomes an exit code: 0, 1, 2 or 130."""
    debug = "--debug" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except PortkitError as error:
        if debug:
            raise
        click.echo(f"portkit: {error}", err=True)
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code if isinstance(code, int) else 0)
