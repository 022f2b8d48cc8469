# SPDX-License-Identifier: Apache-2.0
"""Text that is safe to print: on a terminal, and in the log of a CI system that takes orders from lines."""

from __future__ import annotations

_ORDERS = ("::", "##[")  # at the head of a line in the log of GitHub and Azure


def printable(text: str) -> str:
    """Return text that is safe on a terminal: control characters and lone surrogates are shown escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_path(path: str) -> str:
    """Return a path that may stand at the head of a line; "." for none."""
    shown = printable(path) or "."
    return f"./{shown}" if shown.startswith(_ORDERS) else shown
