# SPDX-License-Identifier: Apache-2.0
"""After the writing: finish a killed run, tell portkit's files from the user's, bring the first bytes back."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from portkit.model import PortkitError
from portkit.rewrite.records import SCHEMA, Entry, Records, Run
from portkit.rewrite.transaction import advance, check_known, is_in, remove_folders, reverse, take_back


class Undone(msgspec.Struct, frozen=True):
    """What an undo did: `files` that are as before again, `runs` taken back, older `left` that no longer fit."""

    files: tuple[str, ...]
    runs: int
    left: int


def pending(root: Path) -> bool:
    """Return whether a killed run waits to be finished."""
    return bool(Records(root).numbers("pending"))


def resume(root: Path) -> tuple[str, ...]:
    """Finish a killed run and return the names of its files; an empty tuple when there is none.

    Raises PortkitError naming a file that is neither old nor new; nothing is touched then.
    """
    journal = Records(root)
    if not journal.numbers("pending"):
        return ()
    names: list[str] = []
    with journal.lock():
        for number in journal.numbers("pending"):
            run = journal.read(number, "pending")
            advance(journal.root, run)
            _finish(journal, number, run)
            names += [one.rel for one in run.entries]
    return tuple(names)


def abandon(root: Path) -> tuple[Path, ...]:
    """Set killed runs aside without touching a file of the tree; returns the journal files, which are kept."""
    journal = Records(root)
    return tuple(journal.abandon(number) for number in journal.numbers("pending"))


def known_clean(root: Path) -> dict[str, str]:
    """Return {name: SHA-256} for files as portkit left them; an empty hash for a name that portkit took away."""
    journal = Records(root)
    known: dict[str, str] = {}
    for number in journal.numbers("done"):
        for one in journal.read(number, "done").entries:
            known[one.rel] = "" if one.after is None else one.after.sha256
    return known


def undo(root: Path) -> Undone:
    """Bring the tree back to its first bytes: renamed, created and changed files, over all runs that stack up.

    A killed run is rolled back first. Older runs whose files were changed between two runs cannot be taken back
    together with the newer ones; they stay and are counted in `left`.
    Raises PortkitError listing the files that are not as portkit left them; nothing is touched then.
    """
    journal = Records(root)
    if not journal.numbers("pending") and not journal.numbers("done"):
        return Undone((), 0, 0)
    with journal.lock():
        names: set[str] = set()
        rolled = _roll_back(journal, names)
        numbers = journal.numbers("done")
        runs = [(number, journal.read(number, "done")) for number in reversed(numbers)]
        if runs and not rolled:
            _check_newest(journal.root, runs[0][1])
        merged, taken = _merge(journal.root, runs)
        if taken:
            whole = Run(SCHEMA, taken[0][1].root, taken[0][1].meta, tuple(merged.values()))
            back = reverse(whole, merged.values(), tuple(number for number, _ in taken))
            number = journal.begin(back)
            advance(journal.root, back)
            for _, run in taken:
                remove_folders(journal.root, run)
            _finish(journal, number, back)
            names |= {one.rel for one in merged.values()}
        files = tuple(sorted(names, key=os.fsencode))
        return Undone(files, len(taken) + rolled, len(runs) - len(taken))


def _finish(journal: Records, number: int, run: Run) -> None:
    """Close a pending run whose files are in place. An undo leaves no trace, of itself or of what it took back."""
    if not run.undo:
        journal.commit(number)
        return
    for old in run.undoes:
        if old in journal.numbers("done"):
            remove_folders(journal.root, journal.read(old, "done"))
            journal.forget(old, "done")
    journal.forget(number, "pending")


def _roll_back(journal: Records, names: set[str]) -> int:
    """Take killed runs back (finish a killed undo), add their files to `names`, return how many runs that were."""
    count = 0
    for number in journal.numbers("pending"):
        run = journal.read(number, "pending")
        if run.undo:
            advance(journal.root, run)
            _finish(journal, number, run)
        else:
            check_known(journal.root, run)
            take_back(journal.root, run)
            journal.forget(number, "pending")
        names |= {one.rel for one in run.entries}
        count += 1
    return count


def _check_newest(root: Path, run: Run) -> None:
    changed = [one.path for one in run.entries if not is_in(root / one.rel, one.after)]
    if changed:
        raise PortkitError(
            f"{len(changed)} file(s) are no longer as portkit left them, nothing was touched: {', '.join(changed)}",
            hint="put your changes aside first",
        )


def _merge(root: Path, runs: list[tuple[int, Run]]) -> tuple[dict[str, Entry], list[tuple[int, Run]]]:
    """Collapse `runs` (newest first) as far back as each one's outcome is what the next one found.

    Returns ({name: entry from first before to last after}, the runs taken in).
    """
    merged: dict[str, Entry] = {}
    taken: list[tuple[int, Run]] = []
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
            merged[one.name] = one if newer is None else Entry(one.path, one.name, one.before, newer.after)
        taken.append((number, run))
    return merged, taken
