# SPDX-License-Identifier: Apache-2.0
"""Colour and width: decided here for every text that portkit prints, and nowhere else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from portkit.report.i18n import choose_language as language

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["is_terminal", "language", "make_console", "use_colour", "width_of"]

WIDTH = 80
_FALSE = ("", "0")


def use_colour(choice: str, stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether to colour text on `stream`. `choice` is auto, always or never.

    The choice beats the environment; there NO_COLOR (not empty) beats FORCE_COLOR and
    CLICOLOR_FORCE (neither empty nor 0), these beat CLICOLOR=0 and TERM=dumb, and only then counts
    whether the stream is a terminal.
    """
    env = os.environ if environ is None else environ
    if choice != "auto":
        return choice == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "") not in _FALSE or env.get("CLICOLOR_FORCE", "") not in _FALSE:
        return True
    if env.get("CLICOLOR") == "0" or env.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal; a closed one is none."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def width_of(stream: TextIO) -> int:
    """Return the columns to fill: the terminal's, or 80 elsewhere, so that files do not depend on a
    window.
    """
    return shutil.get_terminal_size((WIDTH, 24)).columns if is_terminal(stream) else WIDTH


def make_console(stream: TextIO, colour: bool, width: int = 0, live: bool = False) -> Console:
    """Return a rich console that writes to `stream` and decides nothing about colour by itself.
    `live`: it may move the cursor.
    """
    from rich.console import Console

    return Console(
        file=stream,
        width=width or width_of(stream),
        no_color=not colour,
        color_system="standard" if colour else None,
        force_terminal=colour or live,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
