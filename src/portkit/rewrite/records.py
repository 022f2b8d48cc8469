# SPDX-License-Identifier: Apache-2.0
"""Where journals are kept: in the user's state folder, a folder for each clone that was written to.

A run is one file, complete and on disk before the first file of the tree is touched. Its name tells
its state: `N.pending.json` while files are being replaced, `N.done.json` afterwards,
`N.abandoned.json` when it was set aside.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from portkit.files.atomic import drop, reason
from portkit.files.folders import user_folder
from portkit.model.errors import PortkitError
from portkit.rewrite.clone import Clone, identify, settle
from portkit.rewrite.runs import RecordedRun, decode_run
from portkit.rewrite.writer import content, replace, shown, sync_folder

try:
    import fcntl
except ImportError:  # pragma: no cover (only on systems without POSIX locks)
    fcntl = None  # type: ignore[assignment]

PENDING, DONE, ABANDONED = "pending", "done", "abandoned"
_NAME = re.compile(r"(?P<number>\d+)\.(?P<state>pending|done|abandoned)\.json", re.A)
_CLONE = "clone.json"


def state_folder() -> Path:
    """Return portkit's state folder: $PORTKIT_STATE_DIR, else $XDG_STATE_HOME/portkit, else
    ~/.local/state/portkit.
    """
    return user_folder("PORTKIT_STATE_DIR", "XDG_STATE_HOME", ".local/state", "the journal")


class Damaged(PortkitError):
    """The bytes of a run are not those of a run."""


class Records:
    """All runs of one clone, in `folder`. Runs are numbered from 1 in the order of writing.

    `others`: folders of other clones that stood at this path. `overlapping`: (root, folder) of
    clones with a run that is pending, whose root lies above or below this one.
    """

    def __init__(self, root: Path) -> None:
        """Find the journal of the clone at `root`. Raises PortkitError when it cannot be told."""
        self.root = root.resolve()
        self.others: list[Path] = []
        self.overlapping: list[tuple[Path, Path]] = []
        try:
            self._clone = identify(self.root)
            self.folder = self._find(state_folder() / "journal")
        except OSError as error:
            raise PortkitError(
                f"the journal cannot be found: {reason(error)}", shown(self.root)
            ) from error

    def numbers(self, state: str) -> list[int]:
        """Return the numbers of the runs in a state, oldest first. Raises PortkitError when nobody
        can tell.
        """
        return sorted(number for number, known in self._names() if known == state)

    def read(self, number: int, state: str) -> RecordedRun:
        """Read one run. Raises Damaged when it is none, PortkitError when the system does not let
        it be read.
        """
        path = self.path(number, state)
        try:
            return decode_run(path.read_bytes())
        except OSError as error:
            raise PortkitError(
                f"the journal cannot be read: {reason(error)}", shown(path)
            ) from error
        except ValueError as error:
            hint = "`portkit migrate --abandon` sets it aside"
            raise Damaged(f"the journal is damaged: {error}", shown(path), hint) from error

    def begin(self, run: RecordedRun) -> int:
        """Write `run` to disk as pending and return its number. Raises PortkitError when that
        fails.
        """
        number = max((number for number, _ in self._names()), default=0) + 1
        self._make_folder()
        self._sweep()
        if not self._clone.git:
            settle(self.root)
            self._clone = identify(self.root)
        if _read_clone(self.folder) != self._clone:
            replace(self.folder / _CLONE, msgspec.json.encode(self._clone), 0o600)
        path = self.path(number, PENDING)
        try:
            replace(path, msgspec.json.encode(run), 0o600)
        except BaseException:
            drop(path)
            raise
        sync_folder(self.folder)
        return number

    def rewrite(self, number: int, run: RecordedRun) -> None:
        """Replace a pending run. Raises PortkitError when that fails; it is then as it was."""
        replace(self.path(number, PENDING), msgspec.json.encode(run), 0o600)

    def keep_copy(self, number: int, state: str) -> Path:
        """Keep a copy of a run as abandoned, and return where it is. Raises PortkitError."""
        data, place = content(self.path(number, state)), self.path(number, ABANDONED)
        if data is not None:
            replace(place, data, 0o600)
        return place

    def commit(self, number: int) -> None:
        """Mark a pending run as done. Raises OSError."""
        self._rename(number, PENDING, DONE)

    def set_aside(self, number: int, state: str) -> Path:
        """Mark a run as abandoned, keep its file, and return where it is. Raises PortkitError."""
        try:
            return self._rename(number, state, ABANDONED)
        except OSError as error:
            raise PortkitError(
                f"cannot be set aside: {reason(error)}", shown(self.path(number, state))
            ) from error

    def forget(self, number: int, state: str) -> None:
        """Delete a run. Raises OSError."""
        self.path(number, state).unlink(missing_ok=True)
        sync_folder(self.folder)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other portkit processes from writing to this root. Raises PortkitError when one
        does.

        The lock ends with the process, however that ends.
        """
        self._make_folder()
        with (self.folder / "lock").open("wb") as stream:
            if fcntl is not None:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise PortkitError(
                        "another portkit is writing to this tree", hint="wait for it"
                    ) from error
                except OSError as error:
                    where = shown(self.folder)
                    raise PortkitError(
                        f"no lock can be had: {reason(error)}", where, "set PORTKIT_STATE_DIR"
                    ) from error
            yield

    def path(self, number: int, state: str) -> Path:
        """Return the file of a run in a state."""
        return self.folder / f"{number:06d}.{state}.json"

    def _find(self, base: Path) -> Path:
        """Return the folder of this clone: its own, or a new one beside those of clones that stood
        at its path.
        """
        own = base / hashlib.sha256(os.fsencode(self.root)).hexdigest()[:32]
        here, moved = [], []
        for folder in _folders(base):
            try:
                known = _read_clone(folder)
            except PortkitError:
                if folder.name.startswith(own.name):
                    raise
                continue  # somebody else's journal is damaged
            if known is None:
                here += [folder] if folder == own else []  # of before journals knew their clone
            elif known.is_still(self._clone):
                here.append(folder)
            elif known.root == self._clone.root:
                self.others.append(folder)
            elif known.is_moved(self._clone):
                moved.append(folder)
            elif _nested(known.path, self.root) and _pending(folder) and known.is_there():
                self.overlapping.append((known.path, folder))
        if here or moved:
            return (*here, *moved)[0]
        more = (own.with_name(f"{own.name}-{number}") for number in itertools.count(2))
        return next(place for place in itertools.chain((own,), more) if place not in self.others)

    def _names(self) -> Sequence[tuple[int, str]]:
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise PortkitError(
                f"the journal cannot be read: {reason(error)}", shown(self.folder)
            ) from error
        return [
            (int(found["number"]), found["state"]) for found in map(_NAME.fullmatch, names) if found
        ]

    def _sweep(self) -> None:
        """Remove the temporary files that a killed portkit left in the journal; the lock is held."""
        for path in self.folder.glob(".portkit-*.tmp"):
            drop(path)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            where = shown(self.folder)
            raise PortkitError(
                f"no journal can be kept: {reason(error)}", where, "set PORTKIT_STATE_DIR"
            ) from error

    def _rename(self, number: int, old: str, new: str) -> Path:
        self.path(number, old).replace(self.path(number, new))
        sync_folder(self.folder)
        return self.path(number, new)


def _folders(base: Path) -> list[Path]:
    try:
        return sorted(path for path in base.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []


def _read_clone(folder: Path) -> Clone | None:
    """Return whose journal a folder is; None where that is not recorded. Raises PortkitError when
    it is damaged.
    """
    path = folder / _CLONE
    data = content(path)
    try:
        return None if data is None else msgspec.json.decode(data, type=Clone)
    except ValueError as error:
        raise PortkitError(
            f"the journal cannot be read: {error}", shown(path), "move its folder away"
        ) from error


def _pending(folder: Path) -> bool:
    return any(folder.glob(f"*.{PENDING}.json"))


def _nested(one: Path, other: Path) -> bool:
    return one != other and (one.is_relative_to(other) or other.is_relative_to(one))
