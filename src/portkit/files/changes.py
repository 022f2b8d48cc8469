# SPDX-License-Identifier: Apache-2.0
"""Which lines changed since a revision, by git: in the working tree, untracked files included."""

from __future__ import annotations

import os
import re
from pathlib import Path

from portkit.files.git import git_top, run_git
from portkit.model import PortkitError
from portkit.printable import printable_name

_HUNK = re.compile(rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_ALL = (1, 1 << 60)


def changed_lines(root: Path, revision: str) -> dict[str, list[tuple[int, int]]]:
    """Return {path: ranges of changed lines, first and last} of files under `root`, relative to it (POSIX, printable).

    `A...` means since the last commit in common with A. A renamed file counts by its changes. An untracked file has
    changed as a whole. Raises PortkitError when there is no git or it does not know the revision.
    """
    if git_top(root) is None:
        raise PortkitError("--since needs a git tree", os.fspath(root))
    base = _commit(root, revision)
    arguments = ["diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--relative", "--src-prefix=a/"]
    output = run_git(root, ["-c", "core.quotePath=false", *arguments, "--dst-prefix=b/", "--ignore-submodules", base, "--", "."])
    others = run_git(root, ["ls-files", "-z", "--others", "--exclude-standard"])
    if output is None or others is None:
        raise PortkitError("git could not compare the tree", revision)
    found: dict[str, list[tuple[int, int]]] = {}
    ranges: list[tuple[int, int]] = []
    head = True
    for line in output.split(b"\n"):
        if line.startswith(b"diff --git "):
            head, ranges = True, []
        elif head and line.startswith(b"+++ ") and line != b"+++ /dev/null":
            found[_name(line[4:])] = ranges
        elif match := _HUNK.match(line):
            head = False
            first, count = int(match[1]), int(match[2] or 1)
            if count:
                ranges.append((first, first + count - 1))
    for name in others.split(b"\0"):
        if name:
            found[printable_name(name)] = [_ALL]
    return found


def _commit(root: Path, revision: str) -> str:
    fork = revision.endswith("...")
    answer = run_git(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision.removesuffix('...')}^{{commit}}"])
    if answer is None:
        raise PortkitError(f"git knows no revision {revision!r}", hint="in CI, fetch it first: a shallow clone may lack it")
    if fork:
        answer = run_git(root, ["merge-base", answer.decode().strip(), "HEAD"])
        if answer is None:
            raise PortkitError(f"{revision!r}: no commit in common with HEAD", hint="in CI, fetch more of the history")
    return answer.decode().strip()


def _name(raw: bytes) -> str:
    """Read a name of a diff header: `b/x`, in quotes when it holds quotes, backslashes or control characters."""
    raw = raw.removesuffix(b"\t").removesuffix(b"\r")
    if raw.startswith(b'"'):
        body = raw[1:-1].decode("latin-1")
        raw = re.sub(r"\\([0-7]{3}|.)", _unescape, body).encode("latin-1")
    return printable_name(raw.removeprefix(b"b/"))


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return (
        chr(int(code, 8))
        if len(code) == 3
        else {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}.get(code, code)
    )
