# SPDX-License-Identifier: Apache-2.0
"""The journal: makes a run over many files resumable and undoable. It lies in the user's state folder, keyed by root."""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from portkit.model import PortkitError
from portkit.rewrite.change import Change
from portkit.rewrite.writer import digest, replace_file, sync_folder


class Entry(msgspec.Struct):
    """One file of a run: names and hashes before and after; the bytes lie in blobs named by hash."""

    rel: str
    new_rel: str
    before: str
    after: str
    mode: int


class Run(msgspec.Struct):
    """One writing run. `done` is set when every file is written."""

    number: int
    target: str
    entries: list[Entry]
    done: bool = False


class Journal:
    """The runs of one root, oldest first."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        base = os.environ.get("PORTKIT_STATE_DIR") or (Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "portkit")
        self.folder = Path(base) / hashlib.sha256(os.fsencode(self.root)).hexdigest()[:24]
        self._file = self.folder / "journal.json"

    def runs(self) -> list[Run]:
        """Return the recorded runs. Raises PortkitError when the journal is damaged."""
        if not self._file.is_file():
            return []
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[Run])
        except msgspec.DecodeError as error:
            raise PortkitError(f"damaged journal: {error}", str(self._file), "move it away to start afresh") from error

    def known_clean(self) -> dict[str, str]:
        """Return {rel: hash} of files that are as portkit left them: these count as clean."""
        return {e.new_rel: e.after for run in self.runs() for e in run.entries}

    def write(self, target: str, changes: Sequence[Change]) -> None:
        """Record a run, write every file, mark the run done. A kill in between is finished by `resume`."""
        runs = self.runs()
        entries = []
        self._blobs.mkdir(parents=True, exist_ok=True)
        for change in changes:
            mode = (self.root / change.rel).stat().st_mode & 0o7777
            entries.append(Entry(change.rel, change.destination, digest(change.before), digest(change.after), mode))
            self._store(change.before)
            self._store(change.after)
        run = Run((runs[-1].number if runs else 0) + 1, target, entries)
        runs.append(run)
        self._save(runs)
        self._finish(run)
        run.done = True
        self._save(runs)

    def resume(self) -> int:
        """Finish a run that was cut off; return how many files it still wrote.

        Raises PortkitError when a file is neither as before nor as after: someone changed it since, and nothing is touched.
        """
        runs = self.runs()
        if not runs or runs[-1].done:
            return 0
        run = runs[-1]
        self._check(run)
        count = self._finish(run)
        run.done = True
        self._save(runs)
        return count

    def undo(self) -> list[str]:
        """Bring every file back to its bytes and name before the first run; return their names.

        Raises PortkitError that lists the files that changed since; then nothing is touched.
        """
        self.resume()
        runs = self.runs()
        if not runs:
            raise PortkitError("there is nothing to undo here", str(self.root))
        first: dict[str, Entry] = {}
        for run in runs:
            for entry in run.entries:
                origin = first.pop(entry.rel, entry)
                first[entry.new_rel] = Entry(origin.rel, entry.new_rel, origin.before, entry.after, origin.mode)
        changed = [e.new_rel for e in first.values() if self._now(e.new_rel) not in (e.after, e.before)]
        if changed:
            raise PortkitError(f"changed since portkit wrote them: {', '.join(sorted(changed)[:10])}", hint="nothing was undone")
        for entry in first.values():
            if self._now(entry.rel) != entry.before or entry.rel != entry.new_rel:
                replace_file(self.root, entry.rel, self._load(entry.before))
                (self.root / entry.rel).chmod(entry.mode)
            if entry.new_rel != entry.rel:
                (self.root / entry.new_rel).unlink(missing_ok=True)
        shutil.rmtree(self.folder)
        return sorted(e.rel for e in first.values())

    @property
    def _blobs(self) -> Path:
        return self.folder / "blobs"

    def _check(self, run: Run) -> None:
        strange = [e.rel for e in run.entries if self._now(e.rel) not in (e.before, e.after) and self._now(e.new_rel) != e.after]
        if strange:
            raise PortkitError(
                f"an earlier run was cut off, and these files changed since: {', '.join(strange[:10])}",
                hint=f"restore them, or move {self.folder} away to forget that run",
            )

    def _finish(self, run: Run) -> int:
        count = 0
        for entry in run.entries:
            if self._now(entry.new_rel) != entry.after:
                replace_file(self.root, entry.new_rel, self._load(entry.after))
                count += 1
            if entry.new_rel != entry.rel:
                (self.root / entry.new_rel).chmod(entry.mode)
                (self.root / entry.rel).unlink(missing_ok=True)
        return count

    def _now(self, rel: str) -> str:
        path = self.root / rel
        return digest(path.read_bytes()) if path.is_file() else ""

    def _store(self, data: bytes) -> None:
        path = self._blobs / digest(data)
        if path.is_file():
            return
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(zlib.compress(data, 1))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def _load(self, name: str) -> bytes:
        data = zlib.decompress((self._blobs / name).read_bytes())
        if digest(data) != name:
            raise PortkitError("the journal's copy of a file is damaged", str(self._blobs / name))
        return data

    def _save(self, runs: list[Run]) -> None:
        temporary = self._file.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(runs))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)
        sync_folder(self.folder)
