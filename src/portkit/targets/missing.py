# SPDX-License-Identifier: Apache-2.0
"""What a target lacks as a whole: libraries, and families of names, that a source says are not there ([[missing]])."""

from __future__ import annotations

import re

import msgspec

from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.patterns import Pattern


class Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names that have no equivalent: those of `libraries`, of these only the ones that `names` matches whole, if given.

    `names` is matched against the full name (namespace::name); without `libraries` it speaks of every library.
    `profiles`: only there; empty: everywhere. `source` are short ids of sources.toml, `note` says what ports do
    instead, `note_zh` the same in Chinese.
    """

    source: str
    note: str
    note_zh: str = ""
    libraries: tuple[str, ...] = ()
    names: Pattern = ""
    profiles: tuple[str, ...] = ()

    def holds(self, name: str, library: str) -> bool:
        """Return whether the full name of a library is one of those that the target lacks."""
        named = not self.names or re.fullmatch(self.names, name, re.A) is not None
        return named and (not self.libraries or library in self.libraries)

    def row(self, name: str, kind: Kind, library: str) -> Row:
        """Return the row that says so."""
        return Row(name, "", kind, Status.NONE, Exists.DOC, Pairs.NO, library, tuple(self.source.split()), note=self.note)
