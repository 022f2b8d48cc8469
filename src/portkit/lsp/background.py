# SPDX-License-Identifier: Apache-2.0
"""Work for an editor on a thread of its own, one piece at a time, so that the editor's messages
never wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Background(Generic[Result]):
    """The last work asked for of each subject. What was asked before and has not begun is never
    done.

    Use it from one event loop. Python cannot stop what has begun: who asked must see whether it is
    still wanted.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "portkit-analysis")
        self._wanted: dict[str, Hashable] = {}
        self._asked: dict[str, asyncio.Future[Result | None]] = {}

    async def result(
        self, subject: str, key: Hashable, work: Callable[[], Result]
    ) -> Result | None:
        """Return what `work` makes, done once for a subject and key; None when another key was
        asked for before it began.
        """
        if subject not in self._asked or self._wanted[subject] != key:
            self._wanted[subject] = key
            self._asked[subject] = asyncio.get_running_loop().run_in_executor(
                self._thread, self._do, subject, key, work
            )
        # a request that is cancelled leaves it to the others
        return await asyncio.shield(self._asked[subject])

    def _do(self, subject: str, key: Hashable, work: Callable[[], Result]) -> Result | None:
        return work() if self._wanted.get(subject) == key else None

    def forget(self, subject: str) -> None:
        """Drop what is known of a subject, and what waits."""
        self._wanted.pop(subject, None)
        self._asked.pop(subject, None)

    def close(self) -> None:
        """Begin nothing more."""
        self._wanted.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)
