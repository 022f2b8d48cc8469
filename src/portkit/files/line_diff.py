# SPDX-License-Identifier: Apache-2.0
"""Lines of files, as their bytes lie on the disk, against objects of git: no attribute has a say.

Git would compare what it makes of a file first: it encodes anew, converts line ends, takes keywords
back, runs filters, and whoever made the tree chooses which. So it is given two folders of plain
files, named by numbers, and no repository around them.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from portkit.files.git_objects import blob_sizes, blobs
from portkit.files.git_view import GitView, temporary_folder
from portkit.files.regular import read_regular
from portkit.model.errors import PortkitError

Ranges = list[tuple[int, int]]

WHOLE = (1, 1 << 60)
_HUNK = re.compile(rb"@@ -\S+ \+(\d{1,18})(?:,(\d{1,18}))? @@")
_OTHER_LINES = re.compile(rb"\A(?:\xff\xfe|\xfe\xff)|\r(?!\n)")
_READ = 1 << 26  # bytes of a file that is compared by lines; a larger one changed as a whole
_GROUP = 1 << 26  # bytes of both sides that are compared at a time
_LINE = 1 << 16  # bytes of a diff's line that are kept


class Compared(msgspec.Struct, frozen=True):
    """Files whose bytes differ from those of their objects.

    `lines`: the changed lines of each, none where lines only went; `ends`: those that differ in
    nothing but line ends.
    """

    lines: dict[bytes, Ranges]
    ends: set[bytes]


def compare(
    view: GitView,
    root: Path,
    objects: Mapping[bytes, str],
    stored: Callable[[bytes], bytes | None] = lambda _: None,
) -> Compared:
    """Compare files, by names relative to `root`, with what git's objects hold.

    An object of zeros stands for an empty file. `stored` may give other bytes than the object's.
    A file whose lines git counts in another way than portkit (UTF-16, a carriage return alone),
    that is too large or no regular file, changed as a whole. Carriage returns at line ends are
    not compared. Raises PortkitError.
    """
    found = Compared({}, set())
    sizes = _sizes(view, objects.values())
    for group in _groups(root, objects, sizes, found):
        old = _contents(view, root, {name: objects[name] for name in group}, sizes)
        pairs: list[tuple[bytes, bytes, bytes]] = []
        for name in group:
            now = _now(root, name)
            before = stored(name)
            before = old[name] if before is None else before
            if now is None or (now != before and _OTHER_LINES.search(now)):
                found.lines[name] = [WHOLE]
            elif now != before:
                pairs.append((name, before, now))
        ranges = _differences(view, pairs)
        for number, (name, _, _) in enumerate(pairs):
            if number in ranges:
                found.lines[name] = ranges[number]
            else:
                found.ends.add(name)
    return found


def _groups(
    root: Path,
    objects: Mapping[bytes, str],
    sizes: Mapping[str, int],
    found: Compared,
) -> Iterator[list[bytes]]:
    """Yield names in groups whose contents are small enough to be held; the others changed."""
    group, room = list[bytes](), _GROUP
    for name, object in objects.items():
        size = sizes.get(object, 0)
        try:
            size = max(size, (root / os.fsdecode(name)).lstat().st_size)
        except OSError:
            size = _READ + 1
        if size > _READ:
            found.lines[name] = [WHOLE]
            continue
        if group and room < size:
            yield group
            group, room = [], _GROUP
        group.append(name)
        room -= size
    if group:
        yield group


def _sizes(view: GitView, objects: Iterable[str]) -> dict[str, int]:
    """Return the sizes of blobs. Raises PortkitError for one that is not here."""
    asked = {object for object in objects if object.strip("0")}
    sizes = blob_sizes(view, asked)
    missing = min(asked - sizes.keys(), default=None)
    if missing is not None:
        said = f"git cannot read the repository: unable to read {missing}"
        where = os.fspath(view.repository.top)
        raise PortkitError(said, where, "a partial clone lacks it: fetch it first")
    return sizes


def _contents(
    view: GitView,
    root: Path,
    objects: Mapping[bytes, str],
    sizes: Mapping[str, int],
) -> dict[bytes, bytes]:
    asked = {object for object in objects.values() if object in sizes}
    held = blobs(view, asked)
    if asked - held.keys():
        raise PortkitError("git prints an object in an unknown form", os.fspath(root))
    return {name: held.get(object, b"") for name, object in objects.items()}


def _now(root: Path, name: bytes) -> bytes | None:
    try:
        return read_regular(root / os.fsdecode(name), _READ, follow=False)
    except OSError:
        return None


def _differences(view: GitView, pairs: Iterable[tuple[bytes, bytes, bytes]]) -> dict[int, Ranges]:
    """Return the changed lines of each pair (name, before, now) that differs in some, by number."""
    pairs = list(pairs)
    if not pairs:
        return {}
    diff = _Diff()
    try:
        with tempfile.TemporaryDirectory(prefix="portkit-git-", dir=temporary_folder()) as place:
            for side in (1, 2):
                (Path(place) / f"{side}").mkdir()
                for number, pair in enumerate(pairs):
                    (Path(place) / f"{side}" / f"{number}").write_bytes(pair[side])
            view.compare_folders(Path(place), "1", "2", diff.take)
    except OSError as error:
        said = f"files cannot be compared: {error.strerror}"
        hint = "TMPDIR sets the temporary folder"
        raise PortkitError(said, os.fspath(error.filename or ""), hint) from error
    return diff.found


@dataclass(slots=True)
class _Diff:
    """Reads a diff as it comes: the ranges of changed lines of each file that has or lost some."""

    found: dict[int, Ranges] = field(default_factory=dict)
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
            elif self._is_head and line.startswith(b"+++ "):
                self.found[int(line.rpartition(b"/")[2])] = self._ranges
            elif match := _HUNK.match(line):
                self._is_head = False
                first, count = int(match[1]), int(match[2] or 1)
                if count:
                    self._ranges.append((first, first + count - 1))
