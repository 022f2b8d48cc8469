# SPDX-License-Identifier: Apache-2.0
"""Replacing one file so that it is old or new at any moment, and never outside of the root."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from portkit.model import PortkitError
from portkit.printable import printable_name

shown = printable_name  # what messages about writing call a file


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def locate(root: Path, rel: str) -> Path:
    """Return the real file that `rel` (POSIX, fs-decoded) means, following links that stay inside of `root`.

    The file need not exist. Raises PortkitError when the name leaves the resolved root, itself or through a link.
    """
    top = root.resolve()
    path = top / rel
    if Path(rel).is_absolute() or ".." in Path(rel).parts:
        raise PortkitError("refused to write outside of the root", shown(rel))
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:
        raise PortkitError(f"cannot be resolved: {error}", shown(rel)) from error
    if real == top or not real.is_relative_to(top):
        raise PortkitError("refused to write through a link that leaves the root", shown(rel))
    return real


def temporary(path: Path) -> Path:
    """Return the name of the temporary file for `path`: the same each time, so that a killed run's can be removed."""
    return path.parent / f".portkit-{digest(os.fsencode(path.name))[:16]}.tmp"


def replace(path: Path, data: bytes, mode: int | None = None) -> None:
    """Give the real file `path` the content `data`, atomically, and read it back.

    The data is on disk before the name points to it. The permission bits are those of the old file, or `mode` (0o644
    less the umask when there is neither). The folder must exist and is not synced: see `sync_folder`.
    Raises PortkitError when the system refuses or the bytes read back differ.
    """
    temp = temporary(path)
    try:
        old = _status(path)
        temp.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(temp, flags, 0o666 if old is None and mode is None else 0o600)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                _keep(temp, handle, old, mode)
                os.fsync(handle)
            temp.replace(path)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise
        back = path.read_bytes()
    except OSError as error:
        raise PortkitError(f"cannot be written: {error.strerror or error}", shown(path)) from error
    if back != data:
        raise PortkitError("what was read back is not what was written", shown(path))


def replace_file(root: Path, rel: str, data: bytes) -> None:
    """Write `data` to root/rel: made when it is not there, folders and all; see `replace` and `locate`."""
    path = locate(root, rel)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, data)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Delete the file `path`; one that is not there is fine. Raises PortkitError when the system refuses."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise PortkitError(f"cannot be removed: {error.strerror or error}", shown(path)) from error


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _status(path: Path) -> os.stat_result | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise PortkitError("refused to replace what is no plain file", shown(path))
    return status


def _keep(temp: Path, handle: int, old: os.stat_result | None, mode: int | None) -> None:
    """Give the temporary file the owner (when allowed) and the permission bits of the old one."""
    if old is not None and hasattr(os, "fchown"):
        new = os.fstat(handle)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(OSError):
                os.fchown(handle, old.st_uid, old.st_gid)
    wanted = mode if mode is not None else None if old is None else stat.S_IMODE(old.st_mode)
    if wanted is not None:
        temp.chmod(wanted)
