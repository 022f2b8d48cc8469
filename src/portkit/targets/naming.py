# SPDX-License-Identifier: Apache-2.0
"""A target's naming rule: which name a CUDA name would have there. A derived name is a guess until a row proves it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from portkit.model.errors import PortkitError


class NamingRule(msgspec.Struct, frozen=True):
    """Ordered (pattern, replacement) pairs, applied in one pass over the name from left to right.

    At each position the first pattern that matches there decides; a pattern that only speaks of the start of a name
    begins with `^`. Patterns have no groups of their own. What was replaced is not looked at again.
    """

    pattern: re.Pattern[str]
    replacements: tuple[str, ...]

    @classmethod
    def load(cls, path: Path, profile: str = "") -> NamingRule:
        """Read the rule of a profile from a target.toml. Raises PortkitError for a pattern that cannot be used."""
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
        own = facts["profiles"].get(profile, {}).get("naming", {})
        return cls.of((facts.get("naming", {}) | own).get("rules", []), str(path))

    @classmethod
    def of(cls, rules: list[list[str]], path: str = "", checked: bool = False) -> NamingRule:
        """Compile pairs of pattern and replacement. Raises PortkitError naming the pattern that is wrong, unless it was `checked`."""
        for rule in () if checked else rules:
            try:
                if len(rule) != 2 or re.compile(rule[0], re.A).groups:
                    raise PortkitError(f"naming rule {rule!r}: want [pattern without groups, replacement]", path)
            except re.error as error:
                raise PortkitError(f"naming rule {rule!r}: {error}", path) from error
        joined = "|".join(f"({pattern})" for pattern, _ in rules) or r"(?!)"
        return cls(re.compile(joined, re.A), tuple(new for _, new in rules))

    def derive(self, name: str) -> str | None:
        """Return the derived name, or None when no rule speaks of the name."""
        made = self.pattern.sub(lambda m: self.replacements[(m.lastindex or 1) - 1], name)
        return made if made != name else None
