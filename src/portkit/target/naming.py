# SPDX-License-Identifier: Apache-2.0
"""A target's naming rule: which name a CUDA name would have there. A derived name is a guess until a row proves it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec


class NamingRule(msgspec.Struct, frozen=True):
    """Ordered (pattern at the start of the name, replacement) pairs."""

    rules: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def load(cls, path: Path) -> NamingRule:
        """Read the rule from a target.toml."""
        return cls.of(tomllib.loads(path.read_text(encoding="utf-8"))["naming"]["rules"])

    @classmethod
    def of(cls, rules: list[list[str]]) -> NamingRule:
        """Compile pairs of pattern and replacement."""
        return cls(tuple((re.compile(pattern, re.A), new) for pattern, new in rules))

    def derive(self, name: str) -> str | None:
        """Return the derived name, or None when no rule speaks of the name."""
        for pattern, new in self.rules:
            match = pattern.match(name)
            if match is not None:
                return new + name[match.end() :]
        return None
