# SPDX-License-Identifier: Apache-2.0
"""What Clang is told of each unit: by the options, by their overrides for its path, and by the
compile database.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from portkit.api.include_folders import IncludeFolders
from portkit.api.options import Options
from portkit.api.policy import overridden
from portkit.files.compdb import load_compile_database
from portkit.files.patterns import Patterns
from portkit.files.roots import find_root
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.model.reading import Skipped
from portkit.printable import printable

Found = Sequence[tuple[Patterns, Sequence[str]]]


class FlagsOfUnits:
    """The flags of the units of a tree; `of` gives those of one."""

    def __init__(self, options: Options, paths: Sequence[Path]) -> None:
        """`paths`: what the session reads. Raises PortkitError for a compile database that does not
        read.
        """
        self._folders = IncludeFolders(options, paths)
        self._dirs = tuple(os.path.realpath(d) for d in options.include_dirs)
        self.base = UnitFlags(include_dirs=self._dirs, defines=options.defines)
        self._local_dirs: Found = overridden(options, "include_dirs")
        self._local_defines: Found = overridden(options, "defines")
        self._root = Path()
        if self._local_dirs or self._local_defines:
            self._root = find_root(list(paths) or [Path()], options.root)[0]
        database = options.compile_db
        self._database = None
        if database is not None:
            self._database = load_compile_database(database, self._folders.database_tops())

    def of(self, path: Path) -> UnitFlags:
        """Return the flags of a unit by its path."""
        flags, dirs = self.base, self._dirs
        if self._local_dirs or self._local_defines:
            flags = self._with_overrides(path)
        own, local_dirs = flags.include_dirs[: len(dirs)], flags.include_dirs[len(dirs) :]
        by_key = self._folders.by_key
        allowed = (*by_key("include_dirs", own), *by_key("overrides", local_dirs))
        if allowed != flags.include_dirs:  # else all units have one and the same object
            flags = replace(flags, include_dirs=allowed)
        if self._database is None:
            return flags
        known = self._database.flags_for(path)
        given = self._folders.by_database(
            UnitFlags(
                (*known.quote, *known.includes),
                known.isystem,
                known.defines,
                known.undefines,
                known.forced_includes,
                known.std,
                known.trigraphs,
            )
        )
        return replace(
            given,
            include_dirs=(*flags.include_dirs, *given.include_dirs),
            defines=(*given.defines, *flags.defines),
        )

    def left_out(self) -> tuple[Skipped, ...]:
        """Return what the tree named and has no say in, as far as flags were asked for."""
        return self._folders.skipped()

    @property
    def unread(self) -> Mapping[str, str]:
        """What of the compile commands could not be read so far: file -> reason."""
        return self._database.unread if self._database is not None else {}

    def _with_overrides(self, path: Path) -> UnitFlags:
        inside = path.is_relative_to(self._root)
        rel = path.relative_to(self._root).as_posix() if inside else path.as_posix()
        dirs, defines = _matching(self._local_dirs, rel), _matching(self._local_defines, rel)
        return replace(
            self.base,
            include_dirs=(*self.base.include_dirs, *dirs),
            defines=(*self.base.defines, *defines),
        )


def _matching(found: Found, rel: str) -> list[str]:
    return [item for spec, values in found if spec.match_file(rel) for item in values]


def said_of_unread(unread: Mapping[str, str]) -> str:
    """Say what of the compile commands was not read: how much, and the first of it."""
    name, reason = next(iter(unread.items()))
    more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
    return printable(f"of the compile database was not read: {name}: {reason}{more}")
