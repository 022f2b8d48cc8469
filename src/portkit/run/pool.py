# SPDX-License-Identifier: Apache-2.0
"""Clang's work in worker processes: one that crashes, hangs or eats memory loses its file, not the run."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from portkit.scan.cxx.work import UnitResult, UnitTask, close_session, run_unit

log = logging.getLogger(__name__)

LIMIT_SECONDS = 120.0
LIMIT_BYTES = 6 << 30


class _Worker:
    """A process that runs units by index; the tasks come with the fork."""

    def __init__(self, tasks: Sequence[UnitTask]) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far, tasks), daemon=True)
        self.process.start()
        far.close()
        self.index, self.started = -1, 0.0

    def give(self, index: int) -> None:
        self.index, self.started = index, time.monotonic()
        self.connection.send(index)

    def stop(self, kill: bool = False) -> None:
        with contextlib.suppress(OSError, BrokenPipeError):
            self.connection.send(None)
        if kill:
            self.process.kill()
        self.process.join(2)
        if self.process.is_alive():
            self.process.kill()
        self.connection.close()


def _serve(connection: Connection[Any, Any], tasks: Sequence[UnitTask]) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while (index := connection.recv()) is not None:
            connection.send(_guarded(tasks[index]))
    close_session()


def _guarded(task: UnitTask) -> UnitResult:
    try:
        return run_unit(task)
    except MemoryError:
        return UnitResult(task.questions[0].rel, failed=True, limit=True)
    except Exception as error:
        log.warning("the Clang rung failed on %s: %s: %s", task.request.path, type(error).__name__, error)
        return UnitResult(task.questions[0].rel, failed=True)


def run_units(tasks: Sequence[UnitTask], jobs: int, progress: Callable[[int, int], None] | None = None) -> list[UnitResult]:
    """Run all tasks on up to `jobs` processes, large ones first; results come in the order of the tasks."""
    order = sorted(range(len(tasks)), key=lambda i: -len(tasks[i].request.data))
    results: list[UnitResult | None] = [None] * len(tasks)
    for done, (index, result) in enumerate(_run(tasks, order, max(1, min(jobs, len(tasks)))), 1):
        results[index] = result
        if progress is not None:
            progress(done, len(tasks))
    return [r for r in results if r is not None]


def _run(tasks: Sequence[UnitTask], order: list[int], jobs: int) -> Iterator[tuple[int, UnitResult]]:
    if not tasks:
        return
    queue = list(reversed(order))
    workers = [_Worker(tasks) for _ in range(jobs)]
    ended = False
    try:
        for worker in workers:
            if queue:
                worker.give(queue.pop())
        while any(w.index >= 0 for w in workers):
            busy = [w for w in workers if w.index >= 0]
            ready = set(wait([w.connection for w in busy], timeout=1.0))
            for worker in busy:
                late = time.monotonic() - worker.started > LIMIT_SECONDS
                if worker.connection not in ready and not late:
                    continue
                index = worker.index
                try:
                    if worker.connection not in ready:
                        raise EOFError
                    result = worker.connection.recv()
                except (EOFError, OSError):
                    result = UnitResult(tasks[index].questions[0].rel, failed=True, limit=late)
                    worker.stop(kill=True)
                    workers[workers.index(worker)] = worker = _Worker(tasks)
                worker.index = -1
                if queue:
                    worker.give(queue.pop())
                yield index, result
        ended = True
    finally:
        for worker in workers:
            worker.stop(kill=not ended)
