# SPDX-License-Identifier: Apache-2.0
"""compile_commands.json: the command of each file, its flags reduced by the allow-list of compflags.py."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from portkit.files.compflags import CompileFlags, read_flags
from portkit.model import PortkitError


class CompileDatabase:
    """The commands by absolute file path; the first entry of a file counts."""

    def __init__(self, entries: dict[str, tuple[Path, list[str]]]) -> None:
        self._entries = entries

    def flags_for(self, path: Path) -> CompileFlags:
        """Return the flags of a file; empty ones for a file that the database lacks."""
        entry = self._entries.get(str(path.resolve()))
        return read_flags(entry[1], str(entry[0])) if entry is not None else CompileFlags()


def load_compile_database(path: Path) -> CompileDatabase:
    """Read compile_commands.json, or the one in a folder; an entry without `directory` is taken from there.

    Raises PortkitError when it is missing or not of the form.
    """
    file = path / "compile_commands.json" if path.is_dir() else path
    try:
        entries: dict[str, tuple[Path, list[str]]] = {}
        listed = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(listed, list):
            raise ValueError("the top is no list")
        for number, item in enumerate(listed, 1):
            if not isinstance(item, dict) or not isinstance(item.get("file"), str) or not {"arguments", "command"} & item.keys():
                raise ValueError(f"entry {number} has no file, or neither command nor arguments")
            folder = (file.parent / str(item.get("directory", ""))).resolve()
            words = [str(word) for word in item["arguments"]] if "arguments" in item else shlex.split(item["command"])
            entries.setdefault(str((folder / item["file"]).resolve()), (folder, words))
    except FileNotFoundError as error:
        raise PortkitError("no compile database here", str(file), "CMake writes one with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON") from error
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise PortkitError(f"not a compile database: {error}", str(file)) from error
    return CompileDatabase(entries)
