# SPDX-License-Identifier: Apache-2.0
"""Listing a folder without git, by the same .gitignore rules."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from portkit.files.patterns import MOST, Patterns, bytewise, file_lines, parse_line
from portkit.files.regular import PATTERNS_BYTES, read_regular

ADMINISTRATIVE = frozenset({".git", ".hg", ".svn"})
IGNORE = ".gitignore"
_Specs = tuple[tuple[str, Patterns], ...]


def read_patterns(folder: Path) -> Patterns | None:
    """Read the ignore file of a folder; None when there is none or it says nothing.

    Raises OSError when it cannot be read: as with git, a link is not followed.
    """
    try:
        data = read_regular(folder / IGNORE, PATTERNS_BYTES, follow=False)
    except FileNotFoundError:
        return None
    found = [pattern for line in file_lines(data) if (pattern := parse_line(line)) is not None]
    if len(found) > MOST:
        raise OSError(errno.EFBIG, f"more than {MOST} patterns", str(folder / IGNORE))
    return Patterns(found) if found else None


def walk(
    folder: Path, top: Path | None, unreadable: Callable[[str], None], limit: int | None = None
) -> list[str]:
    """List the files under `folder` (POSIX, relative to it, fs-decoded), nearest first; links are
    listed, not followed.

    .gitignore files count from `top` (a git top at or above `folder`) downwards; None: not at all,
    since nobody knows what was tracked although a pattern matches it. `unreadable` is told each
    folder and each .gitignore that could not be read. At most about `limit` names are returned.
    """
    names: list[str] = []
    queue: deque[tuple[str, _Specs]] = deque([("", _specs_above(folder, top, unreadable))])
    while queue and (limit is None or len(names) < limit):
        inside, specs = queue.popleft()
        here, prefix = (folder / inside, f"{inside}/") if inside else (folder, "")
        entries = _entries(here)
        if entries is None:
            unreadable(inside or ".")
            continue
        own = _patterns(here, unreadable, prefix + IGNORE) if top is not None else None
        if own is not None:
            specs = (*specs, (prefix, own))
        for entry in entries:
            name = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                if not _ignored(name, specs):
                    names.append(name)
            elif entry.name not in ADMINISTRATIVE and not _ignored(name, specs, folder=True):
                queue.append((name, specs))
    return names


def _entries(folder: Path) -> list[os.DirEntry[str]] | None:
    """Return what is in a folder, in the order of the bytes of the names; None if unreadable."""
    try:
        with os.scandir(folder) as scanned:
            return sorted(scanned, key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return None


def _patterns(folder: Path, unreadable: Callable[[str], None], name: str) -> Patterns | None:
    try:
        return read_patterns(folder)
    except OSError:
        unreadable(name)
        return None


def _specs_above(folder: Path, top: Path | None, unreadable: Callable[[str], None]) -> _Specs:
    """Return the rules of the folders from `top` down to above `folder`; their prefix is `folder`
    as they see it.
    """
    if top is None or top == folder:
        return ()
    specs: list[tuple[str, Patterns]] = []
    above = [parent for parent in reversed(folder.parents) if parent.is_relative_to(top)]
    for parent in above:
        patterns = _patterns(parent, unreadable, os.path.relpath(parent / IGNORE, folder))
        if patterns is not None:
            specs.append(("//" + folder.relative_to(parent).as_posix() + "/", patterns))
    return tuple(specs)


def _ignored(name: str, specs: _Specs, *, folder: bool = False) -> bool:
    """Return whether the deepest rule that speaks of `name` ignores it; what is above it is not."""
    for prefix, patterns in reversed(specs):
        seen = prefix[2:] + name if prefix.startswith("//") else name.removeprefix(prefix)
        found = patterns.verdict(bytewise(seen), folder=folder)
        if found is not None:
            return not found.negative
    return False
