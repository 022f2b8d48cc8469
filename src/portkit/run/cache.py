# SPDX-License-Identifier: Apache-2.0
"""Results by content, in one SQLite file of the user's cache folder. A cache that cannot be used is
as good as none.

Several processes may share the file (write-ahead log). An entry carries a checksum of its value.
When the file grows beyond its bound the entries not used for longest go. Nothing is pickled: values
are MessagePack of typed structures.

What others can write is not believed (see files.trust): a folder of that kind is not used, a file
in a folder of one's own begins anew. A file holds the one table and nothing else, and no more is
read of it than a run's results can be.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from portkit.files.compiled import kept_files
from portkit.files.folders import cache_folder
from portkit.files.trust import distrust_file, distrust_folder, private_folder

__all__ = ["Cache", "CacheInfo", "NoCache", "cache_folder"]
log = logging.getLogger(__name__)

NAME = "results-1.sqlite"
BOUND_BYTES = 1 << 30
ENVIRONMENT_BOUND = "PORTKIT_CACHE_BYTES"
_DIGITS = 18  # of a number of bytes
_WAIT_SECONDS = 5.0
_CHECK_BYTES = 8
_STALE_SECONDS = 86_400  # how exactly the time of last use is kept
_CHUNK = 500  # keys of one question
_COLUMNS = "key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL"
_TABLE = f"CREATE TABLE entries ({_COLUMNS}) WITHOUT ROWID"
_MOST_BYTES = 64 << 20  # of one entry; the largest of four code bases took 0.2 MB
_MOST_SECONDS, _EVICT_SECONDS = 30.0, 600.0  # of one question to the file
_STEPS = 200_000  # of SQLite's between two looks at the clock
_said: set[str] = set()


def _say(text: str) -> None:
    """Tell the user once."""
    if text not in _said:
        _said.add(text)
        log.warning("%s", text)


class CacheInfo(msgspec.Struct, frozen=True):
    """Where the cache lies, how large it is in bytes with the compiled tables, and how many entries
    it holds.

    `unused`: why it is not used as it is; empty when it is.
    """

    path: str
    size: int
    entries: int
    bound: int
    unused: str = ""


def bound() -> int:
    """Return the largest size in bytes: $PORTKIT_CACHE_BYTES or 1 GiB."""
    text = os.environ.get(ENVIRONMENT_BOUND, "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS:
        return int(text)
    if text:
        _say(f"{ENVIRONMENT_BOUND} is no number of bytes; the cache may take {BOUND_BYTES}")
    return BOUND_BYTES


class NoCache:
    """Keeps nothing."""

    keeps: ClassVar[bool] = False

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return no entry."""
        return {}

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Forget the entries."""

    def close(self) -> None:
        """Do nothing."""


class Cache:
    """The entries of one file. No method raises: what cannot be read is not there, what cannot be
    written is lost.
    """

    keeps: ClassVar[bool] = True

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or cache_folder()) / NAME
        self._connection: sqlite3.Connection | None = None
        self._dead = False
        self._written = 0
        self._bound = bound()
        self._until = 0.0

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those keys that have one."""
        found: dict[bytes, bytes] = {}
        old: list[bytes] = []
        today, size = int(time.time()), 0
        with self._guarded() as db:
            if db is None:
                return {}
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                for key, value, used in db.execute(
                    f"SELECT key, value, used FROM entries WHERE key IN ({marks})", chunk
                ):
                    if not isinstance(value, bytes) or not isinstance(used, int):
                        continue
                    size += len(value)
                    if size > self._bound:
                        return found  # more than the whole file may hold
                    content = value[_CHECK_BYTES:]
                    if value.startswith(_check(key, content)):
                        found[key] = content
                        if today - used > _STALE_SECONDS:
                            old.append(key)
            if old:
                db.executemany(
                    "UPDATE entries SET used = ? WHERE key = ?", [(today, key) for key in old]
                )
                db.commit()
        return found

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep entries."""
        if not entries:
            return
        now = int(time.time())
        with self._guarded() as db:
            if db is not None:
                most = _MOST_BYTES - _CHECK_BYTES
                rows = [(k, _check(k, v) + v, now) for k, v in entries.items() if len(v) < most]
                db.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)
                db.commit()
                self._written += sum(map(len, entries.values()))

    def close(self) -> None:
        """Evict what is beyond the bound and close the file."""
        if self._written:
            self._evict(self._bound)
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()
        self._connection = None

    def info(self) -> CacheInfo:
        """Return what there is; zeros when the file cannot be read."""
        entries, unused = 0, self._refusal()
        if not unused and self.path.is_file():
            with self._guarded() as db:
                if db is not None:
                    entries = db.execute("SELECT count(*) FROM entries").fetchone()[0]
                elif self._dead:
                    unused = f"{self.path} cannot be opened"
        size = sum(p.lstat().st_size for p in [*self._files(), *self._tables()])
        return CacheInfo(str(self.path), size, entries, self._bound, unused)

    def clear(self) -> int:
        """Remove the cache's files and the compiled tables; return how many bytes they held. Raises
        OSError when one cannot be removed.
        """
        self.close()
        size = 0
        for path in [*self._files(), *self._tables()]:
            size += path.lstat().st_size
            path.unlink()
        return size

    def _files(self) -> list[Path]:
        """Return what SQLite would take for its files, whatever it is."""
        paths = [self.path.with_name(NAME + end) for end in ("", "-wal", "-shm", "-journal")]
        return [p for p in paths if os.path.lexists(p) and (p.is_symlink() or not p.is_dir())]

    def _refusal(self) -> str:
        """Return why the cache is not to be believed as it is; empty when it is, or when there is
        none yet.
        """
        with contextlib.suppress(FileNotFoundError):
            try:
                return distrust_folder(self.path.parent) or self._refused_file()
            except OSError as error:
                return f"{self.path.parent}: {error.strerror}"
        return ""

    def _tables(self) -> list[Path]:
        return [p for p in kept_files() if p.parent == self.path.parent]

    def _refused_file(self) -> str:
        return next(filter(None, map(distrust_file, self._files())), "")

    def _evict(self, most: int) -> None:
        """Remove the entries not used for longest until the rest fits into three quarters of the
        bound.
        """
        with self._guarded() as db:
            if db is None or sum(p.stat().st_size for p in self._files()) <= most:
                return
            total, kept = 3 * most // 4, 0
            for key, size in db.execute(
                "SELECT key, length(value) FROM entries ORDER BY used DESC, key"
            ).fetchall():
                kept += size + 64
                if kept > total:
                    db.execute("DELETE FROM entries WHERE key = ?", (key,))
            db.commit()
            self._until = time.monotonic() + _EVICT_SECONDS
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection | None]:
        """Yield the open file, or None. A broken file is removed, a locked or full one is left
        alone.
        """
        db = None
        self._until = time.monotonic() + _MOST_SECONDS
        with contextlib.suppress(sqlite3.Error, OSError, OverflowError):
            db = self._open()
        try:
            yield db
        except sqlite3.OperationalError as error:
            log.info("the cache cannot be used now: %s", error)
            self._dead = True
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            log.info("the cache is broken and begins anew: %s", error)
            self._restart()

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._dead:
            try:
                self._connection = self._connect()
            except sqlite3.OperationalError:
                self._dead = True
            except sqlite3.DatabaseError:
                self._restart()
                if not self._dead:
                    self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection | None:
        private_folder(self.path.parent)
        refused = distrust_folder(self.path.parent)
        if refused:
            _say(f"the cache is not used: {refused}")
            self._dead = True
            return None
        refused = self._refused_file()
        if refused:
            _say(f"the cache begins anew: {refused}")
            self._restart()
            if self._dead:
                return None
        # SQLite makes its other files like this one
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        db = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, check_same_thread=False)
        try:
            db.set_progress_handler(lambda: time.monotonic() > self._until, _STEPS)
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=OFF")
            self._expect_table(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    @staticmethod
    def _expect_table(db: sqlite3.Connection) -> None:
        """Make the table of a new file. Raises sqlite3.DatabaseError for a file that holds anything
        else, such as a view.
        """
        db.execute(_TABLE.replace("TABLE", "TABLE IF NOT EXISTS", 1))
        held = db.execute("SELECT type, name, sql FROM sqlite_master LIMIT 2").fetchall()
        if held != [("table", "entries", _TABLE)]:
            raise sqlite3.DatabaseError("not a file of this cache")

    def _restart(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()
        self._connection = None
        try:
            for path in self._files():
                path.unlink()
        except OSError:
            self._dead = True


def _check(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_CHECK_BYTES, key=key[:64]).digest()
