# SPDX-License-Identifier: Apache-2.0
"""The door to the terminal and to the log of a CI system: what commands say goes out here, and
nothing that a tree holds gets through it as an order or an escape. Reports have formats of their
own for that; a patch is exact.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any, TextIO, cast

import click

from portkit.printable import printable, printable_line, printable_lines


def say(text: str, err: bool = False) -> None:
    """Say one line, on stdout or stderr: whatever is in it, it stays one line."""
    _write(printable_line(text), err)


def say_text(text: str, err: bool = False) -> None:
    """Say a text of several lines, each as `say` would."""
    _write(printable_lines(text), err)


def _write(text: str, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        if not err:
            raise
        drop(2)  # what nobody can be told changes no outcome, and no exit code


def drop(number: int) -> None:
    """Send what is written to a descriptor from now on nowhere, what is buffered for it too."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)


def say_refusal(error: click.ClickException) -> None:
    """Say what is wrong with a command line, as click does: usage, then the mistake in one line."""
    text, message = io.StringIO(), error.format_message()
    error.show(text)
    say_text(text.getvalue().removesuffix("\n").replace(message, printable(message)), err=True)


class GuardedStream:
    """A stream for those who write to stdout or stderr by themselves: logging, warnings, tracebacks
    of threads and workers.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._within = False  # a line

    def write(self, text: str) -> int:
        """Write text with what acts on a terminal, and orders, escaped."""
        first, end, rest = text.partition("\n")
        shown = printable_lines(f".{first}")[1:] if self._within else printable_lines(first)
        self._within = bool(rest.rpartition("\n")[2]) if end else self._within or bool(text)
        self.stream.write(f"{shown}{end}{printable_lines(rest)}")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def guarded(stream: TextIO) -> TextIO:
    """Return a stream that escapes what is written to it."""
    return cast(TextIO, GuardedStream(stream))


def unguarded(stream: TextIO) -> TextIO:
    """Return the stream itself, for what escapes its content and writes colours or orders of its
    own: reports, progress.
    """
    return stream.stream if isinstance(stream, GuardedStream) else stream
