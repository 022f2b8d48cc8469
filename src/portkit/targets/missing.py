# SPDX-License-Identifier: Apache-2.0
"""What a target lacks as a whole: libraries, and families of names, that a source says are not there ([[missing]])."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status


class Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names that have no equivalent: those of `libraries`, of these only the ones that `names` matches whole, if given.

    `names` is matched against the full name (namespace::name); without `libraries` it speaks of every library.
    `profiles`: only there; empty: everywhere. `source` are short ids of sources.toml, `note` says what ports do
    instead, `note_zh` the same in Chinese.
    """

    source: str
    note: str
    note_zh: str = ""
    libraries: tuple[str, ...] = ()
    names: str = ""
    profiles: tuple[str, ...] = ()

    def holds(self, name: str, library: str) -> bool:
        """Return whether the full name of a library is one of those that the target lacks."""
        named = not self.names or re.fullmatch(self.names, name, re.A) is not None
        return named and (not self.libraries or library in self.libraries)

    def row(self, name: str, kind: Kind, library: str) -> Row:
        """Return the row that says so."""
        return Row(name, "", kind, Status.NONE, Exists.DOC, Pairs.NO, library, tuple(self.source.split()), note=self.note)


def load_missing(tables: list[dict[str, Any]], profiles: dict[str, Any], profile: str, path: str) -> tuple[Missing, ...]:
    """Return what a profile lacks. Raises PortkitError for an unknown field or profile, a bad pattern, or an entry of nothing."""
    found = []
    for table in tables:
        try:
            entry = msgspec.convert(table, Missing)
            re.compile(entry.names)
        except (msgspec.ValidationError, re.error) as error:
            raise PortkitError(f"[[missing]] {table.get('libraries', table.get('names', ''))}: {error}", path) from error
        if strange := set(entry.profiles) - profiles.keys():
            raise PortkitError(f"[[missing]] speaks of an unknown profile {', '.join(sorted(strange))}", path)
        if not (entry.libraries or entry.names) or not entry.note or not entry.source:
            raise PortkitError("[[missing]] needs libraries or names, a source and a note", path)
        if not entry.profiles or profile in entry.profiles:
            found.append(entry)
    return tuple(found)
