# SPDX-License-Identifier: Apache-2.0
"""Files beyond those of a scan, as they lie on disk: a header may be anything, and only a regular
file is read.
"""

from __future__ import annotations

import enum
import hashlib
import os
import stat

from portkit.files.regular import SOURCE_BYTES, read_regular


class Lies(enum.Enum):
    """What lies at a path."""

    NOWHERE = "nothing, or a folder"
    FILE = "a regular file"
    SPECIAL = "a pipe, a socket or a device"
    LARGE = "a file of more than SOURCE_BYTES"


def lies(state: os.stat_result) -> Lies:
    """Return what the state of a path says that it is."""
    if stat.S_ISDIR(state.st_mode):
        return Lies.NOWHERE
    if not stat.S_ISREG(state.st_mode):
        return Lies.SPECIAL
    return Lies.FILE if state.st_size <= SOURCE_BYTES else Lies.LARGE


def contents(path: str) -> bytes:
    """Return the bytes of a regular file; none when it cannot be read after all."""
    try:
        return read_regular(path, SOURCE_BYTES)
    except OSError:
        return b""


def state_of(path: str) -> str:
    """Return the SHA-256 of a regular file as hex, "" when there is none, and "!" for what is never
    read.
    """
    try:
        found = lies(os.stat(path))  # noqa: PTH116
        if found is Lies.FILE:
            return hashlib.sha256(contents(path)).hexdigest()
    except (OSError, ValueError):  # a null byte
        return ""
    return "" if found is Lies.NOWHERE else "!"
