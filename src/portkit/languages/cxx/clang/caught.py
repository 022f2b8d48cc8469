# SPDX-License-Identifier: Apache-2.0
"""What libclang prints by itself is caught. Its report of a crash holds file names as they are, and
a pragma of a source (`#pragma clang __debug macro X`, `dump`) makes it print what the source says:
neither is for a terminal or the log of a CI.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator

try:
    import fcntl
except ImportError:  # pragma: no cover (only on systems without POSIX)
    fcntl = None  # type: ignore[assignment]

# bytes that are kept of what one unit prints; more is refused, so a source cannot fill a disk or
# the memory
BOUND = 1 << 16
_LINES, _WIDTH = 20, 300  # that are shown
_STREAMS = (1, 2)


@contextlib.contextmanager
def caught() -> Iterator[Callable[[], list[str]]]:
    """Keep the process's standard output and error away from libclang while the block runs.

    Yields what returns, afterwards, the first lines of what was printed, as they came: escape them
    before you show them. Not for a process with other threads that print meanwhile: their words are
    caught too.
    """
    said: list[str] = []
    with contextlib.ExitStack() as stack:
        try:
            # not those of the process that this one was forked from
            sink, streams = _streams(os.getpid())
            os.lseek(sink, 0, os.SEEK_SET)
            for stream, kept in streams:
                os.dup2(sink, stream)
                stack.callback(os.dup2, kept, stream)
        except OSError:  # no descriptors left: libclang cannot open a file then either
            yield lambda: said
            return
        yield lambda: said
        size = min(os.lseek(sink, 0, os.SEEK_CUR), BOUND)
        text = os.pread(sink, size, 0).decode("utf-8", "surrogateescape") if size else ""
        said += [line[:_WIDTH] for line in text.split("\n") if line.strip()][:_LINES]


@functools.cache
def _streams(process: int) -> tuple[int, list[tuple[int, int]]]:
    """Return where to this process may print instead, and its own streams that are open, each with
    a copy of it.
    """
    kept = []
    for stream in _STREAMS:
        with contextlib.suppress(OSError):  # closed by who started portkit
            os.fstat(stream)
            kept.append((stream, os.dup(stream)))
    return _sink(), kept


def _sink() -> int:
    """Return a file in memory of a size that nothing can change; where the system has none, what
    takes all and keeps nothing.
    """
    try:
        sink = os.memfd_create("portkit-caught", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(sink, BOUND)
        fcntl.fcntl(sink, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    except (AttributeError, OSError):
        return os.open(os.devnull, os.O_RDWR)
    return sink
