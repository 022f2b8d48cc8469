# SPDX-License-Identifier: Apache-2.0
"""A run that a signal ends (SIGTERM, SIGHUP: a cancelled CI job, `timeout`, a closed terminal)
unwinds as Ctrl-C does.

Writing is taken back or stays to be finished, workers end, temporary files go. What ignores a
signal, as `nohup` has it, goes on ignoring it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_taken: list[int] = []


class Ended(KeyboardInterrupt):
    """A signal asked for the end of the run."""


def take_signals() -> None:
    """Have the signals that end a run raise Ended in the main thread."""
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def take_at_once() -> None:
    """Have these signals end the process on the spot: for a server, which writes nothing and waits
    in many threads.
    """
    for number in _ENDING:
        if signal.getsignal(number) is _end:
            signal.signal(number, _end_now)


def _end_now(number: int, frame: object) -> None:
    _taken.append(number)
    leave_at_once()


def _end(number: int, frame: object) -> NoReturn:
    _taken.append(number)
    for other in _ENDING:
        # taking back what was begun is not cut short by being asked twice
        signal.signal(other, signal.SIG_IGN)
    raise Ended


def code_of(code: int) -> int:
    """Return the exit code: 128 and the number of the signal that ended the run, as a shell has it,
    else `code`.
    """
    return 128 + _taken[0] if _taken else code


def leave_at_once() -> None:
    """End a process that a signal ended, whatever other threads are at: the workers, what they have
    on disk, itself.

    Does nothing when no signal came.
    """
    if _taken:
        pool = sys.modules.get("portkit.run.pool")
        try:
            if pool is not None:
                pool.end_all()
        finally:
            os._exit(code_of(0))
