# SPDX-License-Identifier: Apache-2.0
"""Files that git would compare through a program, a content filter: compared without it.

Such a file is as git stored it when its times and size are those that the index noted, when it is
what a pointer of Git LFS says, or when it holds the very bytes. Else nobody knows, and it counts as
changed: a finding too many, never one too few.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from portkit.files.git_objects import blob_sizes, blobs
from portkit.files.git_view import GitView
from portkit.files.regular import open_regular
from portkit.model.errors import PortkitError

_ENTRY = re.compile(
    rb"(?P<tag>\S) (?P<mode>\d+) (?P<object>[0-9a-f]+) \d\t(?P<name>[^\0]+)\0"
    rb"  ctime: (?P<ctime>\d+:\d+)\n  mtime: (?P<mtime>\d+:\d+)\n"
    rb"  dev: \d+\tino: (?P<ino>\d+)\n  uid: \d+\tgid: \d+\n  size: (?P<size>\d+)\tflags: \w+\n"
)
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n",
)
_LONGEST_POINTER = 1024  # bytes, by the specification of Git LFS


class IndexEntry(msgspec.Struct, frozen=True):
    """What the index says of a file. Times in nanoseconds; size and inode cut to 32 bits."""

    object: str
    ctime: int
    mtime: int
    inode: int
    size: int
    is_unwatched: bool  # marked assume-unchanged or skip-worktree: git does not look at the file


def read_index(view: GitView, folder: Path) -> dict[bytes, IndexEntry]:
    """Return the entries of the index under `folder`, by name relative to it.

    Of a conflict it is the last one. Raises PortkitError when git prints something else.
    """
    output = view.ask(["ls-files", "-z", "-v", "--stage", "--debug"], folder).output
    entries: dict[bytes, IndexEntry] = {}
    end = 0
    for match in _ENTRY.finditer(output):
        if match.start() != end:
            break
        end = match.end()
        watched = match["tag"] not in b"S" and not match["tag"].islower()
        entries[match["name"]] = IndexEntry(
            match["object"].decode(),
            _nanoseconds(match["ctime"]),
            _nanoseconds(match["mtime"]),
            int(match["ino"]),
            int(match["size"]),
            not watched,
        )
    if end != len(output):
        raise PortkitError("git lists its index in an unknown form", os.fspath(folder))
    return entries


def filtered(view: GitView, folder: Path, names: Iterable[bytes]) -> set[bytes]:
    """Return those of `names`, relative to `folder`, whose content goes through a filter."""
    feed = b"\0".join(names)
    if not feed:
        return set()
    answer = view.ask(["check-attr", "-z", "--stdin", "filter"], folder, feed=feed)
    fields = answer.output.split(b"\0")
    values = zip(fields[0::3], fields[2::3], strict=False)
    return {name for name, value in values if value not in (b"unspecified", b"unset")}


def as_stored(
    view: GitView,
    folder: Path,
    objects: Mapping[bytes, str],
    index: Mapping[bytes, IndexEntry],
) -> set[bytes]:
    """Return the names of `objects` whose files are known to be what git stored as that object."""
    noted = _written(view.repository.git_dir / "index")
    same = set()
    rest = {}
    for name, object in objects.items():
        entry = index.get(name)
        if entry and entry.object == object and _is_noted(folder, name, entry, noted):
            same.add(name)
        else:
            rest[name] = object
    stored = _stored(view, rest.values())
    for name, object in rest.items():
        if object in stored and _is_as(folder / os.fsdecode(name), object, stored[object]):
            same.add(name)
    return same


def is_object(path: Path, object: str) -> bool:
    """Return whether a file is gone, or its bytes are those of git's object."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    kind = hashlib.sha1 if len(object) == 40 else hashlib.sha256
    return kind(b"blob %d\0" % len(data) + data).hexdigest() == object


def _nanoseconds(time: bytes) -> int:
    seconds, _, rest = time.partition(b":")
    return int(seconds) * 1_000_000_000 + int(rest)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _is_noted(folder: Path, name: bytes, entry: IndexEntry, noted: int) -> bool:
    """Return whether a file is untouched since the index was written, at `noted`.

    One of the same time could have been changed right after.
    """
    try:
        now = (folder / os.fsdecode(name)).lstat()
    except OSError:
        return False
    is_same = (now.st_mtime_ns, now.st_ctime_ns) == (entry.mtime, entry.ctime)
    cut = (now.st_size & 0xFFFFFFFF, now.st_ino & 0xFFFFFFFF) == (entry.size, entry.inode)
    return stat.S_ISREG(now.st_mode) and is_same and cut and now.st_mtime_ns < noted


class _Stored(msgspec.Struct, frozen=True):
    """The size of an object, in bytes, and what it says when it is a pointer of Git LFS."""

    size: int
    pointer: tuple[str, int] | None = None  # hash and size of the file


def _stored(view: GitView, objects: Iterable[str]) -> dict[str, _Stored]:
    """Look objects up; those that are not here are left out, as a clone may be partial."""
    found = {object: _Stored(size) for object, size in blob_sizes(view, objects).items()}
    small = [object for object, stored in found.items() if stored.size <= _LONGEST_POINTER]
    for object, content in blobs(view, small).items():
        pointer = _POINTER.fullmatch(content)
        if pointer is not None:
            meant = (pointer[1].decode(), int(pointer[2]))
            found[object] = _Stored(found[object].size, meant)
    return found


def _is_as(path: Path, object: str, stored: _Stored) -> bool:
    """Return whether a file is what an object holds, or what it points to."""
    try:
        now = path.lstat()
        if not stat.S_ISREG(now.st_mode):
            return False
        if stored.pointer is not None and now.st_size == stored.pointer[1]:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == stored.pointer[0]
    except OSError:
        return False
    return now.st_size == stored.size and is_object(path, object)
