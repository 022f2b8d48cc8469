# SPDX-License-Identifier: Apache-2.0
"""Where reports go: `--format NAME[=FILE]` read, and a report written to a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TextIO

from portkit.model import PortkitError
from portkit.report.formats import check_name, format_module


def outputs(wanted: Sequence[str], output: Path | None) -> list[tuple[ModuleType, Path | None]]:
    """Return the format and the file of each report; None is standard output, where what names no file goes.

    `output` is the file of `-o` and stands in for standard output. Raises PortkitError for an unknown format, and
    for two reports that would go to one place.
    """
    return [(format_module(name), destination) for name, destination in destinations(wanted, output)]


def destinations(wanted: Sequence[str], output: Path | None) -> list[tuple[str, Path | None]]:
    """Return the format's name and the file of each report, as `outputs` does, without loading the formats.

    Raises PortkitError for a name that can be no format, and for two reports that would go to one place.
    """
    found: list[tuple[str, Path | None]] = []
    taken: set[Path | None] = set()
    for text in wanted or ("text",):
        name, _, file = text.partition("=")
        destination = Path(file) if file else output
        if destination in taken:
            place = "standard output" if destination is None else str(destination)
            raise PortkitError(f"two reports for {place}", hint=f"give one a file of its own: --format {name}=FILE")
        taken.add(destination)
        check_name(name)
        found.append((name, destination))
    return found


def write_file(destination: Path, render: Callable[[TextIO], None]) -> None:
    """Let `render` write the file as UTF-8, piece by piece, beside its place; then it takes that place.

    Raises PortkitError when the file cannot be written; an older one is then left as it was.
    """
    special = destination.exists() and not destination.is_file()  # /dev/stdout, a pipe
    try:
        if special:
            with destination.open("w", encoding="utf-8", newline="") as stream:
                render(stream)
            return
        real = destination.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                render(stream)
            Path(name).chmod(real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~_umask())
            Path(name).replace(real)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PortkitError(f"cannot write the report: {error.strerror}", str(destination)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
