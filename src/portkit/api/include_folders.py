# SPDX-License-Identifier: Apache-2.0
"""Whose word an include folder is. Those that the user names count wherever they lie, those that
only the tree names in it.

The command line, the environment and a configuration named by --config are the user's word, and so
is a compile database that one of them names. A configuration that was found in the tree may name
folders of the tree and of its git checkout.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from portkit.api.options import Options
from portkit.files.git import git_top
from portkit.files.links import stays
from portkit.files.roots import find_root
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.model.reading import Skipped
from portkit.printable import printable_name


class IncludeFolders:
    """Takes out of flags what the tree has no say in, and remembers who named it."""

    def __init__(self, options: Options, paths: Sequence[Path]) -> None:
        """`paths`: what the session reads."""
        self._options, self._paths = options, paths
        self._tops: tuple[Path, ...] = ()
        self._inside: dict[str, bool] = {}
        self._left: set[str] = set()

    def by_key(self, key: str, folders: Iterable[str]) -> tuple[str, ...]:
        """Return those of the folders of a key (`include_dirs`, `overrides`) that count."""
        where = self._options.by_tree.get(key)
        return tuple(folders) if where is None else self._kept(folders, where)

    def by_database(self, flags: UnitFlags) -> UnitFlags:
        """Return the flags of a compile database, without folders and headers that do not count."""
        if "compile_db" not in self._options.by_tree:
            return flags
        parts = flags.include_dirs, flags.system_dirs, flags.forced
        dirs, system, forced = (self._kept(part, str(self._options.compile_db)) for part in parts)
        return replace(flags, include_dirs=dirs, system_dirs=system, forced=forced)

    def database_tops(self) -> tuple[Path, ...]:
        """Return where files lie that a compile database may name; () for anywhere, as the user
        named it.
        """
        return self._root() if "compile_db" in self._options.by_tree else ()

    def skipped(self) -> tuple[Skipped, ...]:
        """Return what was left out of the flags, as far as they were asked for: an entry for each
        that named it.
        """
        left = map(printable_name, sorted(self._left))
        return tuple(Skipped(where, "folders-outside", 0) for where in left)

    def _kept(self, paths: Iterable[str], where: str) -> tuple[str, ...]:
        given = tuple(paths)
        kept = tuple(path for path in given if self._counts(path))
        if len(kept) < len(given):
            top = self._root()[0]
            inside = Path(where).is_relative_to(top)
            self._left.add(Path(where).relative_to(top).as_posix() if inside else where)
        return kept

    def _counts(self, path: str) -> bool:
        known = self._inside.get(path)
        if known is None:
            here = not Path(path).is_absolute()
            known = self._inside[path] = here or stays(path, self._root())
        return known

    def _root(self) -> tuple[Path, ...]:
        if not self._tops:
            root = find_root(list(self._paths) or [Path()], self._options.root)[0]
            self._tops = root, git_top(root) or root
        return self._tops
