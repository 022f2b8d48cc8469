# SPDX-License-Identifier: Apache-2.0
"""Asking git. Every question may go unanswered: git may be missing, or refuse the folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

_REDIRECTING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
# A repository may name a program as its file system monitor: reading a tree must not run what the tree says.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "--literal-pathspecs")


def run_git(folder: Path, arguments: Sequence[str], feed: bytes = b"", accept: Sequence[int] = (0,)) -> bytes | None:
    """Run git in `folder` and return its standard output; None when git is missing or its status is not accepted.

    A hook's environment, which points git at another tree or index, is left out.
    """
    environment = {key: value for key, value in os.environ.items() if key not in _REDIRECTING}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *_SAFE, *arguments], cwd=folder, input=feed, capture_output=True, env=environment, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode in accept else None


def git_top(folder: Path) -> Path | None:
    """Return the nearest folder at or above `folder` that holds a `.git`, or None. Needs no git."""
    for candidate in (folder, *folder.parents):
        if os.path.lexists(candidate / ".git"):
            return candidate
    return None


def is_ignored(top: Path, folder: Path) -> bool:
    """Return whether git ignores `folder`, which lies in the work tree `top`."""
    if folder == top:
        return False
    return run_git(top, ["check-ignore", "-q", "--", os.fspath(folder.relative_to(top))]) is not None


def list_files(folder: Path) -> list[str] | None:
    """List the tracked and the untracked, not ignored files under `folder`, relative to it (POSIX, fs-decoded).

    Submodules are listed by name, untracked repositories with a final slash. None when git does not answer.
    """
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    output = run_git(folder, arguments)
    if output is None:
        return None
    return [os.fsdecode(name) for name in dict.fromkeys(output.split(b"\0")) if name]


def attributed(folder: Path, names: Sequence[str], attributes: Sequence[str]) -> dict[str, str]:
    """Return {name: attribute} for the `names` under `folder` that .gitattributes marks with one of `attributes`."""
    feed = b"\0".join(os.fsencode(name) for name in names)
    output = run_git(folder, ["check-attr", "-z", "--stdin", *attributes], feed) if names else None
    fields = (output or b"").split(b"\0")
    found: dict[str, str] = {}
    for name, attribute, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if value in (b"set", b"true"):
            found.setdefault(os.fsdecode(name), attribute.decode())
    return found
