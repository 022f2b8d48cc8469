# SPDX-License-Identifier: Apache-2.0
"""After the writing: finish a killed run, tell portkit's files from the user's, bring the first
bytes back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from portkit.model.errors import PortkitError
from portkit.rewrite.records import DONE, PENDING, Damaged, Records
from portkit.rewrite.runs import SCHEMA, RecordedFile, RecordedRun, spelt
from portkit.rewrite.transaction import (
    WAYS,
    Progress,
    carry_out,
    check_known,
    check_overlap,
    clear_temporaries,
    close,
    is_in,
    look,
    remove_folders,
    reverse,
    take_back,
)
from portkit.rewrite.writer import shown

UNDO_AGAIN = "`portkit migrate --undo` again goes on"


class Undone(msgspec.Struct, frozen=True):
    """What an undo did: `files` that are as before again, `runs` taken back, older `left` that no
    longer fit.
    """

    files: tuple[str, ...]
    runs: int
    left: int


class Abandoned(msgspec.Struct, frozen=True):
    """What was set aside: the journal files, kept at `places`; of `files`, `written` hold a run's
    edits (undo knows).
    """

    places: tuple[Path, ...]
    files: int
    written: int


def resume(root: Path, command: Sequence[str] = ()) -> tuple[str, ...]:
    """Finish a killed run of the same `command` and return the names of its files; an empty tuple
    when there is none.

    A run of which nothing is in the tree is dropped instead: there is nothing to finish, and the
    files may be others by now. Raises PortkitError for a run of another command, naming both, for
    one over a root above or below this one, and for a file that is neither old nor new; nothing is
    touched then.
    """
    journal = Records(root)
    check_overlap(journal)
    if not journal.numbers(PENDING):
        return ()
    names: list[str] = []
    with journal.lock(), _wayout(journal):
        for number in journal.numbers(PENDING):
            run = journal.read(number, PENDING)
            if not any(is_in(journal.root / one.rel, one.after) for one in run.entries):
                clear_temporaries(journal.root, run)
                remove_folders(journal.root, run)
                close(partial(journal.forget, number, PENDING), "nothing is written", journal)
                continue
            if run.undo or run.meta.command != tuple(command):
                what = (
                    f"an earlier `{run.said}` was cut off while writing, and this is "
                    f"`{spelt(command)}`; nothing was touched"
                )
                raise PortkitError(what, shown(root), WAYS.replace("the same", "that"))
            _go_on(
                journal,
                run,
                look(journal.root, run),
                "the same command again goes on, --undo takes it back",
            )
            _finish(journal, number, run)
            names += [one.rel for one in run.entries]
    return tuple(names)


@contextmanager
def _wayout(journal: Records) -> Iterator[None]:
    """Name the journal in an error that keeps a run pending, and how to get out of it."""
    try:
        yield
    except PortkitError as error:
        hint = (
            error.hint
            or "once that is mended run it again, or --abandon leaves the files as they are"
        )
        said = (
            error.message
            if "journal" in error.message
            else f"{error.message} (journal: {shown(journal.folder)})"
        )
        raise PortkitError(said, error.path, hint) from error


def _go_on(journal: Records, run: RecordedRun, todo: Sequence[RecordedFile], hint: str) -> None:
    """Write what is left of a run; an error says how far it came, and that the rest of it waits."""
    progress = Progress()
    try:
        carry_out(journal.root, run, todo, progress)
    except (PortkitError, OSError) as error:
        what = progress.said(len(todo), "brought back" if run.undo else "written")
        raise PortkitError(
            f"{error}; {what}; the journal knows them ({shown(journal.folder)})", hint=hint
        ) from error


def abandon(root: Path) -> Abandoned:
    """Set killed runs aside without touching a file of the tree.

    What the tree holds of their edits counts as a run of its own from then on, so that `undo` takes
    it back. A journal that cannot be read is set aside too. Raises PortkitError when the journal
    cannot be written.
    """
    journal = Records(root)
    places: list[Path] = []
    files = written = 0
    if not journal.numbers(PENDING) and not journal.numbers(DONE):
        return Abandoned((), 0, 0)
    with journal.lock():
        for state in (PENDING, DONE):
            for number in journal.numbers(state):
                try:
                    run = journal.read(number, state)
                except Damaged:
                    places.append(journal.set_aside(number, state))
                    continue
                if state == PENDING:
                    places.append(journal.keep_copy(number, state))
                    files += len(run.entries)
                    written += _reduce(journal, number, run)
    return Abandoned(tuple(places), files, written)


def _reduce(journal: Records, number: int, run: RecordedRun) -> int:
    """Make a killed run, or a killed undo, a done run of what the tree holds of the edits; return
    how many files.
    """
    clear_temporaries(journal.root, run)
    edited = [one.turned() if run.undo else one for one in run.entries]
    held = tuple(one for one in edited if _holds(journal.root / one.rel, one))
    folders = run.folders
    if run.undo:
        known = journal.numbers(DONE)
        older = [journal.read(old, DONE).folders for old in run.undoes if old in known]
        folders = tuple(dict.fromkeys(name for names in reversed(older) for name in names))
    rest = msgspec.structs.replace(run, entries=held, folders=folders, undo=False)
    journal.rewrite(number, rest)
    _finish(journal, number, rest)
    return len(held)


def _holds(path: Path, one: RecordedFile) -> bool:
    """Return whether the tree holds this edit; a file that cannot be read holds it for nobody."""
    try:
        return is_in(path, one.after)
    except PortkitError:
        return False


def known_clean(root: Path) -> dict[str, str]:
    """Return {name: SHA-256} for files as portkit left them; an empty hash for a name that portkit
    took away.
    """
    journal = Records(root)
    known: dict[str, str] = {}
    for number in journal.numbers(DONE):
        for one in journal.read(number, DONE).entries:
            known[one.rel] = "" if one.after is None else one.after.sha256
    return known


def undo(root: Path) -> Undone:
    """Bring the tree back to its first bytes: renamed, created and changed files, over all runs
    that stack up.

    A killed run is rolled back first. Older runs whose files were changed between two runs cannot
    be taken back together with the newer ones; they stay and are counted in `left`. Raises
    PortkitError listing the files that are not as portkit left them; nothing is touched then.
    """
    journal = Records(root)
    if not journal.numbers(PENDING) and not journal.numbers(DONE):
        if journal.others:
            what = (
                "there is nothing to undo here: another clone stood at this path when portkit wrote"
            )
            raise PortkitError(what, shown(root), f"its journal: {shown(journal.others[-1])}")
        return Undone((), 0, 0)
    with journal.lock():
        names: set[str] = set()
        with _wayout(journal):
            rolled = _roll_back(journal, names)
        numbers = journal.numbers(DONE)
        runs = [(number, journal.read(number, DONE)) for number in reversed(numbers)]
        if runs and not rolled:
            _check_newest(journal.root, runs[0][1])
        merged, taken = _merge(journal.root, runs)
        if taken:
            whole = RecordedRun(
                SCHEMA,
                taken[0][1].root,
                taken[0][1].meta,
                tuple(merged.values()),
                token=taken[0][1].token,
            )
            back = reverse(whole, merged.values(), tuple(number for number, _ in taken))
            todo = look(journal.root, back)
            number = journal.begin(back)
            _go_on(journal, back, todo, UNDO_AGAIN)
            for _, run in taken:
                remove_folders(journal.root, run)
            _finish(journal, number, back)
            names |= {one.rel for one in merged.values()}
        files = tuple(sorted(names, key=os.fsencode))
        return Undone(files, len(taken) + rolled, len(runs) - len(taken))


def _finish(journal: Records, number: int, run: RecordedRun) -> None:
    """Close a pending run whose files are in place. An undo leaves no trace, of itself or of what
    it took back.
    """

    def step() -> None:
        for old in run.undoes:
            if old in journal.numbers(DONE):
                if run.undo:
                    remove_folders(journal.root, journal.read(old, DONE))
                journal.forget(old, DONE)
        if run.undo or not run.entries:
            journal.forget(number, PENDING)
        else:
            journal.commit(number)

    count = len(run.entries)
    close(step, f"all {count} files are {'brought back' if run.undo else 'written'}", journal)


def _roll_back(journal: Records, names: set[str]) -> int:
    """Take killed runs back (finish a killed undo), add their files to `names`, return how many
    runs that were.
    """
    count = 0
    for number in journal.numbers(PENDING):
        run = journal.read(number, PENDING)
        if run.undo:
            _go_on(journal, run, look(journal.root, run), UNDO_AGAIN)
            _finish(journal, number, run)
        else:
            check_known(journal.root, run)
            _take_back(journal, run)
            close(partial(journal.forget, number, PENDING), "all is brought back", journal)
        names |= {one.rel for one in run.entries}
        count += 1
    return count


def _take_back(journal: Records, run: RecordedRun) -> None:
    try:
        take_back(journal.root, run, run.entries)
    except (PortkitError, OSError) as error:
        what = f"{error}; not all could be brought back; the journal knows what is ({shown(journal.folder)})"
        raise PortkitError(what, hint=UNDO_AGAIN) from error


def _check_newest(root: Path, run: RecordedRun) -> None:
    changed = [one.path for one in run.entries if not is_in(root / one.rel, one.after)]
    if changed:
        raise PortkitError(
            f"{len(changed)} file(s) are no longer as portkit left them, nothing was touched: {', '.join(changed)}",
            hint="put your changes aside first",
        )


def _merge(
    root: Path, runs: list[tuple[int, RecordedRun]]
) -> tuple[dict[str, RecordedFile], list[tuple[int, RecordedRun]]]:
    """Collapse `runs` (newest first) as far back as each one's outcome is what the next one found.

    Returns ({name: entry from first before to last after}, the runs taken in).
    """
    merged: dict[str, RecordedFile] = {}
    taken: list[tuple[int, RecordedRun]] = []
    for number, run in runs:
        for one in run.entries:
            newer = merged.get(one.name)
            if newer is None:
                fits = is_in(root / one.rel, one.after)
            else:
                fits = (newer.before and newer.before.sha256) == (one.after and one.after.sha256)
            if not fits:
                return merged, taken
        for one in run.entries:
            newer = merged.get(one.name)
            if newer is None:
                merged[one.name] = one
            else:
                merged[one.name] = RecordedFile(
                    one.path, one.name, one.before, newer.after, newer.twin or one.twin
                )
        taken.append((number, run))
    return merged, taken
