# SPDX-License-Identifier: Apache-2.0
"""Asking git. Every question may go unanswered: git may be missing, or refuse the folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

_REDIRECTING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
# A repository may name a program as its file system monitor: reading a tree must not run what the tree says.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false")


def run_git(folder: Path, arguments: Sequence[str], feed: bytes = b"", accept: Sequence[int] = (0,)) -> bytes | None:
    """Run git in `folder` and return its standard output; None when git is missing or its status is not accepted.

    A hook's environment, which points git at another tree or index, is left out.
    """
    environment = {key: value for key, value in os.environ.items() if key not in _REDIRECTING}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(["git", *_SAFE, *arguments], cwd=folder, input=feed, capture_output=True, env=environment, check=False)
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
    return run_git(top, ["check-ignore", "-q", "--", f"./{folder.relative_to(top)}"]) is not None


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


def dirty_files(root: Path, among: Iterable[str] = ()) -> list[str] | None:
    """Return the files that git could not bring back, sorted, relative to `root`; None when there is no git here.

    These are the changed, staged or deleted tracked files under `root`, and those of `among` (names to be written,
    POSIX, fs-decoded) that git does not track, ignored ones too.
    """
    top = root.resolve()
    work_tree = git_top(top)
    if work_tree is None:
        return None
    arguments = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all"]
    status = run_git(top, [*arguments, "--", "."])
    tracked = run_git(top, ["ls-files", "-z", "--cached"])
    if status is None or tracked is None:
        return None
    # Status names are relative to the git top, those of ls-files to the folder asked.
    prefix = os.fsencode(top.relative_to(work_tree).as_posix() + "/") if top != work_tree else b""
    changed = {os.fsdecode(line[3:].removeprefix(prefix)) for line in status.split(b"\0") if line}
    known = {os.fsdecode(name) for name in tracked.split(b"\0")}
    changed |= {name for name in among if name not in known and os.path.lexists(top / name)}
    return sorted(changed, key=os.fsencode)
