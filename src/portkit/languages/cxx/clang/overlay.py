# SPDX-License-Identifier: Apache-2.0
"""The list of the files that Clang can see, in the form that it takes: a file system of its own
that holds nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from posixpath import basename, dirname

# A file that is not on the list does not exist, whatever the disk holds (`fallthrough`); names stay
# as the include has them.
_HEAD = "{'version': 0, 'case-sensitive': 'true', 'use-external-names': 'false', 'fallthrough': 'false', 'roots': ["
_UNPLAIN = re.compile(r"[^ !#-\[\]-~]")


class OverlayList:
    """The file that a list is written to, again for each unit; every process has its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = self._file = self._size = 0
        self._text = ""

    def write(self, files: Mapping[str, str]) -> str:
        """Write the list of `files` (see overlay_text); return the path of the list. Raises
        OSError.
        """
        text, pid = overlay_text(files), os.getpid()
        path = self._folder / f"files-{pid}.yaml"
        if pid != self._pid:
            self._file, self._text, self._size = (
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600),
                "",
                0,
            )
            self._pid = pid
        if text != self._text:
            # over an old list: to cut a file costs more than to write it
            data = text.encode("ascii").ljust(self._size)
            if os.pwrite(self._file, data, 0) != len(data):
                raise OSError(f"{path} was not written in full")
            self._text, self._size = text, len(data)
        return str(path)


def overlay_text(files: Mapping[str, str]) -> str:
    """Return the YAML text for Clang's -ivfsoverlay. `files`: where each file lies on disk, by the
    name it is seen under.

    Both are absolute and hold only what UTF-8 can.
    """
    folders: dict[str, list[str]] = {}
    for name, real in files.items():
        entry = f"{{'type': 'file', 'name': {_quoted(basename(name))}, 'external-contents': {_quoted(real)}}}"
        folders.setdefault(dirname(name), []).append(entry)
    roots = [
        f"{{'type': 'directory', 'name': {_quoted(f)}, 'contents': [{', '.join(e)}]}}"
        for f, e in folders.items()
    ]
    return f"{_HEAD}{', '.join(roots)}]}}"


def _quoted(text: str) -> str:
    return f'"{_UNPLAIN.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    return f"\\U{ord(match.group()):08x}"
