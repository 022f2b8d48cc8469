# SPDX-License-Identifier: Apache-2.0
"""Where portkit keeps what outlives a run, by the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path

from portkit.model.errors import PortkitError


def user_folder(own: str, xdg: str, below_home: str, purpose: str) -> Path:
    """Return the folder that the variable `own` names, else portkit's folder in `xdg`, else in
    `below_home` of the home.

    Raises PortkitError when there is no home folder for `purpose`.
    """
    named = os.environ.get(own)
    if named:
        return Path(named)
    base = os.environ.get(xdg, "")
    if base and Path(base).is_absolute():
        return Path(base) / "portkit"
    try:
        return Path.home() / below_home / "portkit"
    except RuntimeError as error:
        raise PortkitError(f"there is no home folder for {purpose}", hint=f"set {own}") from error


def cache_folder() -> Path:
    """Return portkit's folder in the user's cache: $XDG_CACHE_HOME or ~/.cache. Raises RuntimeError
    without a home.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "portkit"
