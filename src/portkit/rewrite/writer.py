# SPDX-License-Identifier: Apache-2.0
"""Replacing one file so that it is old or new at any moment, and never outside of the root."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from portkit.files.atomic import reason, replacing, status
from portkit.model.errors import PortkitError
from portkit.printable import printable_name

shown = printable_name  # what messages about writing call a file


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def locate(root: Path, rel: str) -> Path:
    """Return the real file that `rel` (POSIX, fs-decoded) means, following links that stay inside
    of `root`.

    The file need not exist. Raises PortkitError when the name leaves the resolved root, itself or
    through a link.
    """
    top = root.resolve()
    path = top / rel
    if Path(rel).is_absolute() or ".." in Path(rel).parts:
        raise PortkitError("refused to write outside of the root", shown(rel))
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise PortkitError(f"cannot be resolved: {error}", shown(rel)) from error
    if real == top or not real.is_relative_to(top):
        raise PortkitError("refused to write through a link that leaves the root", shown(rel))
    return real


def temporary(path: Path, token: str) -> Path:
    """Return the name of the temporary file that the run with this `token` makes for `path`.

    Nobody can take the name before the run, and what a killed run left can be found and removed.
    Journals of before there were tokens have an empty one.
    """
    return path.parent / f".portkit-{digest(token.encode() + os.fsencode(path.name))[:16]}.tmp"


def content(path: Path) -> bytes | None:
    """Return the bytes of a plain file, or None when there is nothing of that name.

    Raises PortkitError for whatever else keeps it from being read: nobody knows then what is in it.
    """
    try:
        return path.read_bytes() if status(path) is not None else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PortkitError(f"cannot be read: {reason(error)}", shown(path)) from error


def replace(
    path: Path,
    data: bytes,
    mode: int | None = None,
    temp: Path | None = None,
    like: Path | None = None,
    *,
    durable: bool = True,
) -> None:
    """Give the real file `path` the content `data`, atomically; where it is to be `durable`, also on
    disk and read back.

    The permission bits are `mode`, else those of the old file; `temp` and `like`: see `replacing`.
    The folder must exist and is not synced: see `sync_folder`. Raises PortkitError when the system
    refuses or the bytes read back differ.
    """
    try:
        with replacing(path, mode, temp=temp, like=like, durable=durable) as stream:
            stream.write(data)
    except OSError as error:
        raise PortkitError(f"cannot be written: {reason(error)}", shown(path)) from error
    if durable and content(path) != data:
        raise PortkitError("what was read back is not what was written", shown(path))


def replace_file(root: Path, rel: str, data: bytes, *, durable: bool = True) -> None:
    """Write `data` to root/rel: made when it is not there, folders and all; see `replace` and
    `locate`.
    """
    path = locate(root, rel)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, data, durable=durable)
    if durable:
        sync_folder(path.parent)


def remove(path: Path) -> None:
    """Delete the file `path`; one that is not there is fine. Raises PortkitError when the system
    refuses.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise PortkitError(f"cannot be removed: {reason(error)}", shown(path)) from error


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
