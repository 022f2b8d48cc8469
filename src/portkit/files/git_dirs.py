# SPDX-License-Identifier: Apache-2.0
"""Where repositories lie: the `.git` folders, files and links at and above a folder.

A `.git` counts only when it belongs to the user, to root or to the owner of the folder that holds
it: on a machine of many users anybody can put one into /tmp. Nothing is run here, git neither.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from portkit.files.regular import read_regular

_SMALL = 1 << 12  # bytes of HEAD, commondir and a `.git` file


class Repository(msgspec.Struct, frozen=True):
    """A repository with a work tree; all paths are resolved.

    `git_dir` holds the HEAD and the index of the work tree `top`, `common` the objects, references
    and configuration: one folder, but for a work tree that `git worktree add` made. `head` is the
    content of HEAD.
    """

    top: Path
    git_dir: Path
    common: Path
    head: bytes

    @property
    def is_linked(self) -> bool:
        """Whether it is one of several work trees of its repository."""
        return self.git_dir != self.common


def tops(folder: Path) -> Iterator[Path]:
    """Yield the folders at or above `folder` that hold a `.git` that counts, nearest first."""
    for candidate in (folder, *folder.parents):
        try:
            owner = os.lstat(candidate / ".git").st_uid
            if owner in (0, os.geteuid()) or owner == candidate.stat().st_uid:
                yield candidate
        except OSError:
            continue


def git_top(folder: Path) -> Path | None:
    """Return the nearest folder at or above `folder` that holds a `.git`, or None."""
    return next(tops(folder), None)


def repository_at(top: Path) -> Repository | None:
    """Return the repository that the `.git` in the resolved folder `top` is or names, or None.

    As git has it, that is a folder, or a file `gitdir: PATH`, or a link to one of them.
    """
    git_dir = _git_dir(top)
    if git_dir is None:
        return None
    named = read_small(git_dir / "commondir")
    common = _resolved(git_dir, named) if named else git_dir
    head = _head(git_dir / "HEAD")
    index = git_dir / "index"
    if common is None or head is None:
        return None
    if not (common / "objects").is_dir() or not (common / "refs").exists():
        return None
    if os.path.lexists(index) and not is_regular(index):
        return None
    return Repository(top, git_dir, common, head)


def is_regular(path: Path) -> bool:
    """Return whether `path` is a regular file, or a link to one."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def read_small(path: Path) -> bytes | None:
    """Return the content of a small regular file; None for all else."""
    try:
        return read_regular(path, _SMALL)
    except OSError:
        return None


def _git_dir(top: Path) -> Path | None:
    place = top / ".git"
    if place.is_dir():
        return place.resolve()
    named = read_small(place)
    if named is None or not named.startswith(b"gitdir: "):
        return None
    return _resolved(top, named.removeprefix(b"gitdir: "))


def _resolved(folder: Path, named: bytes) -> Path | None:
    try:
        return (folder / os.fsdecode(named.rstrip(b"\r\n"))).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a NUL
        return None


def _head(path: Path) -> bytes | None:
    """Return the line of a HEAD, a reference or a commit; an old one may be a link into refs."""
    try:
        data: bytes | None = b"ref: " + os.fsencode(path.readlink())
    except OSError:
        data = read_small(path)
    line = (data or b"").rstrip()
    is_commit = len(line) in (40, 64) and not line.strip(b"0123456789abcdef")
    if b"\n" in line or b"\0" in line or not (line.startswith(b"ref: refs/") or is_commit):
        return None
    return line + b"\n"
