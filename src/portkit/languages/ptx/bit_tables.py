# SPDX-License-Identifier: Apache-2.0
"""Functions of three bits by their tables, as the logical operation on three words takes them: the
table is what the function makes of a = 0xf0, b = 0xcc and c = 0xaa (PTX manual, lop3).
"""

from __future__ import annotations

import functools
import re

_ALL = 0xFF
_INPUTS = {0xF0: "a", 0xCC: "b", 0xAA: "c"}
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)[uU]?")


def written_out(operand: str) -> str:
    """Return a C++ expression of a, b and c for a table that is written as a number, "" for one
    that is not.
    """
    number = _NUMBER.fullmatch(operand.strip())
    if number is None:
        return ""
    value = int(number[1], 0) if not re.fullmatch(r"0\d+", number[1]) else int(number[1], 8)
    return _expressions().get(value, "")


@functools.cache
def _expressions() -> dict[int, str]:
    """Return a short expression for each of the 256 tables."""
    found = {0: "0", _ALL: "~0"} | _INPUTS
    found |= {_ALL ^ value: f"~{name}" for value, name in _INPUTS.items()}
    simple = dict(found)
    pairs = _joined(simple, simple)
    found = _with(found, pairs)
    found = _with(found, _joined(pairs, simple))
    found = _with(found, _joined(pairs, pairs))
    for value in range(_ALL + 1):
        if value not in found:
            found[value] = " | ".join(_minterms(value))
    return found


def _with(found: dict[int, str], more: dict[int, str]) -> dict[int, str]:
    """Return what is known already, and what is new, negated too."""
    found = more | found
    return {_ALL ^ v: f"~({text})" for v, text in found.items() if _ALL ^ v not in found} | found


def _joined(left: dict[int, str], right: dict[int, str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for a, one in left.items():
        for b, other in right.items():
            for sign, value in (("&", a & b), ("|", a | b), ("^", a ^ b)):
                if value not in (0, _ALL, a, b):
                    found.setdefault(value, f"{_inner(one)} {sign} {_inner(other)}")
    return found


def _inner(text: str) -> str:
    return f"({text})" if " " in text and not text.startswith("~(") else text


def _minterms(value: int) -> list[str]:
    """Return the products of which a function is the sum."""
    names = list(_INPUTS.values())
    found = []
    for bit in range(8):
        if value >> bit & 1:
            signs = ["" if table >> bit & 1 else "~" for table in _INPUTS]
            found.append("(" + " & ".join(map("".join, zip(signs, names, strict=True))) + ")")
    return found
