# SPDX-License-Identifier: Apache-2.0
"""Reading files that a tree names: regular files only, and never more than a limit.

A tree decides what stands under the name of a settings file or of a source: a device that never
ends, a pipe that nobody writes to, a link to either. What kind a file is, is asked of the open
descriptor, so that nothing can change in between.
"""

from __future__ import annotations

import errno
import os
import stat

# The most bytes that are read of one file, by what it is for. What is larger is said, never cut.
SETTINGS_BYTES = 1 << 20  # portkit.toml, pyproject.toml
PATTERNS_BYTES = 1 << 18  # .gitignore, .gitattributes
RESPONSE_BYTES = 1 << 20  # a response file of a compile command
MAP_BYTES = 16 << 20
BASELINE_BYTES = 64 << 20  # some 300,000 findings
DATABASE_BYTES = 64 << 20  # compile_commands.json
SOURCE_BYTES = 64 << 20
TABLES_BYTES = 64 << 20  # compiled tables in the cache
SCAN_BYTES = 1 << 30  # a saved scan

_CHUNK = 1 << 16
_OPEN = os.O_RDONLY | sum(
    getattr(os, name, 0)
    for name in (
        "O_NONBLOCK",
        "O_CLOEXEC",
        "O_NOCTTY",
        "O_BINARY",
    )  # NONBLOCK: a pipe does not wait for its writer
)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link"),
)


class NotRegularError(OSError):
    """What stands there is no regular file; `strerror` says what it is."""


class TooLargeError(OSError):
    """The file is larger than the limit; `size` is its size in bytes when it was opened."""

    size = 0


def open_regular(path: str | os.PathLike[str], *, follow: bool = True) -> int:
    """Return a descriptor for reading the regular file `path`; the caller closes it.

    Without `follow` a link is refused, as git refuses a link in place of its own files. Raises
    NotRegularError for what is no regular file, OSError for what cannot be opened, a name that no
    file can have included.
    """
    name = os.fspath(path)
    try:
        # Opening a device may do something already: one that is there now is not opened at all.
        _check(os.stat(name, follow_symlinks=follow), name)  # noqa: PTH116
        handle = os.open(name, _OPEN | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    except ValueError as error:  # a zero byte, or a letter that this system's names cannot have
        raise OSError(errno.EINVAL, "no file can have this name", name) from error
    try:
        _check(os.fstat(handle), name)
    except BaseException:
        os.close(handle)
        raise
    return handle


def read_regular(path: str | os.PathLike[str], limit: int, *, follow: bool = True) -> bytes:
    """Return the content of the regular file `path`, of at most `limit` bytes.

    Raises what `open_regular` does, and TooLargeError. Their `strerror` is fit for a message.
    """
    handle = open_regular(path, follow=follow)
    try:
        return read_open(handle, path, limit)
    finally:
        os.close(handle)


def read_open(handle: int, path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of what `open_regular` opened. Raises TooLargeError, OSError."""
    size = os.fstat(handle).st_size
    data = _read(handle, size, limit) if size <= limit else b""
    if size > limit or len(data) > limit:  # it may have grown, or not know its size (/proc)
        raise _too_large(os.fspath(path), max(size, len(data)), limit)
    return data


def read_start(path: str | os.PathLike[str], count: int) -> bytes:
    """Return the first `count` bytes of a regular file, or what there is of them.

    Raises what `open_regular` does, and OSError.
    """
    handle = open_regular(path)
    try:
        return os.read(handle, count)
    finally:
        os.close(handle)


def _check(status: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((word for fits, word in _KINDS if fits(status.st_mode)), "something else")
        raise NotRegularError(errno.EINVAL, f"{kind}, not a regular file", name)


def _read(handle: int, size: int, limit: int) -> bytes:
    """Read to the end, or to the first byte beyond `limit`."""
    data = os.read(handle, min(size, limit) + 1)
    # the usual case; one of no size is the system's own, see proc(5)
    if size and len(data) == size:
        return data
    parts, room = [data], limit + 1 - len(data)
    while room > 0 and (data := os.read(handle, min(_CHUNK, room))):
        parts.append(data)
        room -= len(data)
    return b"".join(parts)


def _too_large(name: str, size: int, limit: int) -> TooLargeError:
    error = TooLargeError(errno.EFBIG, f"larger than {shown_size(limit)}", name)
    error.size = size
    return error


def shown_size(count: int) -> str:
    """Return a number of bytes for a message: the largest unit that divides it."""
    for unit, word in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count and count % unit == 0:
            return f"{count // unit} {word}"
    return f"{count} bytes"
