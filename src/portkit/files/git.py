# SPDX-License-Identifier: Apache-2.0
"""Asking git about a tree that nobody trusts, by the one repository that has a say in it.

Which repository that is: the outermost one at or above the folder. A `.git` further in rules its
folder only when the repository around it tracks no file below it: so submodules, clones in an
ignored or untracked place and further work trees keep their own, while a `.git` that came with a
tree (from an archive; git itself stores none) cannot take over files that the repository around
it knows. A folder that merely looks like a bare repository is none: only what is called `.git`
counts. Which `.git` counts at all: `git_dirs`.

How it is asked without running any program of the tree's: `git_view`. What git would need such a
program for, content filters, is decided in `git_filters`. What git prints is the tree's word: names
are checked before use. Questions go unanswered (None) where there is no git or no repository; what
git refuses to answer is an error.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from portkit.files.git_dirs import git_top, repository_at, tops
from portkit.files.git_view import GitView, open_view
from portkit.model.errors import PortkitError

__all__ = [
    "GitList",
    "attributed",
    "dirty_files",
    "find_view",
    "git_top",
    "ignored_among",
    "ignored_files",
    "is_ignored",
    "list_files",
]


_PASSED_OVER = frozenset({".git", ".hg", ".svn", "node_modules", "site-packages"})
_NO_PARTS = (b"/../", b"/./", b"/.git/")  # no part of a tracked file's name is one of these


class GitList(msgspec.Struct, frozen=True):
    """Names relative to the folder asked, fs-decoded, and whether git read every folder."""

    names: list[str]
    complete: bool


def find_view(folder: Path, opened: dict[Path, GitView | None] | None = None) -> GitView | None:
    """Return git's view of the repository that rules the resolved `folder`.

    None when there is none, when its work tree is elsewhere, and when there is no git. `opened`
    keeps what was found by its top, for the next call of one run. Raises PortkitError when git
    refuses the repository.
    """
    opened = {} if opened is None else opened
    chosen: GitView | None = None
    nearest_first = list(tops(folder))
    for top in reversed(nearest_first):
        repository = repository_at(top)
        if repository is None or (chosen is not None and _tracks_below(chosen, top)):
            continue
        # One further out that is broken has no say, and is nothing to stop at.
        outer = top != nearest_first[0]
        with contextlib.suppress(PortkitError) if outer else contextlib.nullcontext():
            view = opened[top] if top in opened else open_view(repository)
            opened[top] = view
            if view is not None and view.has_work_tree:
                chosen = view
    return chosen


def is_ignored(view: GitView, folder: Path) -> bool:
    """Return whether git ignores `folder`, which lies in the work tree."""
    top = view.repository.top
    return folder != top and bool(ignored_among(view, top, [folder.relative_to(top).as_posix()]))


def ignored_among(view: GitView, folder: Path, names: Sequence[str]) -> set[str]:
    """Return those of `names`, relative to `folder`, that git ignores."""
    if not names:
        return set()
    feed = b"\0".join(b"./" + os.fsencode(name) for name in names)
    answer = view.ask(["check-ignore", "-z", "--stdin"], folder, feed=feed, accept=(0, 1))
    return {os.fsdecode(name[2:]) for name in answer.output.split(b"\0") if name}


def list_files(view: GitView, folder: Path) -> GitList:
    """List the tracked and the untracked, not ignored files under `folder`.

    Submodules are listed by name, untracked repositories with a final slash. Raises PortkitError.
    """
    answer = view.ask(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], folder)
    if _has_outside(answer.output):
        said = "names a file outside of its tree, so it is not to be trusted"
        raise PortkitError(said, os.fspath(view.repository.git_dir / "index"))
    names = dict.fromkeys(os.fsdecode(answer.output).split("\0"))
    return GitList([name for name in names if name], not answer.complaints)


def ignored_files(view: GitView, folder: Path) -> Iterator[str]:
    """Yield the files under `folder` that git ignores, relative to it, those of whole folders too.

    Administrative folders are passed over. Raises PortkitError.
    """
    asked = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    output = view.ask(asked, folder).output
    if _has_outside(output):
        return  # list_files says so
    for name in filter(None, os.fsdecode(output).split("\0")):
        if not name.endswith("/"):
            yield name
            continue
        for inside, folders, files in os.walk(folder / name):
            folders[:] = sorted(f for f in folders if f not in _PASSED_OVER)
            place = Path(inside).relative_to(folder).as_posix()
            yield from (f"{place}/{file}" for file in sorted(files))


def attributed(
    view: GitView,
    folder: Path,
    names: Sequence[str],
    attributes: Sequence[str],
) -> dict[str, str]:
    """Return {name: attribute} for the `names` under `folder` marked with one of `attributes`."""
    if not names:
        return {}
    feed = b"\0".join(os.fsencode(name) for name in names)
    output = view.ask(["check-attr", "-z", "--stdin", *attributes], folder, feed=feed).output
    fields = output.split(b"\0")
    asked = {attribute.encode(): attribute for attribute in attributes}
    found: dict[str, str] = {}
    for name, attribute, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if value in (b"set", b"true") and attribute in asked:
            found.setdefault(os.fsdecode(name), asked[attribute])
    return found


def dirty_files(root: Path, among: Iterable[str] = ()) -> list[str] | None:
    """Return the files that git could not bring back, sorted, relative to `root`.

    None when there is no git or no repository here. These are the changed, staged or deleted
    tracked files under `root`, and those of `among` (names to be written, POSIX, fs-decoded) that
    git does not track (ignored ones too) or was told not to look at. A file with a content filter
    counts as changed unless it is known to be as stored. Raises PortkitError.
    """
    # Only a run that writes in place needs it.
    from portkit.files.git_filters import as_stored, filtered, is_object, read_index

    top = root.resolve()
    view = find_view(top)
    if view is None:
        return None
    arguments = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no"]
    status = view.ask([*arguments, "--ignore-submodules=all", "--", "."], top).output
    # Status names are relative to the git top, those of ls-files to the folder asked.
    inside = top.relative_to(view.repository.top).as_posix() + "/"
    prefix = b"" if inside == "./" else os.fsencode(inside)
    states = {line[3:].removeprefix(prefix): line[:2] for line in status.split(b"\0") if line}
    index = read_index(view, top)
    unsure = [name for name in filtered(view, top, list(states)) if states[name] == b" M"]
    known = {name: index[name].object for name in unsure if name in index}
    changed = {os.fsdecode(name) for name in states.keys() - as_stored(view, top, known, index)}
    for written in among:
        entry = index.get(os.fsencode(written))
        if entry is None:
            if os.path.lexists(top / written):
                changed.add(written)
        elif entry.is_unwatched and not is_object(top / written, entry.object):
            changed.add(written)
    return sorted(changed, key=os.fsencode)


def _tracks_below(view: GitView, top: Path) -> bool:
    """Return whether the repository tracks files in the folder `top`; a submodule is no file."""
    name = top.relative_to(view.repository.top).as_posix()
    with contextlib.suppress(PortkitError):
        listed = view.ask(["--literal-pathspecs", "ls-files", "-z", "--cached", "--", name]).output
        return any(found.startswith(os.fsencode(name) + b"/") for found in listed.split(b"\0"))
    return False


def _has_outside(names: bytes) -> bool:
    """Return whether one of `names`, each with a NUL behind it, does not lie below its folder.

    No git writes such a name into an index, and none minds it there.
    """
    listed = b"\0" + names.lower()
    if b"\0/" in listed:
        return True
    parts = listed.replace(b"/\0", b"\0")  # a repository's name ends in a slash
    return b"//" in parts or any(part in parts.replace(b"\0", b"/") for part in _NO_PARTS)
