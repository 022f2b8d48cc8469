# SPDX-License-Identifier: Apache-2.0
"""Which files .gitattributes marks as generated or vendored, with or without git."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from portkit.files.git import attributed
from portkit.files.git_view import View

_MARKS = {"linguist-generated": "generated", "linguist-vendored": "vendored"}
_FILE = ".gitattributes"


def marked(folder: Path, names: Sequence[str], listing: Sequence[str], by_git: View | None) -> dict[str, str]:
    """Return {name: "generated" or "vendored"} for those of `names` that are marked.

    `names` and `listing` (all files, searched for .gitattributes) are relative to `folder`. `by_git` asks git instead.
    """
    if by_git is not None:
        return {name: _MARKS[mark] for name, mark in attributed(by_git, folder, names, tuple(_MARKS)).items()}
    files = [name for name in listing if name == _FILE or name.endswith("/" + _FILE)]
    files.sort(key=lambda name: (name.count("/"), name))
    state: dict[str, dict[str, bool]] = {}
    for file in files:
        prefix = file.removesuffix(_FILE)
        below = [name for name in names if name.startswith(prefix)]
        for pattern, mark, value in _rules(folder / file):
            spec = GitIgnoreSpec.from_lines([pattern])
            for name in below:
                if spec.match_file(name.removeprefix(prefix)):
                    state.setdefault(name, {})[mark] = value
    found: dict[str, str] = {}
    for name, marks in state.items():
        for mark, reason in _MARKS.items():
            if marks.get(mark):
                found.setdefault(name, reason)
    return found


def _rules(file: Path) -> list[tuple[str, str, bool]]:
    """Read (pattern, mark, value) in file order."""
    try:
        text = os.fsdecode(file.read_bytes())
    except OSError:
        return []
    rules: list[tuple[str, str, bool]] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith(("#", "[", "!")):
            continue
        for word in words[1:]:
            name, _, value = word.partition("=")
            if name.lstrip("-!") in _MARKS:
                rules.append((words[0], name.lstrip("-!"), not word.startswith(("-", "!")) and value in ("", "true")))
    return rules
