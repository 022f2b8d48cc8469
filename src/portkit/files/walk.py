# SPDX-License-Identifier: Apache-2.0
"""Listing a folder without git, by the same .gitignore rules."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pathspec import GitIgnoreSpec

ADMINISTRATIVE = frozenset({".git", ".hg", ".svn"})
_Specs = tuple[tuple[str, GitIgnoreSpec], ...]


def read_spec(file: Path) -> GitIgnoreSpec | None:
    """Read one ignore file; None when there is none or it says nothing."""
    try:
        text = os.fsdecode(file.read_bytes())
    except OSError:
        return None
    spec = GitIgnoreSpec.from_lines(text.splitlines())
    return spec if len(spec) else None


def walk(folder: Path, top: Path | None, unreadable: Callable[[str], None], limit: int | None = None) -> list[str]:
    """List the files under `folder` (POSIX, relative to it, fs-decoded), nearest first; links are listed, not followed.

    .gitignore files count from `top` (a git top at or above `folder`; None: from `folder`) downwards.
    `unreadable` is told each folder that could not be read. At most about `limit` names are returned.
    """
    names: list[str] = []
    queue: deque[tuple[str, _Specs]] = deque([("", _specs_above(folder, top))])
    while queue and (limit is None or len(names) < limit):
        inside, specs = queue.popleft()
        here = folder / inside if inside else folder
        try:
            with os.scandir(here) as scanned:
                entries = sorted(scanned, key=lambda entry: os.fsencode(entry.name))
        except OSError:
            unreadable(inside or ".")
            continue
        own = read_spec(here / ".gitignore")
        if own is not None:
            specs = (*specs, (inside + "/" if inside else "", own))
        for entry in entries:
            name = f"{inside}/{entry.name}" if inside else entry.name
            if not entry.is_dir(follow_symlinks=False):
                if not _ignored(name, specs):
                    names.append(name)
            elif entry.name not in ADMINISTRATIVE and not _ignored(name + "/", specs):
                queue.append((name, specs))
    return names


def _specs_above(folder: Path, top: Path | None) -> _Specs:
    """Return the rules of the folders from `top` down to above `folder`; their prefix is `folder` as they see it."""
    if top is None or top == folder:
        return ()
    specs: list[tuple[str, GitIgnoreSpec]] = []
    above = [parent for parent in reversed(folder.parents) if parent.is_relative_to(top)]
    for parent in above:
        spec = read_spec(parent / ".gitignore")
        if spec is not None:
            specs.append(("//" + folder.relative_to(parent).as_posix() + "/", spec))
    return tuple(specs)


def _ignored(name: str, specs: _Specs) -> bool:
    """Return whether the deepest rule that speaks of `name` ignores it; a folder's name ends in a slash."""
    for prefix, spec in reversed(specs):
        seen = prefix[2:] + name if prefix.startswith("//") else name.removeprefix(prefix)
        verdict = spec.check_file(seen).include
        if verdict is not None:
            return verdict
    return False
