# SPDX-License-Identifier: Apache-2.0
"""The vendor's own compiler over what was written: does each migrated source still parse there?
Optional, and never needed.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

from portkit.languages.cxx.values.units import is_unit
from portkit.model.errors import PortkitError
from portkit.printable import real_name

TIMEOUT = 300  # seconds for one file
# at the head of a file's name, a compiler would take it for an option or a list of them
_OPTIONS = ("-", "@", "+")
_LINES = 3  # of the compiler's words that are shown


class Failure(msgspec.Struct, frozen=True):
    """A file that the compiler refused, and the first lines of why."""

    path: str
    said: tuple[str, ...]


def syntax_check(
    command: str, root: Path, paths: Iterable[str], suffixes: Iterable[str] = ()
) -> tuple[int, list[Failure]]:
    """Run the compiler on each source file among `paths` (printable, relative to `root`); return
    how many, and those that failed.

    `command` is split like a shell does; `{}` stands for the file, which otherwise comes last.
    Headers are left out: they are read with the sources that include them. `suffixes`: of the
    vendor's own sources. Raises PortkitError when the compiler cannot be started.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise PortkitError(f"--compiler: {error}", hint="quote it like for a shell") from error
    if not words:
        raise PortkitError("--compiler is empty", hint="give a command such as 'CC -fsyntax-only'")
    sources = [p for p in paths if is_unit(p) or p.endswith(tuple(suffixes))]
    failures = []
    for rel in sources:
        name = real_name(rel)
        if name.startswith(_OPTIONS):
            name = f"./{name}"
        line = (
            [w.replace("{}", name) for w in words]
            if any("{}" in w for w in words)
            else [*words, name]
        )
        try:
            done = subprocess.run(
                line,
                cwd=root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            failures.append(Failure(rel, (f"no answer within {TIMEOUT} seconds",)))
        except OSError as error:
            raise PortkitError(f"cannot run the compiler: {error.strerror}", words[0]) from error
        else:
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines() or [
                    f"exit code {done.returncode}"
                ]
                failures.append(Failure(rel, tuple(said[:_LINES])))
    return len(sources), failures
