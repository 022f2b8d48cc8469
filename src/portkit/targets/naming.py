# SPDX-License-Identifier: Apache-2.0
"""A target's naming rule: which name a CUDA name would have there. A derived name is a guess until
a row proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from portkit.targets.schema import Naming, TargetFile, overlaid


class NamingRule(msgspec.Struct, frozen=True):
    """Ordered (pattern, replacement) pairs, applied in one pass over the name from left to right.

    At each position the first pattern that matches there decides; a pattern that only speaks of the
    start of a name begins with `^`. Patterns have no groups of their own. What was replaced is not
    looked at again.
    """

    pattern: re.Pattern[str]
    replacements: tuple[str, ...]

    @classmethod
    def load(cls, path: Path, profile: str = "") -> NamingRule:
        """Read the rule of a profile from a target.toml; "": what all share. Raises PortkitError
        for a faulty file.
        """
        from portkit.targets.target_file import read_target_file

        return cls.of(naming_of(read_target_file(path), profile).rules or ())

    @classmethod
    def of(cls, rules: Iterable[tuple[str, str]]) -> NamingRule:
        """Compile pairs of pattern and replacement; the reader of target.toml has judged them."""
        patterns, replacements = [], []
        for pattern, new in rules:
            patterns.append(f"({pattern})")
            replacements.append(new)
        return cls(re.compile("|".join(patterns) or r"(?!)", re.A), tuple(replacements))

    def derive(self, name: str) -> str | None:
        """Return the derived name, or None when no rule speaks of the name."""
        made = self.pattern.sub(lambda m: self.replacements[(m.lastindex or 1) - 1], name)
        return made if made != name else None


def naming_of(file: TargetFile, profile: str) -> Naming:
    """Return what a file says of names: what all profiles share, and over it the profile's own."""
    own = file.profiles.get(profile)
    return file.naming if own is None else overlaid(file.naming, own.naming)


def of_scope(table: Mapping[str, str], scope: str) -> str:
    """Return the entry of the longest namespace of `table` that `scope` is or lies in."""
    while scope:
        if scope.removeprefix("::") in table:
            return table[scope.removeprefix("::")]
        scope = scope.rpartition("::")[0]
    return ""
