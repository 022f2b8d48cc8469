# SPDX-License-Identifier: Apache-2.0
"""What git says of the files that are about to be written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from portkit.files.git import run_git


def dirty_files(root: Path, paths: Iterable[str]) -> list[str] | None:
    """Return which of `paths` (POSIX, relative to `root`) git says are changed or untracked; None without git."""
    listed = run_git(root, ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"])
    prefix = run_git(root, ["rev-parse", "--show-prefix"])
    if listed is None or prefix is None:
        return None
    inside = os.fsdecode(prefix.rstrip(b"\n"))
    changed = {os.fsdecode(entry[3:]).removeprefix(inside) for entry in listed.split(b"\0") if len(entry) > 3}
    return sorted(changed & set(paths))
