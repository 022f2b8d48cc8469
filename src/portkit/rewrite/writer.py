# SPDX-License-Identifier: Apache-2.0
"""Atomic writing of one file: old or new, never half; never through a link that leaves the root."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from portkit.model import PortkitError


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def replace_file(root: Path, rel: str, data: bytes) -> None:
    """Write `data` to root/rel: temp file in the same folder, fsync, rename, mode kept, read back.

    A link inside the root is followed to its file. Raises PortkitError when the file lies outside the root.
    """
    path = (root / rel).resolve()
    if not path.is_relative_to(root.resolve()):
        raise PortkitError("the file lies outside the root and is not written", rel)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".portkit-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    if path.read_bytes() != data:
        raise PortkitError("the file does not hold what was written", rel, "check the disk; `portkit migrate --undo` brings the tree back")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
