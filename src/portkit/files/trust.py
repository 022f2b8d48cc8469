# SPDX-License-Identifier: Apache-2.0
"""Whether what lies at a path can only have come from this user: what others can write is not
believed.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from pathlib import Path

_OTHERS_WRITE, _OTHERS_ENTER = 0o022, 0o011
_MOST_LINKS = 40


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user only. Raises OSError when
    that cannot be.
    """
    for place in reversed([folder, *folder.parents]):
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)


def distrust_folder(folder: Path) -> str:
    """Return why others could have put what is in a folder of this user's; empty when they could
    not.

    The folder must be this user's and writable by nobody else. What leads to it, links as well,
    must belong to the user or to root, and nobody else may be able to exchange it: a folder above
    may be open to others where it is sticky, where a folder above it lets them not in, or where it
    holds the user's home, as all that the user has can be exchanged there. Raises OSError when
    there is no such folder.
    """
    if not hasattr(os, "getuid"):
        return ""
    own, me = _Way(), os.getuid()
    place = own.follow(folder)
    if own.fault:
        return own.fault
    s = place.lstat()
    if s.st_uid != me:
        return f"{place} belongs to another user"
    return f"{place} can be written by others (chmod go-w)" if s.st_mode & _OTHERS_WRITE else ""


def distrust_file(path: Path) -> str:
    """Return why others could have written a file in a folder that is trusted; empty when they
    could not or there is none.
    """
    try:
        s = path.lstat()
    except FileNotFoundError:
        return ""
    if not stat.S_ISREG(s.st_mode):
        return f"{path} is no file"
    if not hasattr(os, "getuid"):
        return ""
    if s.st_uid != os.getuid():
        return f"{path} belongs to another user"
    return f"{path} can be written by others" if s.st_mode & _OTHERS_WRITE else ""


class _Way:
    """The way to a folder, step by step as the system goes it. `fault`: what on it others could
    exchange.
    """

    def __init__(self) -> None:
        self.fault = ""
        # root has another number in a user's own name space
        self._trusted = (0, os.getuid(), Path("/").stat().st_uid)
        self._seen: dict[Path, os.stat_result] = {}

    def follow(self, path: Path) -> Path:
        """Return where a path leads without links. Raises OSError when it leads nowhere."""
        parts, links = deque(path.absolute().parts), 0
        place = Path(parts.popleft())
        while parts:
            self._pass(place)
            name = parts.popleft()
            entry = place.parent if name == ".." else place / name
            s = entry.lstat()
            if not stat.S_ISLNK(s.st_mode):
                place = entry
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(f"too many links on the way to {path}")
            if s.st_uid not in self._trusted:
                self.fault = self.fault or f"{entry} is a link of another user's"
            target = entry.readlink()
            place = Path(target.anchor) if target.is_absolute() else place
            parts.extendleft(reversed(target.parts[1:] if target.is_absolute() else target.parts))
        return place

    def _pass(self, place: Path) -> None:
        """Look at a folder on the way."""
        s = self._stat(place)
        if s.st_uid not in self._trusted:
            self.fault = self.fault or f"{place} belongs to another user"
            return
        safe = s.st_mode & stat.S_ISVTX or self._shut(place) or _above_home(place)
        if s.st_mode & _OTHERS_WRITE and not safe:
            self.fault = self.fault or f"{place} can be written by others (chmod go-w)"

    def _shut(self, place: Path) -> bool:
        return any(not self._stat(above).st_mode & _OTHERS_ENTER for above in place.parents)

    def _stat(self, place: Path) -> os.stat_result:
        known = self._seen.get(place)
        if known is None:
            known = self._seen[place] = place.lstat()
        return known


def _above_home(place: Path) -> bool:
    try:
        return place in Path(os.path.realpath(Path.home())).parents
    except RuntimeError:
        return False
