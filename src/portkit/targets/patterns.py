# SPDX-License-Identifier: Apache-2.0
"""Regular expressions in a target's files: what makes one unfit."""

from __future__ import annotations

import re

_MANY = 16  # a repeat that may go on longer counts as one without an end
_TOKEN = re.compile(
    r"""
    (?P<escape>\\.)
  | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
  | (?P<open>\((?:\?(?:[aiLmsux-]*:|[=!>]|<[=!]|P<\w+>))?)
  | (?P<close>\))
  | (?P<repeat>[*+]|\{\d*,?\d*\})[?+]?
  | (?P<other>.)
    """,
    re.X | re.S,
)


def fault_of(pattern: str, groups: bool = True) -> str:
    """Return what is wrong with a pattern, "" for a good one; `groups`: whether it may have groups
    of its own.

    Looked for: what Python cannot compile, flags for the whole expression (patterns are joined with
    others), and a repeat inside a repeat, whose time can double with each letter of a name that
    does not match.
    """
    try:
        # flags of the whole must stand first: here they cannot
        compiled = re.compile(f"(?:)|{pattern}", re.A)
    except (re.error, OverflowError, RecursionError) as error:
        return f"bad pattern {pattern!r}: {error}"
    if not groups and compiled.groups:
        return f"pattern {pattern!r} has a group of its own: write (?:...)"
    inner = _nested_repeat(pattern)
    return (
        f"pattern {pattern!r} repeats a repeat ({inner}): it may take forever on a long name"
        if inner
        else ""
    )


def _nested_repeat(pattern: str) -> str:
    """Return the first group that repeats without an end and holds such a repeat, or ""."""
    opened: list[tuple[int, bool]] = []  # (start, whether the group around had a repeat before it)
    # of the group that is being read; of its last atom
    repeats, start, atom_repeats = False, 0, False
    for token in _TOKEN.finditer(pattern):
        if token["open"]:
            opened.append((token.start(), repeats))
            repeats = False
        elif token["close"]:
            start, before = opened.pop()
            atom_repeats, repeats = repeats, repeats or before
            continue
        elif token["repeat"] and _is_many(token["repeat"]):
            if atom_repeats:
                return pattern[start : token.end()]
            repeats = True
        atom_repeats = False
    return ""


def _is_many(repeat: str) -> bool:
    if repeat in "*+":
        return True
    least, comma, most = repeat[1:-1].partition(",")
    if not comma:
        return bool(least) and int(least) > _MANY
    return not most or int(most) > _MANY
