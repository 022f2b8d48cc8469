# SPDX-License-Identifier: Apache-2.0
"""Which lines changed since a revision, by git: in the working tree, untracked files included.

The tree's .gitattributes have no say in it: each file counts as text, whatever they call binary,
and one with a content filter has changed as a whole when it changed at all (what git stores of it
is not what portkit reads). A file whose lines git counts in another way than portkit (UTF-16, a
carriage return alone) has changed as a whole too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portkit.files.git import find_view
from portkit.files.git_filters import as_stored, filtered, read_index
from portkit.files.git_settings import plain
from portkit.files.git_view import View
from portkit.files.regular import read_regular
from portkit.model.errors import PortkitError
from portkit.printable import printable_name

Ranges = list[tuple[int, int]]

_HUNK = re.compile(rb"@@ -\S+ \+(\d{1,18})(?:,(\d{1,18}))? @@")
_RAW = re.compile(rb":\d+ \d+ ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*")
_COMMIT = re.compile(rb"([0-9a-f]{40,64})\n")
_OTHER_LINES = re.compile(rb"\A(?:\xff\xfe|\xfe\xff)|\r(?!\n)")
_ALL = (1, 1 << 60)
_READ = 1 << 26  # bytes of a file whose line ends are looked at; a larger one changed as a whole
_LINE = 1 << 16  # bytes of a diff's line that are kept: more than a name in quotes can have


def changed_lines(root: Path, revision: str) -> dict[str, list[tuple[int, int]]]:
    """Return {path: ranges of changed lines, first and last} of files under `root`.

    Paths are relative to it (POSIX, printable). `A...` means since the last commit in common with
    A. A renamed file counts by its changes. An untracked file has changed as a whole. Raises
    PortkitError when there is no git or it does not know the revision.
    """
    root = root.resolve()
    view = find_view(root)
    if view is None:
        raise PortkitError("--since needs git and a git tree", os.fspath(root))
    base = _commit(view, revision)
    compare = ["diff-index", "--find-renames", "--relative", "--ignore-submodules=all"]
    raw = view.ask([*compare, "--raw", "-z", "--no-abbrev", base, "--", "."], root).output
    changes = _changes(raw, root)
    found = _by_lines(view, root, compare, base, changes) if changes else {}
    others = view.ask(["ls-files", "-z", "--others", "--exclude-standard"], root).output
    found |= {name: [_ALL] for name in others.split(b"\0") if name}
    return {printable_name(name): ranges for name, ranges in found.items()}


@dataclass(frozen=True, slots=True)
class _Change:
    """An entry of git's comparison without content: the objects before and now.

    An object of zeros is one that git would have to make of the file first.
    """

    old: str
    new: str
    kind: str

    @property
    def is_certain(self) -> bool:
        """Whether the content is known to differ, or to be in conflict."""
        known = bool(self.old.strip("0") and self.new.strip("0"))
        return self.kind == "U" or (known and self.old != self.new)


def _commit(view: View, revision: str) -> str:
    name = f"{revision.removesuffix('...')}^{{commit}}"
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", name]
    answer = view.ask(arguments, accept=(0, 1, 128), with_logs="@{" in revision)
    match = _COMMIT.fullmatch(answer.output)
    if answer.status != 0 or match is None:
        why = f": {plain(answer.complaints)}" if answer.complaints else ""
        hint = "in CI, fetch it first: a shallow clone may lack it"
        raise PortkitError(f"git knows no revision {revision!r}{why}", hint=hint)
    if revision.endswith("..."):
        answer = view.ask(["merge-base", match[1].decode(), "HEAD"], accept=(0, 1, 128))
        match = _COMMIT.fullmatch(answer.output)
        if answer.status != 0 or match is None:
            hint = "in CI, fetch more of the history"
            raise PortkitError(f"{revision!r}: no commit in common with HEAD", hint=hint)
    return match[1].decode()


def _changes(raw: bytes, root: Path) -> dict[bytes, _Change]:
    """Read `diff-index --raw -z`: what is still there, by its name now. Raises PortkitError."""
    changes: dict[bytes, _Change] = {}
    *listed, end = raw.split(b"\0")
    fields = iter(listed)
    for head in fields:
        match = _RAW.fullmatch(head)
        names = [next(fields, b"")]
        if match is not None and match[3] in b"RC":
            names.append(next(fields, b""))
        if match is None or not all(names):
            raise PortkitError("git lists changes in an unknown form", os.fspath(root))
        if match[3] != b"D":
            change = _Change(*(part.decode() for part in match.groups()))
            before = changes.get(names[-1])
            # A file in conflict comes twice.
            changes[names[-1]] = before if before and before.kind == "U" else change
    if end:
        raise PortkitError("git lists changes in an unknown form", os.fspath(root))
    return changes


def _by_lines(
    view: View,
    root: Path,
    compare: Sequence[str],
    base: str,
    changes: Mapping[bytes, _Change],
) -> dict[bytes, Ranges]:
    by_filter = filtered(view, root, changes)
    diff = _Diff()
    place = os.fsencode(root.relative_to(view.repository.top))
    patterns = [_pattern(place + b"/" + name) for name in by_filter]
    attributes = [b"* diff\n", *(b"%s -diff\n" % pattern for pattern in patterns)]
    plain_diff = ["-p", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv"]
    prefixes = ["--src-prefix=a/", "--dst-prefix=b/"]
    view.ask(
        [*compare, *plain_diff, *prefixes, base, "--", "."],
        root,
        take=diff.take,
        attributes=b"".join(attributes),
    )
    # Known to differ and yet not shown: more than git compares by lines.
    certain = {name for name, change in changes.items() if change.is_certain}
    whole = certain - diff.found.keys()
    whole |= {name for name in diff.found if _has_other_lines(root / os.fsdecode(name))}
    whole = (whole - by_filter) | (by_filter - _unchanged(view, root, by_filter, changes))
    lines = {name: ranges for name, ranges in diff.found.items() if name not in by_filter}
    return lines | {name: [_ALL] for name in whole}


def _unchanged(
    view: View,
    root: Path,
    names: set[bytes],
    changes: Mapping[bytes, _Change],
) -> set[bytes]:
    """Return those of `names`, files with a content filter, that are what the revision holds."""
    made = {name for name in names if changes[name].new.strip("0")}  # git has an object of them
    same = {name for name in made if changes[name].old == changes[name].new}
    unsure = {name: changes[name].old for name in names - made}
    if unsure:
        same |= as_stored(view, root, unsure, read_index(view, root))
    return same


def _has_other_lines(path: Path) -> bool:
    try:
        return _OTHER_LINES.search(read_regular(path, _READ)) is not None
    except OSError:
        return True


def _pattern(name: bytes) -> bytes:
    """Return a name, from the top of the work tree, as a pattern that means this file only."""
    literal = re.sub(rb"([\\*?\[])", rb"\\\1", b"/" + name.removeprefix(b"./"))
    return b'"' + re.sub(rb'[\x00-\x1f"\\\x7f]', lambda m: b"\\%03o" % m[0][0], literal) + b'"'


@dataclass(slots=True)
class _Diff:
    """Reads a diff as it comes: the ranges of changed lines of each file that has or lost some."""

    found: dict[bytes, Ranges] = field(default_factory=dict)
    _rest: bytes = b""
    _ranges: Ranges = field(default_factory=list)
    _is_head: bool = True

    def take(self, piece: bytes) -> None:
        """Take the next piece of the diff. Its lines are looked at by their starts only."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[:_LINE]
        for line in lines:
            if line.startswith(b"diff --git "):
                self._is_head, self._ranges = True, []
            elif self._is_head and line.startswith(b"+++ ") and line != b"+++ /dev/null":
                self.found[_name(line[4:])] = self._ranges
            elif match := _HUNK.match(line):
                self._is_head = False
                first, count = int(match[1]), int(match[2] or 1)
                if count:
                    self._ranges.append((first, first + count - 1))


def _name(raw: bytes) -> bytes:
    """Read a name of a diff header: `b/x`, in quotes when it holds quotes or control characters."""
    raw = raw.removesuffix(b"\t").removesuffix(b"\r")
    if raw.startswith(b'"'):
        raw = re.sub(rb"\\([0-7]{3}|.)", _unescape, raw[1:-1])
    return raw.removeprefix(b"b/")


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    return {
        b"n": b"\n",
        b"t": b"\t",
        b"r": b"\r",
        b"a": b"\a",
        b"b": b"\b",
        b"f": b"\f",
        b"v": b"\v",
    }.get(code, code)
