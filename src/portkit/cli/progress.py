# SPDX-License-Identifier: Apache-2.0
"""Progress on stderr: current rung, files and files a second, time left. Only on a terminal, never
in CI or with -q.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from portkit.cli.said import unguarded
from portkit.report.terminal import is_terminal, make_console, use_colour

Report = Callable[[int, int], None]


def wanted(quiet: bool, stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether to show progress on `stream`: a terminal that moves its cursor, outside of CI,
    not silenced.
    """
    env = os.environ if environ is None else environ
    in_ci = env.get("CI", "").lower() not in ("", "0", "false")
    return not quiet and not in_ci and env.get("TERM") != "dumb" and is_terminal(stream)


@contextlib.contextmanager
def progress(
    quiet: bool, rung: str, colour: str = "auto", stream: TextIO | None = None
) -> Iterator[Report | None]:
    """Show a line while the block runs; yields what takes (done, total), or None when nothing is to
    be shown.

    Discovery and the lexer come first, without a total; what is counted then are the units that
    `rung` reads.
    """
    out = unguarded(sys.stderr if stream is None else stream)
    if not wanted(quiet, out):
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = make_console(out, use_colour(colour, out), live=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("lex", total=None, speed="")
        start = time.monotonic()

        def report(done: int, total: int) -> None:
            speed = done / max(time.monotonic() - start, 0.001)
            bar.update(
                task, description=rung, completed=done, total=total, speed=f"{speed:.0f} files/s"
            )

        yield report
