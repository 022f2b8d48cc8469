# SPDX-License-Identifier: Apache-2.0
"""What somebody may have meant who named a target or profile that is not there."""

from __future__ import annotations


def suggest(word: str, known: list[str], label: str) -> str:
    """Return a hint: the name that is nearest to a word, if any is near, and all that are known."""
    import difflib  # costs more than the rest of this module

    close = difflib.get_close_matches(word, known, 1)
    listed = f"{label}: {', '.join(known)}"
    return f"did you mean {close[0]}? {listed}" if close else listed
