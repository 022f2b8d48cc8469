# SPDX-License-Identifier: Apache-2.0
"""Writing a set of files as one: all of it, or all of it as soon as a killed run is resumed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from portkit.files.atomic import drop, reason
from portkit.model.errors import PortkitError
from portkit.rewrite.change import Change
from portkit.rewrite.records import PENDING, Records
from portkit.rewrite.runs import (
    SCHEMA,
    Meta,
    RecordedFile,
    RecordedRun,
    State,
    check_bytes,
    entry,
    new_token,
    pack,
    raw,
)
from portkit.rewrite.writer import (
    content,
    digest,
    locate,
    remove,
    replace,
    shown,
    sync_folder,
    temporary,
)

WAYS = "the same command again finishes it, --undo takes it back, --abandon leaves the files as they are"


def write_all(
    root: Path,
    changes: Sequence[Change],
    created: Sequence[tuple[str, bytes]] = (),
    meta: Meta | None = None,
) -> tuple[str, ...]:
    """Write everything or nothing, and return the names (relative to the root) that are new or
    other than before.

    Created files that are there with the same bytes are left alone, so a second run writes nothing
    and leaves no journal entry. When something fails on the way, what was written is taken back;
    when that fails too, or the process dies, the journal keeps the run as pending: `recovery`
    finishes it or takes it back. Raises PortkitError: a killed run is pending, a file is not as
    `before` says, a name is taken, a write failed. Its text says so when files are written all the
    same.
    """
    top = root.resolve()
    entries = _entries(top, changes, created)
    if not entries:
        return ()
    journal = Records(top)
    with journal.lock():
        check_free(journal)
        run = RecordedRun(
            schema=SCHEMA,
            root=shown(top),
            meta=meta or Meta(command=()),
            entries=tuple(entries),
            folders=tuple(os.fsencode(name).hex() for name in _missing_folders(top, entries)),
            moves=tuple((shown(one.rel), shown(one.new_rel)) for one in changes if one.new_rel),
            token=new_token(),
        )
        number = journal.begin(run)
        progress = Progress()
        try:
            carry_out(top, run, look(top, run), progress)
        except BaseException as error:
            _give_up(journal, number, run, progress, error)
            raise
        close(partial(journal.commit, number), f"all {len(entries)} files are written", journal)
    return tuple(one.rel for one in entries)


def check_overlap(journal: Records) -> None:
    """Raise PortkitError when a run is pending in a root above or below this one."""
    for root, folder in journal.overlapping:
        what = f"a run over {shown(root)} was cut off while writing (journal: {shown(folder)})"
        hint = "finish it with that --root, or give it with --undo or --abandon"
        raise PortkitError(what, shown(journal.root), hint)


def check_free(journal: Records) -> None:
    """Raise PortkitError when a run is pending, here or in a root above or below this one."""
    check_overlap(journal)
    if journal.numbers(PENDING):
        raise PortkitError(
            f"an earlier run was cut off while writing (journal: {shown(journal.folder)})",
            hint=WAYS,
        )


class Progress:
    """How far a run came: the entries that are as after by it, and the one that was being written."""

    def __init__(self) -> None:
        self.done: list[RecordedFile] = []
        self.doing: RecordedFile | None = None

    @property
    def touched(self) -> list[RecordedFile]:
        """The entries that may be other than before."""
        return [*self.done, self.doing] if self.doing is not None else self.done

    def said(self, total: int, what: str) -> str:
        """Return in words how many of `total` files are done, as far as it is known."""
        perhaps = f", perhaps {self.doing.path} too" if self.doing is not None else ""
        return f"{len(self.done)} of {total} files were {what}{perhaps}"


def look(root: Path, run: RecordedRun) -> list[RecordedFile]:
    """Return the files of `run` that are not as after yet. Touches nothing.

    Raises PortkitError for a file that is neither before nor after, for a name that leads out of
    the root by now, and for bytes of the journal that are not those that were recorded.
    """
    todo = check_known(root, run)
    check_bytes(todo)
    for rel in map(raw, run.folders):
        if locate(root, rel) != root / rel:
            raise PortkitError(
                "became a link since portkit recorded it; nothing was touched", shown(rel)
            )
    return todo


def carry_out(
    root: Path, run: RecordedRun, todo: Sequence[RecordedFile], progress: Progress
) -> None:
    """Write the files that `look` found, and note in `progress` what was.

    Raises PortkitError when one is refused, or was changed since. New bytes are written before old
    names go, so that nothing exists only in the journal.
    """
    for rel in map(raw, run.folders):
        try:
            (root / rel).mkdir(exist_ok=True)
        except OSError as error:
            raise PortkitError(f"cannot be made: {reason(error)}", shown(rel)) from error
    for one in (*(e for e in todo if e.after is not None), *(e for e in todo if e.after is None)):
        path = root / one.rel
        if not is_in(path, one.before) and not is_in(path, one.after):
            raise PortkitError("was changed while portkit was writing", one.path)
        progress.doing = one
        if one.after is not None:
            like = root / raw(one.twin) if one.twin else None
            replace(path, one.after.data(), one.after.mode, temporary(path, run.token), like)
        else:
            remove(path)
        progress.done.append(one)
        progress.doing = None
    for folder in {(root / one.rel).parent for one in run.entries}:
        sync_folder(folder)
    clear_temporaries(root, run)


def clear_temporaries(root: Path, run: RecordedRun) -> list[str]:
    """Remove the temporary files that a killed run may have left beside its files.

    Returns the names of those that the system does not give up; never raises OSError.
    """
    places = (temporary(root / one.rel, run.token) for one in run.entries)
    return [
        shown(place.relative_to(root))
        for place in places
        if os.path.lexists(place) and not drop(place)
    ]


def take_back(root: Path, run: RecordedRun, entries: Sequence[RecordedFile]) -> list[str]:
    """Bring those `entries` of `run` that are as after back to before, and remove folders that it
    left empty.

    Returns the names of files that are as neither: they are left alone. Raises PortkitError when a
    file cannot be read or written; some may be back by then.
    """
    clear_temporaries(root, run)
    back, changed = [], []
    for one in entries:
        data = content(root / one.rel)
        if fits(data, one.after):
            back.append(one)
        elif not fits(data, one.before):
            changed.append(one.path)
    turned = reverse(run, back)
    carry_out(root, turned, look(root, turned), Progress())
    remove_folders(root, run)
    return changed


def reverse(
    run: RecordedRun, entries: Iterable[RecordedFile], undoes: tuple[int, ...] = ()
) -> RecordedRun:
    """Return the run that takes `entries` back."""
    return RecordedRun(
        SCHEMA,
        run.root,
        run.meta,
        tuple(one.turned() for one in entries),
        undo=True,
        undoes=undoes,
        token=run.token,
    )


def remove_folders(root: Path, run: RecordedRun) -> None:
    """Remove the folders that `run` created, as far as they are empty."""
    for name in reversed(run.folders):
        try:
            if locate(root, raw(name)) == root / raw(name):
                (root / raw(name)).rmdir()
        except (OSError, PortkitError):
            break


def check_known(root: Path, run: RecordedRun) -> list[RecordedFile]:
    """Return the files of `run` that are not as after yet; PortkitError names one that is not as
    before either.
    """
    todo = []
    for one in run.entries:
        if locate(root, one.rel) != root / one.rel:
            raise PortkitError(
                "became a link since portkit recorded it; nothing was touched", one.path
            )
        data = content(root / one.rel)
        if fits(data, one.after):
            continue
        if not fits(data, one.before):
            raise PortkitError(
                "is neither as it was before the run nor as it should be after; nothing was touched",
                one.path,
                "bring the file back to one of the two and run again, or leave all as they are "
                "with `portkit migrate --abandon`",
            )
        todo.append(one)
    return todo


def close(step: Callable[[], object], done: str, journal: Records) -> None:
    """Take the last step of a run, which is in the journal alone; when it fails, say in the error
    what is `done`.
    """
    try:
        step()
    except (OSError, PortkitError) as error:
        why = reason(error) if isinstance(error, OSError) else error.message
        what = f"{done}, but the journal could not be brought up to date: {why}"
        raise PortkitError(
            what, shown(journal.folder), "the same command again does that; --undo works too"
        ) from error


def is_in(path: Path, state: State | None) -> bool:
    """Return whether the file is in that state; permission bits do not count.

    Raises PortkitError when the file cannot be read: it may be in any state then.
    """
    return fits(content(path), state)


def fits(data: bytes | None, state: State | None) -> bool:
    """Return whether a file with these bytes (None: no file) is in that state."""
    return data is None if state is None else data is not None and digest(data) == state.sha256


def _give_up(
    journal: Records, number: int, run: RecordedRun, progress: Progress, error: BaseException
) -> None:
    """Take back what a failed run wrote. What cannot be taken back stays in the journal, and the
    error says so.
    """
    first = str(error) or "interrupted"
    try:
        changed = take_back(journal.root, run, progress.touched)
    except (PortkitError, OSError) as second:
        what = f"{first}; {progress.said(len(run.entries), 'written')}, and not all could be taken back ({second})"
        raise PortkitError(
            f"{what}; the journal knows them ({shown(journal.folder)})", hint=WAYS
        ) from error
    if changed:  # what they were before is in the journal only
        place = journal.set_aside(number, PENDING)
        what = f"{first}; all was taken back but what was changed meanwhile: {', '.join(changed)}"
        raise PortkitError(what, hint=f"what they were before is in {shown(place)}") from error
    close(partial(journal.forget, number, PENDING), f"{first}; nothing stays written", journal)
    if left := clear_temporaries(journal.root, run):
        raise PortkitError(
            f"{first}; nothing stays written but temporary files: {', '.join(left)}"
        ) from error


def _entries(
    root: Path, changes: Sequence[Change], created: Sequence[tuple[str, bytes]]
) -> list[RecordedFile]:
    """Turn changes and new files into before and after of each real file; check that they hold on
    disk.
    """
    files: dict[str, tuple[State | None, State | None, str]] = {}

    def add(rel: str, before: State | None, after: State | None, twin: str = "") -> None:
        known = files.setdefault(rel, (before, after, twin))
        if known != (before, after, twin):
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
            raise PortkitError(
                "is a link or lies behind one, and is not renamed", shown(change.rel)
            )
        else:
            free = _free(root, change.destination)
            add(real, pack(data, mode), None, free)
            add(free, None, pack(change.after, mode), real)
    for rel, data in created:
        real = _real(root, rel)
        found = content(root / real)
        if found is None:
            add(real, None, pack(data, 0o666 & ~_umask()))
        elif found != data:
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
        data, mode = content(path), stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise PortkitError(f"cannot be read: {reason(error)}", shown(rel)) from error
    if data is None:
        raise PortkitError("is not there any more", shown(rel), "run again")
    return data, mode


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _missing_folders(root: Path, entries: Sequence[RecordedFile]) -> list[str]:
    """Return the folders that new files need, outermost first."""
    missing: set[str] = set()
    for one in entries:
        for parent in Path(one.rel).parents:
            if parent != Path() and not (root / parent).is_dir():
                missing.add(parent.as_posix())
    return sorted(missing, key=lambda name: (name.count("/"), name))
