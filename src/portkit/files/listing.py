# SPDX-License-Identifier: Apache-2.0
"""All file names of a folder, from git or from the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portkit.files.git import git_top, is_ignored, list_files
from portkit.files.walk import walk

_NEAR = 20_000  # names looked at around a single file outside of any project: its folder may be a home folder


@dataclass(frozen=True, slots=True)
class Listing:
    """Names relative to one folder, fs-decoded: files and links to anything in `names`, links in `links` too."""

    names: list[str]
    links: set[str] = field(default_factory=set)
    submodules: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    by_git: bool = False


class Trees:
    """The listings of one run; each folder is listed once."""

    def __init__(self, root: Path, is_project: bool) -> None:
        self.root = root
        self.is_project = is_project  # a folder with a configuration or a git top, so worth listing whole
        self._known: dict[Path, Listing] = {}

    def listing(self, folder: Path, limit: int | None = None) -> Listing:
        """List the resolved `folder`: by git where git knows it, else from the disk by .gitignore rules.

        A folder that git ignores is listed all the same, by the rules inside of it only. `limit` bounds the number
        of names when the disk is read, nearest first.
        """
        if folder not in self._known:
            self._known[folder] = self._list(folder, limit)
        return self._known[folder]

    def whole(self, given: Sequence[Path], limited: bool) -> tuple[list[str], dict[str, str]]:
        """Return all names relative to the root, and {link: real file} for links inside of it.

        `limited` says that nobody chose the root: then only the given folders, and what lies near given files, count.
        """
        folders = {path.resolve() for path in given if path.is_dir()}
        near = {path.resolve().parent for path in given if not path.is_dir()} - folders
        listings = [(folder, self.listing(folder)) for folder in sorted(folders) if folder.is_relative_to(self.root)]
        if limited:
            listings += [(folder, self.listing(folder, _NEAR)) for folder in sorted(near)]
        else:
            listings.append((self.root, self.listing(self.root, None if self.is_project else _NEAR)))
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
                if real.is_relative_to(self.root) and real.is_file():
                    links[prefix + name] = real.relative_to(self.root).as_posix()
        return names, links

    def _list(self, folder: Path, limit: int | None) -> Listing:
        top = git_top(folder)
        ignored = top is not None and is_ignored(top, folder)
        names = list_files(folder) if top is not None and not ignored else None
        unreadable: list[str] = []
        by_git = names is not None
        if names is None:
            names = walk(folder, None if ignored else top, unreadable.append, limit)
        return _sorted_out(folder, names, unreadable, by_git)


def _sorted_out(folder: Path, names: list[str], unreadable: list[str], by_git: bool) -> Listing:
    """Look each name up on disk: deleted ones go, links and folders (submodules, other repositories) go apart."""
    base = os.fspath(folder)
    listing = Listing([], unreadable=unreadable, by_git=by_git)
    for name in names:
        try:
            mode = os.lstat(f"{base}/{name}").st_mode
        except PermissionError:
            mode = stat.S_IFREG  # reported as unreadable when it is one to read
        except OSError:
            continue
        if stat.S_ISDIR(mode):
            listing.submodules.append(name.rstrip("/"))
            continue
        if stat.S_ISLNK(mode):
            listing.links.add(name)
        listing.names.append(name)
    return listing
