# SPDX-License-Identifier: Apache-2.0
"""A run's folder for temporary files, and what killed runs left of theirs.

The folder holds a file that is locked for as long as the run or one of its workers lives; the
system drops the lock however they end. A later run removes the folders whose lock is free.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover (only on systems without POSIX locks)
    fcntl = None  # type: ignore[assignment]

PREFIX = "portkit-run-"
_LOCK = "lock"
_MAKING = "portkit-new-"  # of a folder whose lock is not held yet
_TRIES = 20  # to remove the folder: another thread may be at it, or a dying worker still writes
_UNFINISHED_SECONDS = 3600  # after that nobody is about to take the lock


class Scratch:
    """The folder. It is made by the constructor and removed by `close`. Raises OSError when there
    is no place for it.
    """

    def __init__(self) -> None:
        made = Path(tempfile.mkdtemp(prefix=_MAKING))
        self._owner = os.getpid()
        self._lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        if fcntl is not None:
            # on a file system without locks nobody will take it for free either
            with contextlib.suppress(OSError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.folder = made.with_name(PREFIX + made.name.removeprefix(_MAKING))
        made.rename(self.folder)

    def close(self) -> None:
        """Remove the folder with all that is in it. A forked process leaves it to the one that made
        it.
        """
        if os.getpid() != self._owner or self._lock < 0:
            return
        for _ in range(_TRIES):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
        lock, self._lock = self._lock, -1
        with contextlib.suppress(OSError):
            os.close(lock)


def clear_leftovers() -> None:
    """Remove the folders of this user's runs that are dead. What cannot be removed, or belongs to
    others, stays.
    """
    if fcntl is None or not hasattr(os, "getuid"):
        return
    with contextlib.suppress(OSError):
        for path in _own_folders(Path(tempfile.gettempdir())):
            with contextlib.suppress(OSError):
                _clear(path)


def _own_folders(place: Path) -> Iterator[Path]:
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith((PREFIX, _MAKING)):
                s = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(s.st_mode) and s.st_uid == os.getuid():
                    yield Path(entry.path)


def _clear(folder: Path) -> None:
    age = time.time() - folder.stat().st_mtime
    if folder.name.startswith(_MAKING) and age < _UNFINISHED_SECONDS:
        return
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        lock = -1  # a folder that was being removed
    try:
        if lock >= 0:
            # held by a living run: BlockingIOError
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        if lock >= 0:
            os.close(lock)
