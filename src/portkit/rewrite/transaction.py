# SPDX-License-Identifier: Apache-2.0
"""Writing a set of files as one: all of it, or all of it as soon as a killed run is resumed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from portkit.model import PortkitError
from portkit.rewrite.change import Change
from portkit.rewrite.records import SCHEMA, Entry, Meta, Records, Run, State, entry, pack
from portkit.rewrite.writer import digest, locate, remove, replace, shown, sync_folder, temporary


def write_all(
    root: Path,
    changes: Sequence[Change],
    created: Sequence[tuple[str, bytes]] = (),
    meta: Meta | None = None,
) -> tuple[str, ...]:
    """Write everything or nothing, and return the names (relative to the root) that are new or other than before.

    Created files that are there with the same bytes
    are left alone, so a second run writes nothing and leaves no journal entry. When something fails on the way, what
    was written is taken back; when the process dies, `recovery.resume` finishes the run.
    Raises PortkitError: a killed run is pending, a file is not as `before` says, a name is taken, a write failed.
    """
    top = root.resolve()
    entries = _entries(top, changes, created)
    if not entries:
        return ()
    journal = Records(top)
    with journal.lock():
        if journal.numbers("pending"):
            raise PortkitError("an earlier run was killed while writing", hint="resume it first")
        run = Run(
            schema=SCHEMA,
            root=shown(top),
            meta=meta or Meta(),
            entries=tuple(entries),
            folders=tuple(os.fsencode(name).hex() for name in _missing_folders(top, entries)),
            moves=tuple((shown(one.rel), shown(one.new_rel)) for one in changes if one.new_rel),
        )
        number = journal.begin(run)
        try:
            advance(top, run)
        except BaseException:
            take_back(top, run)
            journal.forget(number, "pending")
            raise
        journal.commit(number)
    return tuple(one.rel for one in entries)


def advance(root: Path, run: Run) -> None:
    """Bring every file of `run` from before to after, skipping those that are there already.

    All files are looked at first: one that is neither before nor after stops it untouched, with a PortkitError.
    New bytes are written before old names go, so that nothing exists only in the journal.
    """
    todo = check_known(root, run)
    for name in run.folders:
        (root / os.fsdecode(bytes.fromhex(name))).mkdir(exist_ok=True)
    for one in todo:
        if one.after is not None:
            path = root / one.rel
            if not is_in(path, one.before) and not is_in(path, one.after):
                raise PortkitError("was changed while portkit was writing", one.path)
            replace(path, one.after.data(), one.after.mode)
    for one in todo:
        if one.after is None:
            if not is_in(root / one.rel, one.before):
                raise PortkitError("was changed while portkit was writing", one.path)
            remove(root / one.rel)
    for folder in {(root / one.rel).parent for one in run.entries}:
        sync_folder(folder)
    clear_temporaries(root, run)


def clear_temporaries(root: Path, run: Run) -> None:
    """Remove the temporary files that a killed run may have left beside its files."""
    for one in run.entries:
        temporary(root / one.rel).unlink(missing_ok=True)


def take_back(root: Path, run: Run) -> None:
    """Bring the files of `run` that are as after back to before, and remove folders that it made and left empty.

    Files that are as neither are left alone.
    """
    clear_temporaries(root, run)
    advance(root, reverse(run, [one for one in run.entries if is_in(root / one.rel, one.after)]))
    remove_folders(root, run)


def reverse(run: Run, entries: Iterable[Entry], undoes: tuple[int, ...] = ()) -> Run:
    """Return the run that takes `entries` back."""
    turned = tuple(Entry(one.path, one.name, one.after, one.before) for one in entries)
    return Run(SCHEMA, run.root, run.meta, turned, undo=True, undoes=undoes)


def remove_folders(root: Path, run: Run) -> None:
    """Remove the folders that `run` created, as far as they are empty."""
    for name in reversed(run.folders):
        try:
            (root / os.fsdecode(bytes.fromhex(name))).rmdir()
        except OSError:
            break


def check_known(root: Path, run: Run) -> list[Entry]:
    """Return the files of `run` that are not as after yet; PortkitError names one that is not as before either."""
    todo = []
    for one in run.entries:
        if locate(root, one.rel) != root / one.rel:
            raise PortkitError("became a link since portkit recorded it; nothing was touched", one.path)
        if is_in(root / one.rel, one.after):
            continue
        if not is_in(root / one.rel, one.before):
            raise PortkitError(
                "is neither as it was before the run nor as it should be after; nothing was touched",
                one.path,
                "bring the file back to one of the two, then run again",
            )
        todo.append(one)
    return todo


def is_in(path: Path, state: State | None) -> bool:
    """Return whether the file is in that state; permission bits do not count."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return state is None
    except OSError:
        return False
    return state is not None and digest(data) == state.sha256


def _entries(root: Path, changes: Sequence[Change], created: Sequence[tuple[str, bytes]]) -> list[Entry]:
    """Turn changes and new files into before and after of each real file; check that they hold on disk."""
    files: dict[str, tuple[State | None, State | None]] = {}

    def add(rel: str, before: State | None, after: State | None) -> None:
        known = files.setdefault(rel, (before, after))
        if known != (before, after):
            raise PortkitError("two different contents are meant for this file", shown(rel))

    for change in changes:
        moved = change.destination != change.rel
        if not moved and change.before == change.after:
            continue
        real = _real(root, change.rel)
        data, mode = _read(root / real, change.rel)
        if change.before != data:
            raise PortkitError("was changed since portkit read it", shown(change.rel), "run again")
        if not moved:
            add(real, pack(data, mode), pack(change.after, mode))
        elif real != change.rel:
            raise PortkitError("is a link or lies behind one, and is not renamed", shown(change.rel))
        else:
            add(real, pack(data, mode), None)
            add(_free(root, change.destination), None, pack(change.after, mode))
    for rel, data in created:
        real = _real(root, rel)
        if not os.path.lexists(root / real):
            add(real, None, pack(data, 0o666 & ~_umask()))
        elif (root / real).read_bytes() != data:
            raise PortkitError("is there already, with other content", shown(rel))
    return [entry(rel, *files[rel]) for rel in sorted(files, key=os.fsencode)]


def _real(root: Path, rel: str) -> str:
    return locate(root, rel).relative_to(root).as_posix()


def _free(root: Path, rel: str) -> str:
    real = _real(root, rel)
    if os.path.lexists(root / rel):
        raise PortkitError("is there already, and a file was to get this name", shown(rel))
    return real


def _read(path: Path, rel: str) -> tuple[bytes, int]:
    try:
        return path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise PortkitError(f"cannot be read: {error.strerror or error}", shown(rel)) from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _missing_folders(root: Path, entries: Sequence[Entry]) -> list[str]:
    """Return the folders that new files need, outermost first."""
    missing: set[str] = set()
    for one in entries:
        for parent in Path(one.rel).parents:
            if parent != Path() and not (root / parent).is_dir():
                missing.add(parent.as_posix())
    return sorted(missing, key=lambda name: (name.count("/"), name))
