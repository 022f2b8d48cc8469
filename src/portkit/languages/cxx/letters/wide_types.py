# SPDX-License-Identifier: Apache-2.0
"""Names that a file gives to integers of 128 bits."""

from __future__ import annotations

import re

_WIDE = r"__u?int128(?:_t)?"
_ALIAS = (
    r"typedef\s+(?:(?:un)?signed\s+)?(?:{of})(?:\s+(?:un)?signed)?\s+([A-Za-z_]\w*)\s*;"
    r"|using\s+([A-Za-z_]\w*)\s*=\s*(?:(?:un)?signed\s+)?(?:{of})\b"
    r"|#\s*define\s+([A-Za-z_]\w*)\s+(?:(?:un)?signed\s+)?(?:{of})\b"
)
_STEPS = 3  # an alias of an alias


def wide_aliases(code: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names that stand for integers of 128 bits in a file's code, by way of those that
    are `known`.
    """
    if "int128" not in code and not known:
        return frozenset()
    found, names = set[str](), set(known)
    for _ in range(_STEPS):
        of = "|".join([_WIDE, *sorted(map(re.escape, names))])
        made = {
            next(filter(None, m.groups())) for m in re.finditer(_ALIAS.format(of=of), code, re.A)
        }
        if made <= found:
            break
        found |= made
        names |= made
    return frozenset(found)
