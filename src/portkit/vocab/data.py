# SPDX-License-Identifier: Apache-2.0
"""Where the tables lie: in the wheel, beside the checkout's `src`, or where PORTKIT_MAPPINGS says."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from portkit.model.errors import PortkitError

ENVIRONMENT = "PORTKIT_MAPPINGS"


@functools.cache
def mappings_folder() -> Path:
    """Return the folder of mapping tables. Raises PortkitError when none is found."""
    named = os.environ.get(ENVIRONMENT, "")
    if named:
        if not Path(named).is_dir():
            raise PortkitError("no such mappings folder", named, f"unset {ENVIRONMENT}")
        return Path(named)
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_data" / "mappings", package.parent.parent / "mappings"):
        if (folder / "cuda" / "vocabulary.toml").is_file():
            return folder
    raise PortkitError("the mapping tables are missing", str(package), "reinstall portkit")
