# SPDX-License-Identifier: Apache-2.0
"""What a file's preprocessor lines say of other files and of its own parts, as plain values."""

from __future__ import annotations

from collections.abc import Container, Iterable

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


def guards_around(branches: Iterable[Branch], offset: int) -> str:
    """Return the positive conditions around an offset, outermost first, separated by `;`.
    `branches`: those that have one, by their start.
    """
    guards = []
    for branch in branches:
        if branch.span.start > offset:
            break
        if offset < branch.span.end:
            guards.append(branch.guard)
    return ";".join(guards)


def guards_at(branches: Iterable[Branch], offset: int, own: Container[str] = ()) -> frozenset[str]:
    """Return what the branches around an offset ask for, as far as is known, in words that can be
    compared. `own`: macros of the file's own, which only guard it against a second reading.
    """
    found = set[str]()
    for branch in branches:
        if branch.span.start > offset:
            break
        if offset < branch.span.end:
            if branch.never:
                found.add(f"0 at {branch.span.start}")
            elif branch.guard:
                found.add(branch.guard)
            elif branch.without not in own:
                found.add(f"!{branch.without}")
    return frozenset(found)


def is_fallback(branches: Iterable[Branch], offset: int, name: str) -> bool:
    """Return whether a macro is defined at an offset only where nobody else has defined it."""
    return any(b.without == name and b.span.start <= offset < b.span.end for b in branches)
