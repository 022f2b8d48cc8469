# SPDX-License-Identifier: Apache-2.0
"""Names whose bytes are no UTF-8, as text that can be sent to a process and kept in the cache."""

from __future__ import annotations

import os

_MARK = "\0"  # no name and no argument of a command holds it; what follows are the bytes in hex


def encodable(text: str) -> str:
    """Return a name or an argument of the operating system as text that every encoder takes."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return _MARK + os.fsencode(text).hex()


def native(text: str) -> str:
    """Return what `encodable` was given."""
    return os.fsdecode(bytes.fromhex(text[1:])) if text.startswith(_MARK) else text
