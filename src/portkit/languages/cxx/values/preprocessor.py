# SPDX-License-Identifier: Apache-2.0
"""What a file's preprocessor lines say of other files and of its own parts, as plain values."""

from __future__ import annotations

import msgspec

from portkit.model.spans import Span
from portkit.printable import printable_name


class Include(msgspec.Struct, frozen=True, gc=False):
    """An #include: `span` covers the spelling without its quotes."""

    span: Span
    spelling: str
    angled: bool

    @property
    def name(self) -> str:
        """The file that is spelt, written as the names of a tree's files are (`spelling` has a
        character for each byte).
        """
        spelling = self.spelling
        return printable_name(spelling if spelling.isascii() else spelling.encode("latin-1"))


class Branch(msgspec.Struct, frozen=True, gc=False):
    """One branch of a conditional. `guard` lists what it requires: `A&B|C`; empty when nothing
    positive is.
    """

    span: Span
    guard: str
    never: bool  # `#if 0`, or the #else of `#if 1`
    without: str = ""  # the one macro that must not be defined, when that is all that is known
