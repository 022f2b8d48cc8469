# SPDX-License-Identifier: Apache-2.0
"""Whose word an include folder is. Those that the user names count wherever they lie, those that only the tree names in it.

The command line, the environment and a configuration named by --config are the user's word, and so is a compile database
that one of them names. A configuration that was found in the tree may name folders of the tree and of its git checkout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from portkit.config.effective import Value
from portkit.files.discovery import DEFAULT_VENDORED
from portkit.files.git import git_top
from portkit.files.links import stays
from portkit.files.roots import find_root
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.model.reading import Skipped
from portkit.printable import printable_name
from portkit.rewrite.header import FOLDER
from portkit.run.machine import cores


def hidden_by_attributes(skipped: Iterable[Skipped]) -> int:
    """Return how many files were left out because a .gitattributes says so, and not by their place."""
    return sum(
        item.files
        for item in skipped
        if (item.reason == "generated" and item.path != FOLDER)
        or (item.reason == "vendored" and item.path.rpartition("/")[2].lower() not in DEFAULT_VENDORED)
    )


class Named:
    """Takes out of flags what the tree has no say in, and remembers who named it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._values: Mapping[str, Value] = {} if options.get("config_file") else options.get("values") or {}
        self._tops: tuple[Path, ...] = ()
        self._inside: dict[str, bool] = {}
        self._left: set[str] = set()

    def by_key(self, key: str, folders: Iterable[str]) -> tuple[str, ...]:
        """Return those of the folders of a key (`include_dirs`, `overrides`) that count."""
        value = self._values.get(key)
        if value is None or value.origin != "file":
            return tuple(folders)
        return self._kept(folders, value.where.partition(":")[0])

    def by_database(self, flags: UnitFlags) -> UnitFlags:
        """Return the flags that a compile database gives, without folders and headers that do not count."""
        value = self._values.get("compile_db")
        if value is None or value.origin != "file":
            return flags
        parts = flags.include_dirs, flags.system_dirs, flags.forced
        dirs, system, forced = (self._kept(part, str(value.value)) for part in parts)
        return replace(flags, include_dirs=dirs, system_dirs=system, forced=forced)

    def jobs(self) -> int:
        """Return how many workers there are to be (0: one a core): the tree may ask for fewer than that, not for more."""
        value = self._values.get("jobs")
        asked = int(self._options["jobs"])
        return min(asked, cores()) if value is not None and value.origin == "file" else asked

    def database_tops(self) -> tuple[Path, ...]:
        """Return where files lie that a compile database may name; () for anywhere, as the user named it."""
        value = self._values.get("compile_db")
        return self._root() if value is not None and value.origin == "file" else ()

    def skipped(self) -> tuple[Skipped, ...]:
        """Return what was left out of the flags, as far as they were asked for: an entry for each that named it."""
        return tuple(Skipped(printable_name(where), "folders-outside", 0) for where in sorted(self._left))

    def _kept(self, paths: Iterable[str], where: str) -> tuple[str, ...]:
        given = tuple(paths)
        kept = tuple(path for path in given if self._counts(path))
        if len(kept) < len(given):
            top = self._root()[0]
            self._left.add(Path(where).relative_to(top).as_posix() if Path(where).is_relative_to(top) else where)
        return kept

    def _counts(self, path: str) -> bool:
        known = self._inside.get(path)
        if known is None:
            known = self._inside[path] = not Path(path).is_absolute() or stays(path, self._root())
        return known

    def _root(self) -> tuple[Path, ...]:
        if not self._tops:
            root = find_root(list(self._options["paths"]) or [Path()], self._options["root"])[0]
            self._tops = root, git_top(root) or root
        return self._tops
