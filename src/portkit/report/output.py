# SPDX-License-Identifier: Apache-2.0
"""Where reports go: `--format NAME[=FILE]` read, and a report written to a file whole or not at
all.
"""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TextIO

from portkit.files.atomic import reason, replacing
from portkit.model.errors import PortkitError
from portkit.report.formats import check_name, format_module
from portkit.rewrite.place import output_place


def outputs(wanted: Sequence[str], output: Path | None) -> list[tuple[ModuleType, Path | None]]:
    """Return the format and the file of each report; None is standard output, where what names no
    file goes.

    `output` is the file of `-o` and stands in for standard output. Raises PortkitError for an
    unknown format, and for two reports that would go to one place.
    """
    return [
        (format_module(name), destination) for name, destination in destinations(wanted, output)
    ]


def destinations(wanted: Sequence[str], output: Path | None) -> list[tuple[str, Path | None]]:
    """Return the format's name and the file of each report, as `outputs` does, without loading the
    formats.

    Raises PortkitError for a name that can be no format, and for two reports that would go to one
    place.
    """
    found: list[tuple[str, Path | None]] = []
    taken: set[Path | None] = set()
    for text in wanted or ("text",):
        name, _, file = text.partition("=")
        destination = Path(file) if file else output
        if destination in taken:
            place = "standard output" if destination is None else str(destination)
            raise PortkitError(
                f"two reports for {place}", hint=f"give one a file of its own: --format {name}=FILE"
            )
        taken.add(destination)
        check_name(name)
        found.append((name, destination))
    return found


def check_outputs(wanted: Sequence[str], output: Path | None, root: Callable[[], Path]) -> None:
    """Raise PortkitError for reports that would go to one place, or where a link of the tree leads
    to.

    `root` is asked for the tree's root only when there is a file to write.
    """
    files = [
        destination for _, destination in destinations(wanted, output) if destination is not None
    ]
    if files:
        top = root()
        for file in files:
            output_place(file, top)


def write_file(
    destination: Path, render: Callable[[TextIO], None], root: Path, what: str = "the report"
) -> None:
    """Let `render` write the file as UTF-8, piece by piece, beside its place; then it takes that
    place.

    `root`: the tree that was read, whose links lead nowhere else. Raises PortkitError when the file
    cannot be written; an older one is then left as it was.
    """
    real = output_place(destination, root)
    try:
        if destination.exists() and not destination.is_file():  # /dev/stdout, a pipe
            with destination.open("w", encoding="utf-8", newline="") as stream:
                render(stream)
            return
        with replacing(real) as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8", newline="")
            try:
                render(text)
                text.flush()
            finally:
                # the error that brings us here is the one to tell
                with contextlib.suppress(OSError):
                    text.detach()
    except OSError as error:
        raise PortkitError(f"cannot write {what}: {reason(error)}", str(destination)) from error


def write_files(
    folder: Path, files: Mapping[str, Callable[..., None]], report: object, root: Path
) -> None:
    """Let each of `files` write what a report is to it, into a folder that is made if it is not
    there. Raises PortkitError.
    """
    real = output_place(folder, root)
    try:
        real.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PortkitError(f"cannot write the report: {reason(error)}", str(folder)) from error
    for name, render in files.items():
        write_file(folder / name, functools.partial(render, report), root)
