# SPDX-License-Identifier: Apache-2.0
"""Which clone of a tree stands at a path: a journal belongs to the clone, not to the path.

Nothing is written into the tree for it. A repository carries a mark from its making: the time of
a file that git writes once. It lasts through renames, copies of file systems and restarts. Without
a repository the birth time of the root folder tells, and where the file system has none its inode
number, which a folder made anew at the same path may get again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from pathlib import Path

import msgspec

_ONCE = ("description", "commondir")  # written when a repository or a work tree is made, then never
_STATX_BTIME, _AT_FDCWD, _AT_SYMLINK_NOFOLLOW = 0x800, -100, 0x100
_STATX_SIZE, _BTIME_AT = 256, 80  # of Linux' struct statx, in bytes


class Clone(msgspec.Struct, frozen=True, omit_defaults=True):
    """What tells a clone from another one.

    `root`: the real path in hex. `git`: the repository's mark, empty without one. `birth`: of the
    root folder, in nanoseconds, 0 where unknown. `inode`: of the root folder.
    """

    root: str
    git: str = ""
    birth: int = 0
    inode: int = 0

    @property
    def path(self) -> Path:
        """The real path of the root."""
        return Path(os.fsdecode(bytes.fromhex(self.root)))

    def is_still(self, now: Clone) -> bool:
        """Return whether `now`, found at the same path, is this clone."""
        if self.root != now.root:
            return False
        if self.git and now.git:
            return self.git == now.git
        if self.birth and now.birth:
            return self.birth == now.birth
        return self.inode == now.inode

    def is_moved(self, now: Clone) -> bool:
        """Return whether `now`, found at another path, is this clone after a rename."""
        same = (self.git, self.birth, self.inode) == (now.git, now.birth, now.inode)
        return same and bool(self.git or self.birth) and not self.is_there()

    def is_there(self) -> bool:
        """Return whether this clone still stands at its path."""
        try:
            return self.is_still(identify(self.path))
        except OSError:
            return False


def identify(root: Path) -> Clone:
    """Return what tells the clone at the real folder `root`. Raises OSError when it is not there."""
    found = root.stat()
    return Clone(os.fsencode(root).hex(), _mark(root), _birth(root, found), found.st_ino)


def settle(root: Path) -> None:
    """Let the folder `root` get its lasting birth time, before it is asked for it.

    A folder of a container's image gets another one when it is first written to; setting its
    times to what they are is such a write and changes nothing.
    """
    with contextlib.suppress(OSError):
        found = root.stat()
        os.utime(root, ns=(found.st_atime_ns, found.st_mtime_ns))


def _mark(root: Path) -> str:
    """Return the mark of the repository that holds `root`, or an empty one."""
    for folder in (root, *root.parents):
        place = folder / ".git"
        if os.path.lexists(place):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
                return _made(_git_folder(place))
            return ""  # names a folder that is gone, or is no repository
    return ""


def _git_folder(place: Path) -> Path:
    """Return the folder that a `.git` is or, as a file, names. Raises OSError or ValueError."""
    if place.is_dir():
        return place
    if not place.is_file():
        raise ValueError("is no file")
    with place.open("rb") as stream:
        line = stream.read(4096).partition(b"\n")[0]
    if not line.startswith(b"gitdir: "):
        raise ValueError("names no folder")
    return place.parent / os.fsdecode(line.removeprefix(b"gitdir: "))


def _made(folder: Path) -> str:
    for name in _ONCE:
        with contextlib.suppress(FileNotFoundError):
            return f"{name} {(folder / name).stat().st_mtime_ns}"
    return f"born {_birth(folder, folder.stat())}"


def _birth(folder: Path, found: os.stat_result) -> int:
    """Return when a folder was made, in nanoseconds; 0 where the system does not say."""
    told = getattr(found, "st_birthtime", None)
    if told is not None:
        return int(told * 1_000_000_000)
    if not sys.platform.startswith("linux"):
        return 0
    try:
        statx = ctypes.CDLL(None).statx
    except (OSError, AttributeError):
        return 0
    data = ctypes.create_string_buffer(_STATX_SIZE)
    if statx(_AT_FDCWD, os.fsencode(folder), _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, data):
        return 0
    seconds, nanoseconds = struct.unpack_from("<qI", data, _BTIME_AT)
    (mask,) = struct.unpack_from("<I", data, 0)
    return int(seconds) * 1_000_000_000 + int(nanoseconds) if mask & _STATX_BTIME else 0
