# SPDX-License-Identifier: Apache-2.0
"""The command line. Commands live in modules of their own and import what they need when they run."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

import portkit
from portkit.cli.ending import code_of, leave_at_once, take_signals
from portkit.cli.said import drop, guarded, say, say_refusal, say_text
from portkit.cli.written import WRITTEN
from portkit.files.overtime import enable
from portkit.model.errors import PortkitError
from portkit.printable import printable_name

COMMANDS = {
    "scan": "What CUDA this tree uses.",
    "report": "The readiness report for one or more targets.",
    "compare": "The targets side by side, from one scan.",
    "route": "Which way Python code takes to a target, and what it leaves.",
    "migrate": "Rewrite a tree for a target (dry run unless told where to write).",
    "build-check": "The build of a ported tree, with stand-ins for the target's compiler.",
    "check": "A compact report that fails on errors; for hooks.",
    "query": "What is known of a name.",
    "explain": "What a rule means and what to do.",
    "rules": "List the rules.",
    "targets": "List the targets, or check their tables.",
    "baseline": "The findings that are known: what is new, what is gone.",
    "config": "The settings that hold, and where each came from.",
    "lsp": "The language server, for editors.",
    "cache": "The cache of scan results: look at it, or empty it.",
    "doctor": "What is available on this machine.",
}


COMPLETING = "_PORTKIT_COMPLETE"  # set by the script that a shell runs to complete a line


class _Closed(Exception):
    """Nobody reads stdout any more. click would make exit code 1 of the error that it stands for."""


@contextlib.contextmanager
def _pipes() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _Closed from error


class Lazy(click.Group):
    """Imports a command's module when it is asked for, so that --version and completion are quick."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _pipes():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _pipes():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"portkit.cli.{cmd_name.replace('-', '_')}"
        ).command
        if COMPLETING in os.environ:
            from portkit.cli.complete import offer

            offer(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(portkit.__version__, prog_name="portkit")
@click.option("--debug", is_flag=True, help="Show a traceback for errors (anywhere on the line).")
def cli(debug: bool) -> None:
    """portkit moves CUDA code to China's domestic GPU stacks and says how it knows each step."""


# Net allocations before the cycle collector looks: nearly all that portkit makes is free of cycles,
# or lives to the end.
_COLLECT_AFTER = 500_000


def main() -> NoReturn:
    """Run the command line; every outcome becomes an exit code: 0, 1, 2, or 128 and the number of
    the signal that ended it.
    """
    take_signals()
    enable()
    # worker processes are forked and have it too
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
    arguments, debug = _take_debug(sys.argv[1:])
    _prepare_streams()
    code = run_line(arguments, debug)
    leave_at_once()
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process with a code, without taking apart piece by piece what was made of a large
    tree: the system does that at once.

    Not where somebody else still has something to do: another thread, a profiler, a stream that
    cannot be written to the end.
    """
    if threading.active_count() > 1 or sys.getprofile() is not None or sys.gettrace() is not None:
        sys.exit(code)
    with contextlib.suppress(OSError, ValueError):
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run_line(arguments: list[str], debug: bool = False) -> int:
    """Run a command and return its exit code; what goes wrong becomes one line on stderr."""
    WRITTEN.clear()  # of a line that this process ran before
    if debug:
        import logging

        from portkit.cli.log import show_log

        show_log(logging.DEBUG)
    try:
        code = cli.main(arguments, prog_name="portkit", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _interrupted()
    except (
        _Closed,
        BrokenPipeError,
    ):  # the reader has seen enough (`portkit report | head`): no error
        _drop_output()
        return 0
    except SystemExit as end:  # the end of a completion script
        code = end.code
    except click.ClickException as error:
        say_refusal(error)
        return 2
    except Exception as error:
        if debug:
            say_text(traceback.format_exc().rstrip("\n"), err=True)
        else:
            say(f"portkit: {_one_line(error)}", err=True)
        _drop_output()
        return 2
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    """Say that the run was cut short, and what it had written by then; a transaction that was under
    way is taken back.
    """
    with contextlib.suppress(OSError, ValueError, KeyboardInterrupt):
        say(f"portkit: interrupted; {'; '.join(WRITTEN) or 'nothing was written'}", err=True)
    _drop_output()
    return code_of(130)


def _one_line(error: Exception) -> str:
    """Say what went wrong: the user's mistake as it is, the system's refusal with its file,
    anything else as our fault.
    """
    if isinstance(error, PortkitError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{_name(error.filename)}: " if error.filename is not None else ""
        return f"{where}{error.strerror}"
    return f"this is a fault of portkit's, please report it: {type(error).__name__}: {error} (--debug shows where)"


def _name(name: object) -> str:
    # a number: an open file
    return printable_name(name) if isinstance(name, (str, bytes, os.PathLike)) else str(name)


def _take_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Return the arguments without --debug, which may stand anywhere before a `--`, and whether it
    was there.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [a for a in arguments[:end] if a != "--debug"]
    return kept + arguments[end:], len(kept) < end


def _prepare_streams() -> None:
    """Give a closed stdout or stderr a place to go, let no locale make an error of a character, and
    guard both.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it is to stay open
            continue
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, guarded(stream))


def _drop_output() -> None:
    """Send what is still buffered for stdout nowhere, so that the end of the process says nothing
    more.
    """
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            drop(sys.__stdout__.fileno() if sys.__stdout__ is not None else 1)
