# SPDX-License-Identifier: Apache-2.0
"""Running a program that may hang, print without end or take all memory."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from portkit.model.errors import PortkitError

try:
    import resource
except ImportError:  # not on Windows: there is no such limit there
    resource = None  # type: ignore[assignment]

SECONDS = 120.0  # of one call, as for one file in a worker
MEMORY = 2 << 30  # bytes of data a program may hold; files that it maps do not count
_STEP = 1 << 16
_WORDS = 1 << 14  # bytes that are kept of what it complains about


def find_program(name: str) -> str | None:
    """Return the path of a program in PATH, None when there is none.

    Relative entries of PATH are passed over: they would be looked up in the tree that is read.
    """
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join(e for e in entries if Path(e).is_absolute()))


def run_program(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    feed: IO[bytes] | None,
    take: Callable[[bytes], None],
) -> tuple[int, bytes]:
    """Run `command` in `folder`, giving its output to `take` piece by piece.

    Returns (status, start of its complaints). `feed` is a file to read from. Raises PortkitError
    when the time is up, OSError when it cannot be started; what `take` raises ends it too.
    """
    end = time.monotonic() + SECONDS
    # A session of its own: all that it started ends with it.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=feed or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _bound_memory(process.pid)
        words = _drain(process, take, end)
        return process.wait(max(0.0, end - time.monotonic())), words
    except subprocess.TimeoutExpired as error:
        said = f"{Path(command[0]).name} did not end within {SECONDS:g} seconds; it was stopped"
        raise PortkitError(said, os.fspath(folder)) from error
    finally:
        if process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _drain(process: subprocess.Popen[bytes], take: Callable[[bytes], None], end: float) -> bytes:
    """Read both outputs to their ends; return the start of the second. Raises TimeoutExpired."""
    assert process.stdout is not None and process.stderr is not None
    words = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        waiting.register(process.stderr, selectors.EVENT_READ)
        while waiting.get_map():
            left = end - time.monotonic()
            ready = waiting.select(left) if left > 0 else []
            if not ready:
                raise subprocess.TimeoutExpired(process.args, SECONDS)
            for key, _ in ready:
                piece = os.read(key.fd, _STEP)
                if not piece:
                    waiting.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    take(piece)
                elif len(words) < _WORDS:
                    words += piece
    return words


def _bound_memory(pid: int) -> None:
    if hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError, ValueError):  # it may have ended already
            resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
