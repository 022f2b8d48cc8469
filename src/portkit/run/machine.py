# SPDX-License-Identifier: Apache-2.0
"""How large the machine is for this process: what its control group and its own limits leave it of
memory and cores.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
_UNKNOWN_BYTES = 4 << 30  # of a system that does not say


def memory_bytes(groups: Path = GROUPS, own: Path = OWN_GROUPS) -> int:
    """Return the bytes of memory that this process and its children can have together.

    The least of what the machine has, of the limits of all control groups around this process (both
    versions) and of its own limit of address space. `groups`, `own`: where the system shows the
    groups, and those of this process.
    """
    found = [_physical_bytes(), _own_limit()]
    for folder in _folders(groups, own, "memory"):
        found += [_number(folder / name) for name in ("memory.max", "memory.limit_in_bytes")]
    return min((n for n in found if n), default=_UNKNOWN_BYTES)


def cores(groups: Path = GROUPS, own: Path = OWN_GROUPS) -> int:
    """Return how many processors this process can keep busy: at least 1. `groups`, `own`: as for
    `memory_bytes`.
    """
    count = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        count = min(count, len(os.sched_getaffinity(0)))
    for folder in _folders(groups, own, "cpu"):
        first = [_number(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        quota, period = _words(folder / "cpu.max") or first
        if quota and period:
            count = min(count, -(-quota // period))
    return max(count, 1)


def _physical_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


def _own_limit() -> int:
    try:
        import resource
    except ImportError:
        return 0
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return 0 if soft == resource.RLIM_INFINITY else soft


def _folders(groups: Path, own: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the groups that hold this process, inner ones first; a container sees
    only some of them.
    """
    try:
        lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = ["0::/"]
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if number == "0" and not controllers:
            top = groups
        elif controller in controllers.split(","):
            top = groups / controller
        else:
            continue
        path = PurePosixPath(name.lstrip("/"))
        for inner in (path, *path.parents):
            if ".." not in inner.parts:
                yield top / inner


def _words(path: Path) -> tuple[int, int] | None:
    """Return both numbers of a file that holds two, 0 for one that is none; None when there is no
    such file.
    """
    try:
        words = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    numbers = [int(w) if w.isdecimal() else 0 for w in words[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _number(path: Path) -> int:
    """Return the number that a file holds; 0 when it holds none, such as `max` or -1."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdecimal() else 0
