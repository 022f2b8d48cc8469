# SPDX-License-Identifier: Apache-2.0
"""The list of the files that Clang can see, in the form that it takes: a file system of its own that holds nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import basename, dirname

# A file that is not on the list does not exist, whatever the disk holds (`fallthrough`); names stay as the include has them.
_HEAD = "{'version': 0, 'case-sensitive': 'true', 'use-external-names': 'false', 'fallthrough': 'false', 'roots': ["
_UNPLAIN = re.compile(r"[^ !#-\[\]-~]")


def overlay_text(files: Mapping[str, str]) -> str:
    """Return the YAML text for Clang's -ivfsoverlay. `files`: where each file lies on disk, by the name it is seen under.

    Both are absolute and hold only what UTF-8 can.
    """
    folders: dict[str, list[str]] = {}
    for name, real in files.items():
        entry = f"{{'type': 'file', 'name': {_quoted(basename(name))}, 'external-contents': {_quoted(real)}}}"
        folders.setdefault(dirname(name), []).append(entry)
    roots = [f"{{'type': 'directory', 'name': {_quoted(f)}, 'contents': [{', '.join(e)}]}}" for f, e in folders.items()]
    return f"{_HEAD}{', '.join(roots)}]}}"


def _quoted(text: str) -> str:
    return f'"{_UNPLAIN.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    return f"\\U{ord(match.group()):08x}"
