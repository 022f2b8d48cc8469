# SPDX-License-Identifier: Apache-2.0
"""Which files of a tree portkit reads, and which it leaves out and why."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

from portkit.files.attributes import marked
from portkit.files.git import dirty_files
from portkit.files.links import stays
from portkit.files.listing import Listing, Trees
from portkit.files.patterns import settings_patterns
from portkit.files.regular import SOURCE_BYTES, TooLargeError, read_regular
from portkit.files.roots import find_root, real_path
from portkit.model.errors import PortkitError
from portkit.model.reading import Skipped
from portkit.printable import printable_name

__all__ = ["DEFAULT_VENDORED", "Discovery", "FoundFile", "dirty_files", "discover", "find_root"]

# What was put there by a program, so never a tree's own, though nothing else is in it.
INSTALLED = ("node_modules", "site-packages", "_deps", ".git", ".hg", ".svn")
DEFAULT_VENDORED = (
    *("third_party", "third-party", "thirdparty", "3rdparty", "3rd_party", "3rd-party"),
    *("vendor", "vendored", "external", "externals", "extern", "external_libs", "_cccl"),
    *INSTALLED,
)
_MOST_IGNORED = 20_000  # files that git ignores, of which those that would be read are counted
_INSTALLED = frozenset(INSTALLED)


class WhatIsRead(Protocol):
    """Knows the languages that are read: discovery itself knows none."""

    def takes(self, name: str) -> bool | None:
        """Return whether a file of that name is read; None where its content decides."""

    def wants(self, name: str, data: bytes) -> bool:
        """Return whether a file whose content decides is read."""

    def cuda_words(self, data: bytes) -> int:
        """Return how many words of CUDA's stand in a file, roughly."""


class FoundFile(msgspec.Struct, frozen=True):
    """One file to read.

    `path` is absolute. `rel` is POSIX, relative to the root, printable and of this file alone (see
    `printable_name`); where that is another text than the name itself, `rel_bytes` is the hex of
    the raw relative name. `included`: no language claims its name, but a file that is read includes
    it.
    """

    path: Path
    rel: str
    rel_bytes: str = ""
    included: bool = False

    @property
    def fs_rel(self) -> str:
        """The relative name as the operating system's functions take it (surrogateescape)."""
        return os.fsdecode(bytes.fromhex(self.rel_bytes)) if self.rel_bytes else self.rel


class Discovery(msgspec.Struct, frozen=True):
    """What was found. `files` and `tree` are sorted by the bytes of their names.

    `tree` holds every file under the root (vendored ones too), for the lookup of includes; `links`
    are symbolic links inside the root: (name, real file), both relative to the root. `others`: the
    files beside those to read whose names no language claims, sorted too.
    """

    root: Path
    path_base: str
    files: tuple[FoundFile, ...]
    tree: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    others: tuple[FoundFile, ...] = ()


def found_file(root: Path, rel: str) -> FoundFile:
    """Return a file by its name relative to the root, fs-decoded."""
    return FoundFile(root / rel, printable_name(rel), raw_hex(rel))


def raw_hex(name: str) -> str:
    """Return the hex of a file name's bytes when its printable form is another text, else an empty
    string.
    """
    raw = os.fsencode(name)
    return raw.hex() if printable_name(name).encode() != raw else ""


def discover(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    reads: WhatIsRead,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    vendored: Sequence[str] = DEFAULT_VENDORED,
) -> Discovery:
    """Find the files to read under `paths` (files or folders).

    A folder yields the files that `reads` takes, and those that an `include` pattern names, which
    are then taken even out of vendored or generated places. Files whose content decides are not
    opened in vendored folders, nor is a link followed to one. Left out: what git ignores, `exclude`
    patterns, folders named in `vendored` unless a path is such a folder or lies in one or all
    sources lie in such folders, generated and vendored files of .gitattributes, submodules, links
    that leave the root. Of what is left out CUDA's words are counted. Patterns are those
    of .gitignore, relative to the root. A file that is named itself is always taken. Raises
    PortkitError for a missing path or one outside of `root`.
    """
    given = [Path(os.path.abspath(path)) for path in paths] or [Path.cwd()]  # noqa: PTH100
    for shown, path in zip(paths, given, strict=False):
        if not path.exists():
            raise PortkitError("no such file or folder", printable_name(shown))
    search = _Search(given, root, reads, include, exclude, vendored)
    for path in given:
        search.add(path)
    return search.result()


class _Search:
    def __init__(
        self,
        given: Sequence[Path],
        root: Path | None,
        reads: WhatIsRead,
        include: Sequence[str],
        exclude: Sequence[str],
        vendored: Sequence[str],
    ) -> None:
        if root is not None:
            top = real_path(root)
            leaving = [p for p in given if _lexical(p).is_relative_to(top) and _leaves(p, top)]
            inside = [real_path(p) for p in given if p not in leaving]
            self.root, self.base = find_root(inside, root)
        else:
            self.root, self.base = find_root(given, None)
        self.reads = reads
        self.include = settings_patterns(include, "include")
        self.exclude = settings_patterns(exclude, "exclude")
        self.vendored = frozenset(name.lower() for name in vendored)
        self.trees = Trees(self.root, is_project=self.base != "argument")
        self.chosen = root is not None or self.base != "argument"
        self.given = given
        self.found: dict[str, Path] = {}
        self.skipped: dict[tuple[str, str], tuple[int, int]] = {}
        self.others: set[str] = set()
        self.depth = 0  # vendored folders that the sources of the given folder lie in

    def add(self, path: Path) -> None:
        if _leaves(path, self.root):
            self._skip(self._lexical_rel(path), "symlink-outside")
            return
        real = path.resolve()
        if real.is_file():
            self._take(real)
            return
        if not real.is_dir():
            self._skip(self._rel(real), "unreadable")  # a pipe, a socket, a device
            return
        listing = self.trees.listing(real)
        prefix = self._prefix(real)
        for name in listing.unreadable:
            self._skip(posixpath.normpath(prefix + name), "unreadable")
        for name in listing.submodules:
            self._skip(prefix + name, "submodule", *self._count(real / name))
        self._ignored(real, prefix, listing)
        wanted = self._wanted(real, prefix, listing)
        self._take_wanted(real, prefix, wanted, listing)

    def _wanted(self, folder: Path, prefix: str, listing: Listing) -> list[str]:
        """Return the names in a folder that are to be read; tell of those that are left out."""
        named, taken, asked = set[str](), list[str](), list[str]()
        for name in listing.names:
            if self.include.match_file(prefix + name):
                named.add(name)
            takes = True if name in named else self.reads.takes(name)
            if takes is not False:
                (taken if takes else asked).append(name)
            elif name not in listing.links:
                self.others.add(prefix + name)
        taken = [name for name in taken if not self._excluded(prefix + name, folder / name)]
        depths = [self._depth(name) for name in taken if name not in named]
        self.depth = min((depth for depth in depths if depth >= 0), default=0)
        asked = [name for name in asked if self._wants(folder, name)]
        asked = [name for name in asked if not self._excluded(prefix + name)]
        wanted = list[str]()
        for name in [*taken, *asked]:
            within = None if name in named else self._vendored_folder(name)
            if within is not None:
                self._skip(prefix + within, "vendored", 1, self._words(folder / name))
            else:
                wanted.append(name)
        self.others = {
            rel
            for rel in self.others
            if not rel.startswith(prefix) or self._vendored_folder(rel.removeprefix(prefix)) is None
        }
        return wanted

    def _take_wanted(self, folder: Path, prefix: str, wanted: list[str], listing: Listing) -> None:

        def unread(name: str) -> None:
            self._skip(prefix + name, "unreadable")

        marks = marked(folder, wanted, listing.names, listing.by_git, unread)
        for name in wanted:
            if name in marks and not self.include.match_file(prefix + name):
                self._skip(prefix + name, marks[name], 1, self._words(folder / name))
            elif name in listing.links:
                self._take_link(folder, prefix + name, folder / name)
            else:
                self._take(folder / name)
        for name in listing.links:
            # Whether it is a folder is not asked: no report depends on what lies out there.
            told = name in wanted or (prefix + name, "unreadable") in self.skipped
            if not told and _leaves(folder / name, self.root) and not self._excluded(prefix + name):
                self._skip(prefix + name, "symlink-outside")

    def _take_link(self, folder: Path, rel: str, link: Path) -> None:
        """Follow a link to a file of the tree; its target is read once, under its own name and by
        its own rules.
        """
        if _leaves(link, self.root):
            self._skip(rel, "symlink-outside")
        elif not link.exists():
            self._skip(rel, "unreadable")
        elif link.is_file():
            real = link.resolve()
            inner = real.relative_to(folder).as_posix() if real.is_relative_to(folder) else ""
            if not self._excluded(self._rel(real)) and self._vendored_folder(inner) is None:
                self._take(real)

    def _take(self, real: Path) -> None:
        rel = self._rel(real)
        if rel in self.found:
            return
        try:
            readable = stat.S_ISREG(real.stat().st_mode) and os.access(real, os.R_OK)
        except OSError:
            readable = False
        if readable:
            self.found[rel] = real
        else:
            self._skip(rel, "unreadable")

    def _wants(self, folder: Path, name: str) -> bool:
        """Return whether a file whose content decides is one to read, or cannot be read to know
        that.
        """
        if self._vendored_folder(name) is not None:
            return False
        path = folder / name
        try:
            return self.reads.wants(name, read_regular(path, SOURCE_BYTES, follow=False))
        except (PermissionError, TooLargeError):
            return True
        except OSError:
            return False

    def _words(self, path: Path) -> int:
        """Count CUDA's words in a file that is left out; what cannot be read has none."""
        try:
            return self.reads.cuda_words(read_regular(path, SOURCE_BYTES, follow=False))
        except OSError:
            return 0

    def _excluded(self, rel: str, path: Path | None = None) -> bool:
        pattern = self.exclude.match(rel)
        if pattern is not None:
            self._skip(pattern.text, "excluded", 1, self._words(path) if path is not None else 0)
        return pattern is not None

    def _depth(self, name: str) -> int:
        """Count the vendored folders that a file lies in; -1 where a program put it there."""
        parts = [part.lower() for part in name.split("/")[:-1]]
        if not self.vendored.isdisjoint(parts) and not _INSTALLED.isdisjoint(parts):
            return -1
        return sum(part in self.vendored for part in parts)

    def _vendored_folder(self, name: str) -> str | None:
        """Return the vendored folder in which a file lies and the sources of the tree do not."""
        parts, left = name.split("/"), self.depth
        for depth, part in enumerate(parts[:-1]):
            if part.lower() in self.vendored:
                if left <= 0 or part.lower() in _INSTALLED:
                    return "/".join(parts[: depth + 1])
                left -= 1
        return None

    def _ignored(self, folder: Path, prefix: str, listing: Listing) -> None:
        """Tell of files that would be read if git did not ignore them."""
        if listing.by_git is None:
            return
        files = words = 0
        for name in islice(listing.ignored(folder), _MOST_IGNORED):
            if self.reads.takes(name) is True and self._depth(name) == 0:
                files += 1
                words += self._words(folder / name)
        if files:
            self._skip(prefix.rstrip("/") or ".", "ignored", files, words)

    def _count(self, folder: Path) -> tuple[int, int]:
        """Count the files that would have been read in a folder that is left out whole, and CUDA's
        words in them.
        """
        names = [
            Path(inside) / name
            for inside, _, files in os.walk(folder)
            for name in files
            if self.reads.takes(name) is True
        ]
        return len(names), sum(map(self._words, names))

    def _skip(self, rel: str, reason: str, files: int = 1, words: int = 0) -> None:
        known = self.skipped.get((rel, reason), (0, 0))
        self.skipped[rel, reason] = known[0] + files, known[1] + words

    def _rel(self, real: Path) -> str:
        return real.relative_to(self.root).as_posix()

    def _lexical_rel(self, path: Path) -> str:
        return _lexical(path).relative_to(self.root).as_posix()

    def _prefix(self, folder: Path) -> str:
        return "" if folder == self.root else self._rel(folder) + "/"

    def result(self) -> Discovery:
        tree, links = self.trees.whole(self.given, limited=not self.chosen)
        names = sorted({*tree, *self.found}, key=os.fsencode)
        # A file that was named itself is not skipped, whatever a folder given beside it says.
        left = {key: counts for key, counts in self.skipped.items() if key[0] not in self.found}
        return Discovery(
            root=self.root,
            path_base=self.base,
            files=tuple(
                FoundFile(self.found[rel], printable_name(rel), raw_hex(rel))
                for rel in sorted(self.found, key=os.fsencode)
            ),
            others=tuple(
                found_file(self.root, rel)
                for rel in sorted(self.others - self.found.keys(), key=os.fsencode)
                if self.exclude.match(rel) is None
            ),
            tree=tuple(map(printable_name, names)),
            skipped=tuple(
                sorted(
                    (
                        Skipped(printable_name(rel), reason, *counts)
                        for (rel, reason), counts in left.items()
                    ),
                    key=lambda skipped: (skipped.path, skipped.reason),
                )
            ),
            links=tuple(
                sorted((printable_name(name), printable_name(real)) for name, real in links.items())
            ),
        )


def _lexical(path: Path) -> Path:
    """Resolve the folder of `path` but not its last part, which may be a link."""
    return path.parent.resolve() / path.name if path.name else path


def _leaves(path: Path, root: Path) -> bool:
    """Return whether `path` leads out of `root`, be anything there or not.

    One from elsewhere, which the user named, may lead in.
    """
    place = _lexical(path)
    return (
        not stays(place, [root])
        if place.is_relative_to(root)
        else not real_path(path).is_relative_to(root)
    )
