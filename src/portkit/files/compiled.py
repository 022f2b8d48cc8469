# SPDX-License-Identifier: Apache-2.0
"""Tables in a form that loads in milliseconds, kept beside the results of scans in the user's cache
folder.

A form is used only while the files that it was made from are as they were (names, sizes, times,
inodes) and this is the portkit that made it. It carries a checksum, and one that others could have
written is not looked at: what cannot be read, or is not what it should be, is as good as not there.
Nothing is pickled. Reading a table never writes; `keep` does, at the end of a run that may write
the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

import portkit
from portkit.files.folders import cache_folder
from portkit.files.regular import TABLES_BYTES, open_regular, read_open
from portkit.files.trust import private_folder

T = TypeVar("T")
log = logging.getLogger(__name__)

PREFIX = "tables-"
SUFFIX = ".bin"
_FORMAT = 1  # another one for any change of what is kept
_STAMP_BYTES, _SUM_BYTES = 16, 4
# a file changed later than that could change again within the same tick of its clock
_SETTLED_SECONDS = 2.0
_UNUSED_SECONDS = 60 * 86_400

# forms that this process made and nobody has written yet
_waiting: dict[Path, Callable[[], bytes | None]] = {}


class Form:
    """The compiled form of some tables: the thing called `name` of `folder`, made from the files
    `sources`.
    """

    def __init__(self, name: str, folder: Path, sources: Iterable[str | Path]) -> None:
        """Look at the sources as they are now; read them after this only."""
        facts: list[object] = [_FORMAT, portkit.__version__, name]
        self._newest = 0.0
        for source in sources:
            path = os.fspath(source)
            base = os.path.basename(path)  # noqa: PTH119
            try:
                s = os.stat(path)  # noqa: PTH116
            except OSError:
                facts.append((base, None))
                continue
            facts.append((base, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino))
            self._newest = max(self._newest, s.st_mtime, s.st_ctime)
        self._stamp = hashlib.blake2b(
            msgspec.msgpack.encode(facts), digest_size=_STAMP_BYTES
        ).digest()
        place = hashlib.blake2b(os.fsencode(folder.absolute()), digest_size=6).hexdigest()
        self._file = f"{PREFIX}{name}-{place}{SUFFIX}"

    def recall(self, kind: type[T]) -> T | None:
        """Return what was kept, as a `kind` (of plain values), or None."""
        with contextlib.suppress(OSError, RuntimeError, ValueError, msgspec.MsgspecError):
            data = _own_bytes(cache_folder() / self._file)
            body = memoryview(data)[_STAMP_BYTES + _SUM_BYTES :]
            if data[: _STAMP_BYTES + _SUM_BYTES] == self._stamp + _sum(body):
                return msgspec.msgpack.decode(body, type=kind)
        return None

    def remember(self, make: Callable[[], object | None]) -> None:
        """Have `keep` write what `make` returns; nothing for None, nor for sources that changed
        just now.
        """
        if time.time() - self._newest < _SETTLED_SECONDS:
            return

        def encoded() -> bytes | None:
            value = make()
            if value is None:
                return None
            body = msgspec.msgpack.encode(value)
            return self._stamp + _sum(body) + body

        with contextlib.suppress(RuntimeError):
            _waiting[cache_folder() / self._file] = encoded


def keep() -> None:
    """Write the forms that this process made. What cannot be written is made anew by the next run."""
    while _waiting:
        path, encoded = _waiting.popitem()
        try:
            data = encoded()
            if data is not None:
                _write(path, data)
        except OSError as error:
            log.info("tables cannot be kept in the cache: %s", error)


def kept_files() -> list[Path]:
    """Return the files of all forms in the cache folder."""
    try:
        return sorted(p for p in cache_folder().glob(f"{PREFIX}*{SUFFIX}") if p.is_file())
    except (OSError, RuntimeError):
        return []


def _write(path: Path, data: bytes) -> None:
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    old = time.time() - _UNUSED_SECONDS  # of portkits that are no more
    for other in [*kept_files(), *path.parent.glob(f"{PREFIX}*.part")]:
        with contextlib.suppress(OSError):
            if other.stat().st_mtime < old:
                other.unlink()


def _own_bytes(path: Path) -> bytes:
    """Return a file's content. Raises OSError when it is not there, PermissionError when others may
    write it.
    """
    handle = open_regular(path)
    try:
        s = os.fstat(handle)
        if hasattr(os, "getuid") and (s.st_uid != os.getuid() or s.st_mode & 0o022):
            raise PermissionError(path)
        return read_open(handle, path, TABLES_BYTES)
    finally:
        os.close(handle)


def _sum(data: bytes | memoryview) -> bytes:
    return zlib.crc32(data).to_bytes(_SUM_BYTES, "little")
