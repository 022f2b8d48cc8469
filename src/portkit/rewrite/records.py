# SPDX-License-Identifier: Apache-2.0
"""The record of what portkit is about to write and has written, kept in the user's state folder by root.

A run is one file, complete and on disk before the first file of the tree is touched. Its name tells its state:
`N.pending.json` while files are being replaced, `N.done.json` afterwards.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from portkit.files.folders import user_folder
from portkit.model import PortkitError
from portkit.printable import printable_name
from portkit.rewrite.writer import digest, replace, sync_folder

try:
    import fcntl
except ImportError:  # pragma: no cover (only on systems without POSIX locks)
    fcntl = None  # type: ignore[assignment]

SCHEMA = "portkit/journal/1"


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file is before or after a run: hash and permission bits, and its bytes compressed (zlib, base64)."""

    sha256: str
    mode: int
    packed: str

    def data(self) -> bytes:
        """Return the bytes of the file."""
        return zlib.decompress(base64.b64decode(self.packed))


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a run. `name` is the hex of its raw POSIX name relative to the root; None means no such file."""

    path: str  # for people
    name: str
    before: State | None
    after: State | None

    @property
    def rel(self) -> str:
        """The relative name as the operating system's functions take it."""
        return os.fsdecode(bytes.fromhex(self.name))


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wrote: kept for people and for reports."""

    version: str = ""
    target: str = ""


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole run. `moves` are (source, destination), only for people. `undoes` are numbers of runs it takes back."""

    schema: str
    root: str
    meta: Meta
    entries: tuple[Entry, ...]
    folders: tuple[str, ...] = ()  # hex of relative folders that the run creates, outermost first
    moves: tuple[tuple[str, str], ...] = ()
    undo: bool = False
    undoes: tuple[int, ...] = ()


def pack(data: bytes, mode: int) -> State:
    """Make the State of a file with these bytes and permission bits."""
    return State(digest(data), mode, base64.b64encode(zlib.compress(data, 3)).decode())


def entry(rel: str, before: State | None, after: State | None) -> Entry:
    """Make the Entry of the file `rel` (POSIX, fs-decoded)."""
    raw = os.fsencode(rel)
    return Entry(printable_name(raw), raw.hex(), before, after)


def state_folder() -> Path:
    """Return portkit's state folder: $PORTKIT_STATE_DIR, else $XDG_STATE_HOME/portkit, else ~/.local/state/portkit."""
    return user_folder("PORTKIT_STATE_DIR", "XDG_STATE_HOME", ".local/state", "the journal")


class Records:
    """All runs of one root. Runs are numbered from 1 in the order of writing."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        key = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:32]
        self.folder = state_folder() / "journal" / key

    def numbers(self, state: str) -> list[int]:
        """Return the numbers of the runs that are "pending" or "done", oldest first."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except OSError:
            return []
        suffix = f".{state}.json"
        return sorted(int(name.removesuffix(suffix)) for name in names if name.endswith(suffix) and name[0].isdigit())

    def read(self, number: int, state: str) -> Run:
        """Read one run. Raises PortkitError when the file is damaged."""
        path = self._path(number, state)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Run)
        except (OSError, ValueError) as error:
            raise PortkitError(f"the journal cannot be read: {error}", os.fspath(path)) from error

    def begin(self, run: Run) -> int:
        """Write `run` to disk as pending and return its number. Raises PortkitError when that fails."""
        number = max(self._every(), default=0) + 1
        self._make_folder()
        replace(self._path(number, "pending"), msgspec.json.encode(run), 0o600)
        sync_folder(self.folder)
        return number

    def commit(self, number: int) -> None:
        """Mark a pending run as done."""
        self._rename(number, "pending", "done")

    def abandon(self, number: int) -> Path:
        """Set a pending run aside, keep its file, and return where it is."""
        return self._rename(number, "pending", "abandoned")

    def forget(self, number: int, state: str) -> None:
        """Delete a run."""
        self._path(number, state).unlink(missing_ok=True)
        sync_folder(self.folder)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other portkit processes from writing to this root. Raises PortkitError when one does.

        The lock ends with the process, however that ends.
        """
        self._make_folder()
        with (self.folder / "lock").open("wb") as stream:
            if fcntl is not None:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise PortkitError("another portkit is writing to this tree", hint="wait for it") from error
            yield

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            where = os.fspath(self.folder)
            raise PortkitError(f"no journal can be kept: {error.strerror}", where, "set PORTKIT_STATE_DIR") from error

    def _every(self) -> Sequence[int]:
        return [number for state in ("pending", "done", "abandoned") for number in self.numbers(state)]

    def _path(self, number: int, state: str) -> Path:
        return self.folder / f"{number:06d}.{state}.json"

    def _rename(self, number: int, old: str, new: str) -> Path:
        self._path(number, old).replace(self._path(number, new))
        sync_folder(self.folder)
        return self._path(number, new)
