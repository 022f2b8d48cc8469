# SPDX-License-Identifier: Apache-2.0
"""What a migrating run was asked for, as far as it says what is written: a run that was cut off is
finished by its like.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from portkit.api.options import Options
from portkit.files.regular import MAP_BYTES, read_regular
from portkit.printable import printable_name

# Options that change what is written. Not the paths: a hook gives other ones each time, and what
# was begun is finished whole.
_FLAGS = ("rename_files", "fix", "unsafe_fixes", "comments")
_KEYS = (
    *("accept", "only", "skip", "select", "ignore", "include", "exclude", "defines"),
    *("rung", "overrides", "route"),
)
_FILES = ("maps", "include_dirs", "compile_db")
_CONTENT = frozenset({"maps"})  # whose bytes count too


def asked_for(target: str, options: Options, root: Path) -> tuple[str, ...]:
    """Return the options in a fixed spelling and order: equal for two runs that write the same into
    the same tree.

    `target`: the option that names it. Files below `root` are named from there, so that a clone may
    move. Defaults are left out.
    """
    found = [target]
    if options.strategy != "rename":
        found.append(f"--strategy {options.strategy}")
    if options.build:
        found.append(f"--build {options.build}")
    found += [f"--{name.replace('_', '-')}" for name in _FLAGS if getattr(options, name)]
    for name in (*_KEYS, *_FILES):
        found += [f"--{name.replace('_', '-')} {text}" for text in _texts(name, options, root)]
    return tuple(found)


def _texts(name: str, options: Options, root: Path) -> Iterator[str]:
    from portkit.config.effective import DEFAULTS, shown

    value = getattr(options, name)
    if not value or value == DEFAULTS.get(name):
        return
    values = value if isinstance(value, tuple) else (value,)
    for one in values:
        if name in _FILES:
            yield _file(Path(one), root, content=name in _CONTENT)
        elif isinstance(one, str):
            yield str(one)
        else:
            yield json.dumps(shown(one), sort_keys=True, ensure_ascii=False)


def _file(path: Path, root: Path, *, content: bool) -> str:
    real = path.resolve()
    name = printable_name(real.relative_to(root) if real.is_relative_to(root) else real)
    if not content:
        return name
    return f"{name} ({hashlib.sha256(read_regular(real, MAP_BYTES)).hexdigest()[:12]})"
