# SPDX-License-Identifier: Apache-2.0
"""What the names of the targets' platforms look like: a scan counts them, so that work that was
done is seen. Which platform has which name, only a target knows.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from portkit.model.errors import PortkitError

_NOTHING = r"(?!)"


def target_files(mappings: Path) -> list[Path]:
    """Return the target.toml of each target of a folder of mappings."""
    return sorted(mappings.glob("*/target.toml"))


def vendor_shapes(mappings: Path) -> str:
    """Return a pattern (the whole word, or an include as spelt; ASCII) of all targets' own names:
    `own_prefixes`, `own_patterns` and `vendor_headers` of each target.toml of a folder of mappings.

    Raises PortkitError for a target.toml that is no TOML or whose pattern is none.
    """
    prefixes, patterns = set[str](), set[str]()
    for path in target_files(mappings):
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
            own = [
                p
                for key in ("own_patterns", "vendor_headers")
                for p in said.get(key, ())
                if re.compile(p, re.A)
            ]
        except (OSError, ValueError, TypeError, re.error) as error:
            raise PortkitError(str(error), str(path)) from error
        patterns.update(own)
        prefixes.update(said.get("own_prefixes", ()))
    starts = "|".join(re.escape(p) for p in sorted(prefixes))
    parts = [rf"(?:{starts})\w*"] if starts else []
    return "|".join([*parts, *(f"(?:{p})" for p in sorted(patterns))]) or _NOTHING
