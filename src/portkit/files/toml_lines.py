# SPDX-License-Identifier: Apache-2.0
"""On which line of a TOML text each key stands. `tomllib` gives values only; a message about one
needs its place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|(?!""").)*"{3,5}|\'\'\'(?:(?!\'\'\').)*\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'',
    re.S,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]+")  # numbers, dates, true and false


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Return the line (from 1) of every key, table and item of an array by its path: ("missing", 2,
    "names").

    A table that is written in several places, or only as a part of a longer key, has the line where
    it is first named. `text` must be one that `tomllib` reads; lines may end in CRLF.
    """
    lines = _Lines(text)
    lines.read()
    return lines.found


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a path, or of the nearest table around it; 1 for the file as a whole."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Lines:
    """One walk over a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[KeyPath, int] = {}
        self._items: dict[KeyPath, int] = {}  # arrays of tables: how many tables they have so far
        self._line, self._counted = 1, 0

    def read(self) -> None:
        table: KeyPath = ()
        while not self._ends():
            if self._take("["):
                array = self._take("[")
                table = self._header(self._keys(), array)
                self.at = self.text.index("]", self.at) + (2 if array else 1)
            else:
                self._pair(table)

    def _header(self, keys: list[str], array: bool) -> KeyPath:
        """Return the path of a [table], or of the next one of an [[array]]; each name before it is
        the latest item's.
        """
        path: KeyPath = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            self._note(path)
            if array and number == len(keys):
                self._items[path] = self._items.get(path, 0) + 1
            if path in self._items:
                path = (*path, self._items[path] - 1)
                self._note(path)
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path)
        self._skip()
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _keys(self) -> list[str]:
        """Read a key with its dots."""
        keys = []
        while True:
            self._skip()
            match = _STRING.match(self.text, self.at) or _BARE_KEY.match(self.text, self.at)
            assert match is not None  # the text is TOML
            keys.append(_unquoted(match[0]))
            self.at = match.end()
            if not self._take("."):
                return keys

    def _value(self, path: KeyPath) -> None:
        if self._take("["):
            number = 0
            while not self._take("]"):
                self._note((*path, number))
                self._value((*path, number))
                self._take(",")
                number += 1
        elif self._take("{"):
            while not self._take("}"):
                self._pair(path)
                self._take(",")
        else:
            match = _STRING.match(self.text, self.at) or _BARE_VALUE.match(self.text, self.at)
            assert match is not None
            self.at = match.end()

    def _take(self, letters: str) -> bool:
        """Go past blanks, line ends and comments, and past `letters` when they come next."""
        self._skip()
        if not self.text.startswith(letters, self.at):
            return False
        self.at += len(letters)
        return True

    def _ends(self) -> bool:
        self._skip()
        return self.at >= len(self.text)

    def _skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match is not None  # it matches nothing, too
        self.at = match.end()

    def _note(self, path: KeyPath) -> None:
        """Keep the line at hand for a path that has none yet."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        self.found.setdefault(path, self._line)


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    (name,) = tomllib.loads(f"{key} = 0")
    return name
