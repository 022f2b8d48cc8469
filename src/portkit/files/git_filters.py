# SPDX-License-Identifier: Apache-2.0
"""Files that git would compare through a program, a content filter: compared without it.

Such a file is as git stored it when its times and size are those that the index noted, or when it
is what a pointer of Git LFS says. Else nobody knows, and it counts as changed: a finding too many,
never one too few.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from portkit.files.git_view import View
from portkit.model import PortkitError

_ENTRY = re.compile(
    rb"(?P<tag>\S) (?P<mode>\d+) (?P<object>[0-9a-f]+) \d\t(?P<name>[^\0]+)\0"
    rb"  ctime: (?P<ctime>\d+:\d+)\n  mtime: (?P<mtime>\d+:\d+)\n"
    rb"  dev: \d+\tino: (?P<ino>\d+)\n  uid: \d+\tgid: \d+\n  size: (?P<size>\d+)\tflags: \w+\n"
)
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_SIZE = re.compile(rb"^([0-9a-f]{40,64}) blob (\d{1,18})\n", re.MULTILINE)
_LONGEST_POINTER = 1024  # bytes, by the specification of Git LFS


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index says of a file. Times are in nanoseconds; size and inode are cut to 32 bits."""

    object: str
    ctime: int
    mtime: int
    inode: int
    size: int
    is_unwatched: bool  # marked assume-unchanged or skip-worktree: git does not look at the file


def read_index(view: View, folder: Path) -> dict[bytes, Entry]:
    """Return the entries of the index under `folder`, by name relative to it; of a conflict the last one.

    Raises PortkitError when git prints something else.
    """
    output = view.ask(["ls-files", "-z", "-v", "--stage", "--debug"], folder).output
    entries: dict[bytes, Entry] = {}
    end = 0
    for match in _ENTRY.finditer(output):
        if match.start() != end:
            break
        end = match.end()
        watched = match["tag"] not in b"S" and not match["tag"].islower()
        entries[match["name"]] = Entry(
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


def filtered(view: View, folder: Path, names: Iterable[bytes]) -> set[bytes]:
    """Return those of `names`, relative to `folder`, whose content goes through a filter."""
    feed = b"\0".join(names)
    if not feed:
        return set()
    fields = view.ask(["check-attr", "-z", "--stdin", "filter"], folder, feed=feed).output.split(
        b"\0"
    )
    plain = (b"unspecified", b"unset")
    return {
        name for name, value in zip(fields[0::3], fields[2::3], strict=False) if value not in plain
    }


def as_stored(
    view: View, folder: Path, objects: Mapping[bytes, str], index: Mapping[bytes, Entry]
) -> set[bytes]:
    """Return the names of `objects` whose files are known to be what git stored as that object."""
    noted = _written(view.repository.git_dir / "index")
    same = {
        name
        for name, object in objects.items()
        if name in index
        and index[name].object == object
        and _is_noted(folder, name, index[name], noted)
    }
    rest = {name: object for name, object in objects.items() if name not in same}
    pointers = _pointers(view, set(rest.values()))
    return same | {
        name
        for name, object in rest.items()
        if object in pointers and _is_pointed(folder, name, *pointers[object])
    }


def _nanoseconds(time: bytes) -> int:
    seconds, _, rest = time.partition(b":")
    return int(seconds) * 1_000_000_000 + int(rest)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _is_noted(folder: Path, name: bytes, entry: Entry, noted: int) -> bool:
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


def _pointers(view: View, objects: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return {object: (hash, size)} for those of `objects` that are pointers of Git LFS."""
    asked = sorted(o for o in objects if o.strip("0"))
    if not asked:
        return {}
    feed = "".join(f"{o}\n" for o in asked).encode()
    sizes = view.ask(["cat-file", "--batch-check"], feed=feed).output
    # An object that is not here has no size: a clone may be partial, and nothing is fetched.
    small = [m[1] for m in _SIZE.finditer(sizes) if int(m[2]) <= _LONGEST_POINTER]
    if not small:
        return {}
    contents = view.ask(["cat-file", "--batch"], feed=b"\n".join(small) + b"\n").output
    found: dict[str, tuple[str, int]] = {}
    while match := _SIZE.match(contents):
        end = match.end() + int(match[2])
        pointer = _POINTER.fullmatch(contents, match.end(), end)
        if pointer is not None:
            found[match[1].decode()] = (pointer[1].decode(), int(pointer[2]))
        contents = contents[end + 1 :]
    return found


def _is_pointed(folder: Path, name: bytes, wanted: str, size: int) -> bool:
    path = folder / os.fsdecode(name)
    try:
        now = path.lstat()
        if not stat.S_ISREG(now.st_mode) or now.st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted
    except OSError:
        return False
