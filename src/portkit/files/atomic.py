# SPDX-License-Identifier: Apache-2.0
"""A file gets its new content whole or keeps its old one, whatever fails in between."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from portkit.model.errors import PortkitError
from portkit.printable import printable_name

_TRIES = 16  # names for a temporary file before giving up
# A signature of the old content, and what layers of file systems keep for themselves.
_NOT_KEPT = ("security.ima", "security.evm", "trusted.")


@contextlib.contextmanager
def replacing(
    path: Path,
    mode: int | None = None,
    *,
    temp: Path | None = None,
    like: Path | None = None,
    durable: bool = False,
) -> Iterator[BinaryIO]:
    """Yield a stream whose bytes take the place of the real file `path` when the block ends well.

    The bytes go to a file beside it under a name that nobody can know in advance (or `temp`, when
    that is free), which then takes the place. Owner, extended attributes and permission bits are
    those of the old file, where there is none of `like`, as far as the system allows; `mode` goes
    before the old bits, and a new file without any gets those that the umask leaves. `durable`: the
    bytes are on disk before the name points to them; the folder is not synced. Raises OSError,
    `path` being as it was, and PortkitError for what is no plain file.
    """
    like = path if status(path) is not None else like
    model = status(like) if like is not None else None
    made, handle = _make(path, temp, 0o666 if model is None and mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            if like is not None and model is not None:
                _keep(handle, like, model)
            bits = mode if mode is not None else model and stat.S_IMODE(model.st_mode)
            if bits is not None:
                os.chmod(handle if os.chmod in os.supports_fd else made, bits)  # noqa: PTH101
            if durable:
                os.fsync(handle)
        made.replace(path)
    except BaseException as error:
        if not drop(made):
            error.add_note(f"the temporary file {made.name} is left beside it")
        raise


def reason(error: OSError) -> str:
    """Return what the system said, with what was noted on the way, for one line."""
    return "; ".join([error.strerror or str(error), *getattr(error, "__notes__", ())])


def status(path: Path) -> os.stat_result | None:
    """Return the status of a plain file, or None when there is nothing of that name.

    Raises OSError, and PortkitError for a link, a folder, a pipe and whatever else is no file.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise PortkitError("is no plain file", printable_name(path))
    return found


def drop(path: Path) -> bool:
    """Remove a temporary file; return whether it is gone. Never raises OSError."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return not os.path.lexists(path)  # a read-only file system refuses before it looks
    return True


def _make(path: Path, wanted: Path | None, bits: int) -> tuple[Path, int]:
    """Create a file beside `path` that was not there, and return its name and descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    for left in range(_TRIES, -1, -1):
        temp = wanted or path.parent / f".portkit-{os.urandom(8).hex()}.tmp"
        try:
            return temp, os.open(temp, flags, bits)
        except FileExistsError:
            if not left:
                raise
            wanted = None
    raise AssertionError  # pragma: no cover


def _keep(handle: int, old: Path, model: os.stat_result) -> None:
    """Give the new file the owner and the extended attributes (ACLs too) that the system lets."""
    if hasattr(os, "fchown"):
        new = os.fstat(handle)
        if (model.st_uid, model.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(OSError):
                os.fchown(handle, model.st_uid, model.st_gid)
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):  # not every file system has them
        for name in os.listxattr(old, follow_symlinks=False):
            if not name.startswith(_NOT_KEPT):
                with contextlib.suppress(OSError):
                    value = os.getxattr(old, name, follow_symlinks=False)
                    os.setxattr(handle, name, value)
