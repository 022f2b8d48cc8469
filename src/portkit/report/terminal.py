# SPDX-License-Identifier: Apache-2.0
"""One decision about colour and one about language for every command."""

from __future__ import annotations

import os
from typing import TextIO


def use_colour(choice: str, stream: TextIO) -> bool:
    """Decide colour: --color, NO_COLOR, FORCE_COLOR/CLICOLOR_FORCE, CLICOLOR=0, TERM=dumb, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    env = os.environ
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0") or env.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if env.get("CLICOLOR") == "0" or env.get("TERM") == "dumb":
        return False
    return stream.isatty()


def language(choice: str | None) -> str:
    """Decide the language: --lang, PORTKIT_LANG, LC_ALL, LC_MESSAGES, LANG, English."""
    for value in (choice, *(os.environ.get(n) for n in ("PORTKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))):
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
