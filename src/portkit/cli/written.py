# SPDX-License-Identifier: Apache-2.0
"""What the running command has written so far, in words: for a run that is interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from portkit.model.errors import PortkitError

WRITTEN: list[str] = []

State = tuple[bool, tuple[int, ...]]


@contextlib.contextmanager
def writing(state: Callable[[], State], half: str, done: str) -> Iterator[None]:
    """Run the block that replaces files of a tree, and keep `WRITTEN` true whenever it is left.

    `state`: of the journal, (a run is pending, numbers of the runs that are done). `half` is what
    to say while files of both kinds may stand there, `done` when it was left after all of them
    were written. Nothing is said of a block that took everything back, nor of one that ended well.
    """
    before = state()[1]
    WRITTEN.append(half)  # first of all: a second Ctrl-C may come at any moment
    try:
        yield
    except BaseException:
        with contextlib.suppress(PortkitError):
            pending, now = state()
            if not pending:
                WRITTEN.remove(half)
                if now != before:
                    WRITTEN.append(done)
        raise
    WRITTEN.remove(half)
