# SPDX-License-Identifier: Apache-2.0
"""compile_commands.json: the command of each file, its flags reduced by the allow-list of
compflags.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portkit.files.compflags import (
    CompileFlags,
    ResponseFiles,
    check_command,
    read_flags,
    split_command,
)
from portkit.files.links import stays
from portkit.files.regular import DATABASE_BYTES, read_regular
from portkit.model.errors import PortkitError

DATABASE_FILE = "compile_commands.json"
_Entry = tuple[str, list[str] | str]  # the folder, and the words or the command as written


class CompileDatabase:
    """The commands by absolute file path; the first entry of a file counts."""

    def __init__(self, entries: dict[str, _Entry], tops: Sequence[Path] = ()) -> None:
        self._entries = entries
        self._known: dict[str, CompileFlags] = {}
        self._responses = ResponseFiles(tops)

    def flags_for(self, path: Path) -> CompileFlags:
        """Return the flags of a file; empty ones for a file that the database lacks."""
        name = os.path.realpath(path)
        if name not in self._known:
            folder, said = self._entries.get(name, ("", []))
            words = split_command(said) if isinstance(said, str) else said
            flags = read_flags(words, folder, self._responses) if words else CompileFlags()
            self._known[name] = flags
        return self._known[name]

    @property
    def unread(self) -> dict[str, str]:
        """The response files that were asked for and could not be read, each with the reason."""
        return self._responses.unread


def load_compile_database(path: Path, tops: Sequence[Path] = ()) -> CompileDatabase:
    """Read compile_commands.json, or the one in a folder; an entry without `directory` is taken
    from there.

    Where `tops` are given, files that it names count only there, links on the way included. Names
    may hold any bytes. Raises PortkitError when the file is missing or not of the form.
    """
    try:
        file = path / DATABASE_FILE if path.is_dir() else path
        text = read_regular(file, DATABASE_BYTES).decode("utf-8", "surrogateescape")
    except FileNotFoundError as error:
        raise PortkitError(
            "no compile database here",
            str(file),
            "CMake writes one with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        ) from error
    except OSError as error:
        what = f"cannot read the compile database: {error.strerror}"
        raise PortkitError(what, str(path)) from error
    try:
        listed = json.loads(text)
    except RecursionError as error:
        raise PortkitError("not a compile database: nested too deeply", str(file)) from error
    except ValueError as error:
        raise PortkitError(f"not a compile database: {error}", str(file)) from error
    if not isinstance(listed, list):
        raise PortkitError("not a compile database: the top is no list", str(file))
    entries: dict[str, _Entry] = {}
    for number, item in enumerate(listed, 1):
        try:
            name, entry = _entry(item, file.parent, tops)
        except ValueError as error:
            said = f"not a compile database: entry {number}: {error}"
            raise PortkitError(said, str(file)) from error
        entries.setdefault(name, entry)
    return CompileDatabase(entries, tops)


def _entry(item: Any, beside: Path, tops: Sequence[Path]) -> tuple[str, _Entry]:
    """Return one entry of a database that lies in the folder `beside`. Raises ValueError."""
    named = isinstance(item, dict) and isinstance(item.get("file"), str)
    if not named or not {"arguments", "command"} & item.keys():
        raise ValueError("it has no file, or neither command nor arguments")
    directory = item.get("directory", "")
    folder = _real(os.path.join(beside, _spelt(directory, "directory")), tops)  # noqa: PTH118
    name = _real(os.path.join(folder, _spelt(item["file"], "file")), tops)  # noqa: PTH118
    if "arguments" not in item:
        command = _spelt(item["command"], "command")
        check_command(command)
        return name, (folder, command)
    if not isinstance(item["arguments"], list):
        raise ValueError("`arguments` is no list")
    return name, (folder, [_spelt(word, "arguments") for word in item["arguments"]])


def _real(path: str, tops: Sequence[Path]) -> str:
    """Return a path with its links followed, unless they lead out of `tops`: by its letters then."""
    return os.path.normpath(path) if tops and not stays(path, tops) else os.path.realpath(path)


def _spelt(value: Any, key: str) -> str:
    """Return a string of an entry. Raises ValueError for what no name and no argument can be."""
    if not isinstance(value, str):
        raise ValueError(f"`{key}` is no string")
    if "\0" in value:
        raise ValueError(f"`{key}` holds a zero byte")
    try:
        os.fsencode(value)
    except UnicodeEncodeError as error:
        raise ValueError(f"`{key}` holds a character that no name can have") from error
    return value
