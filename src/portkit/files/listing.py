# SPDX-License-Identifier: Apache-2.0
"""All file names of a folder, from git or from the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from portkit.files.git import (
    find_view,
    git_top,
    ignored_among,
    ignored_files,
    is_ignored,
    list_files,
)
from portkit.files.git_dirs import repository_at
from portkit.files.git_view import GitView
from portkit.files.links import stays
from portkit.files.walk import walk

# names looked at around a single file outside of any project: its folder may be a home folder
_NEAR = 20_000


class Listing(msgspec.Struct, frozen=True):
    """Names relative to one folder, fs-decoded: files and links to anything in `names`, links in
    `links` too.
    """

    names: list[str]
    links: set[str] = msgspec.field(default_factory=set)
    submodules: list[str] = msgspec.field(default_factory=list)
    unreadable: list[str] = msgspec.field(default_factory=list)
    by_git: GitView | None = None  # by which it was listed

    def ignored(self, folder: Path) -> Iterator[str]:
        """Yield the files of the listed `folder` that git keeps out; none where it was not asked."""
        return ignored_files(self.by_git, folder) if self.by_git is not None else iter(())


class Trees:
    """The listings of one run; each folder is listed once."""

    def __init__(self, root: Path, is_project: bool) -> None:
        self.root = root
        # a folder with a configuration or a git top, so worth listing whole
        self.is_project = is_project
        self._known: dict[Path, Listing] = {}
        self._opened: dict[Path, GitView | None] = {}

    def listing(self, folder: Path, limit: int | None = None) -> Listing:
        """List the resolved `folder`: by git where git knows it, else all of it, from the disk.

        A folder that git ignores is listed all the same. `limit` bounds the number of names when
        the disk is read, nearest first.
        """
        if folder not in self._known:
            self._known[folder] = self._list(folder, limit)
        return self._known[folder]

    def whole(self, given: Sequence[Path], limited: bool) -> tuple[list[str], dict[str, str]]:
        """Return all names relative to the root, and {link: real file} for links inside of it.

        `limited` says that nobody chose the root: then only the given folders, and what lies near
        given files, count.
        """
        folders = {path.resolve() for path in given if path.is_dir()}
        near = {path.resolve().parent for path in given if not path.is_dir()} - folders
        listings = [
            (folder, self.listing(folder))
            for folder in sorted(folders)
            if folder.is_relative_to(self.root)
        ]
        if limited:
            listings += [(folder, self.listing(folder, _NEAR)) for folder in sorted(near)]
        else:
            listings.append(
                (self.root, self.listing(self.root, None if self.is_project else _NEAR))
            )
        names: list[str] = []
        links: dict[str, str] = {}
        for folder, listing in listings:
            prefix = "" if folder == self.root else folder.relative_to(self.root).as_posix() + "/"
            names += [prefix + name for name in listing.names if name not in listing.links]
            for name in listing.links:
                try:
                    real = (folder / name).resolve()
                except (OSError, RuntimeError):
                    continue  # a link to itself
                if stays(folder / name, [self.root]) and real.is_file():
                    links[prefix + name] = real.relative_to(self.root).as_posix()
        return names, links

    def _list(self, folder: Path, limit: int | None) -> Listing:
        view = find_view(folder, self._opened)
        if view is not None and not is_ignored(view, folder):
            listed = list_files(view, folder)
            listing = _sorted_out(folder, listed.names, [], view)
            if not listed.complete:
                listing.unreadable.extend(_unopened(folder, view, listing.submodules))
            return listing
        top = git_top(folder) if view is None else None
        unreadable: list[str] = []
        if top == folder and repository_at(folder) is None:
            unreadable.append(".git")  # it may track files that the rules below ignore
        names = walk(folder, top, unreadable.append, limit)
        return _sorted_out(folder, names, unreadable, None)


def _unopened(folder: Path, view: GitView, apart: Sequence[str]) -> list[str]:
    """Return the folders that cannot be read and are not ignored, when git complained.

    They are looked for anew, since names in git's words may say anything. Folders of `apart` have
    their own git.
    """
    found: list[str] = []
    walk(folder, view.repository.top, found.append)
    outside = [n for n in found if not any(n == a or n.startswith(a + "/") for a in apart)]
    ignored = ignored_among(view, folder, outside)
    return [name for name in outside if name not in ignored]


def _sorted_out(
    folder: Path, names: list[str], unreadable: list[str], by_git: GitView | None
) -> Listing:
    """Look each name up on disk: deleted ones go, links and folders (submodules, other
    repositories) go apart.
    """
    base = os.fspath(folder)
    listing = Listing([], unreadable=unreadable, by_git=by_git)
    folders = _Folders(base)
    last, is_behind = "", False
    for name in names:
        try:
            mode = os.lstat(f"{base}/{name}").st_mode
        except PermissionError:
            mode = stat.S_IFREG  # reported as unreadable when it is one to read
        except OSError:
            continue
        # Git tracks it, but what lies there now is another folder, perhaps out of the tree.
        inside = name.rpartition("/")[0]
        if by_git is not None and inside != last:
            last, is_behind = inside, folders.has_link(inside)
        if is_behind:
            continue
        if stat.S_ISDIR(mode):
            listing.submodules.append(name.rstrip("/"))
            continue
        if stat.S_ISLNK(mode):
            listing.links.add(name)
        listing.names.append(name)
    return listing


class _Folders:
    """Which folders below one, by their names, are links or lie behind one."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._known = {"": False}

    def has_link(self, folder: str) -> bool:
        """Return whether a part of `folder` is a link."""
        if folder not in self._known:
            verdict, path = False, ""
            for part in folder.split("/"):
                path = f"{path}/{part}" if path else part
                if path not in self._known:
                    place = f"{self._base}/{path}"
                    self._known[path] = verdict or os.path.islink(place)  # noqa: PTH114
                verdict = self._known[path]
        return self._known[folder]
