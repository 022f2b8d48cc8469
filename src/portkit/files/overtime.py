# SPDX-License-Identifier: Apache-2.0
"""The processor time of the command's own process: planning, rules and reports, which no worker
does.

A command that runs out of it ends with one line, instead of holding up a CI job for as long as a
tree asks it to. The time is a hundred times what code takes that people write, so it is for trees
that are made to be slow.
"""

from __future__ import annotations

import signal
import threading

from portkit.model.errors import PortkitError

LEAST_SECONDS = 300.0
SECONDS_A_BYTE = 20e-6  # of the files that are read; four code bases took 0.2e-6
_enabled = False


class Overtime(PortkitError):
    """The command took more processor time than a tree of its size may have."""


def enable() -> None:
    """Have `allow` bound this process: it is one command's, and nothing else's."""
    global _enabled
    _enabled = True


def allow(size: int = 0) -> None:
    """Give the process time for a tree of `size` bytes from now on; raise Overtime in the main
    thread when it is over.

    Does nothing in a process that was not enabled, or in another thread: a server's analysis is not
    a command.
    """
    if not _enabled or threading.current_thread() is not threading.main_thread():
        return
    seconds = LEAST_SECONDS + size * SECONDS_A_BYTE
    if signal.getsignal(signal.SIGPROF) in (signal.SIG_DFL, _over):
        signal.signal(signal.SIGPROF, _over)
        signal.setitimer(signal.ITIMER_PROF, seconds, seconds)


def _over(number: int, frame: object) -> None:
    message = "this tree takes more time than one of its size may have"
    raise Overtime(message, hint="leave files out with --exclude")
