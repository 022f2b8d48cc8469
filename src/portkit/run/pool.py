# SPDX-License-Identifier: Apache-2.0
"""Jobs in worker processes: one that crashes, hangs or eats memory loses its job, not the run.

Workers are forked when the first job comes, so a run that finds all in the cache starts none. A job goes to the worker
that has its main file in memory; one that is idle takes the largest job of the worker with most left to do.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from portkit.scan.cxx.jobs import Job, UnitJob, encode
from portkit.scan.cxx.tree import Each, Lost

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

log = logging.getLogger(__name__)

LIMIT_SECONDS = 120.0
LIMIT_BYTES = 6 << 30
_AHEAD = 2  # jobs that a worker holds, so that it need not wait for the next one
_PIPED_BYTES = 32_768  # of a job that is sent ahead: a larger one could fill the pipe while the worker waits to be rid of a result
_TICK_SECONDS = 1.0
Serve = Callable[[bytes], bytes]


class _Worker:
    """A process that does encoded jobs; the workshop comes with the fork."""

    def __init__(self, serve: Serve, limit_bytes: int) -> None:
        import multiprocessing  # not needed where all is in the cache

        context = multiprocessing.get_context("fork")
        self.connection, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far, serve, limit_bytes), daemon=True)
        self.process.start()
        far.close()
        self.held: deque[int] = deque()
        self.queue: deque[int] = deque()
        self.started = 0.0

    def stop(self, kill: bool = False) -> None:
        with contextlib.suppress(OSError):
            self.connection.send_bytes(b"")
        if kill:
            self.process.kill()
        self.process.join(2)
        if self.process.is_alive():
            self.process.kill()
        self.connection.close()


def _serve(connection: Connection[Any, Any], serve: Serve, limit_bytes: int) -> None:
    from portkit.scan.cxx.work import close_session

    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    os.environ["LIBCLANG_NOTHREADS"] = "1"  # a thread a parse, libclang's habit, gives its memory back each time
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    with contextlib.suppress(EOFError, KeyboardInterrupt, OSError):
        while job := connection.recv_bytes():
            connection.send_bytes(_guarded(serve, job))
    close_session()


def _guarded(serve: Serve, job: bytes) -> bytes:
    """Return b"+" and the result, or b"-" for a job that failed, b"!" for one that needed too much memory."""
    try:
        return b"+" + serve(job)
    except MemoryError:
        return b"!"
    except Exception as error:
        log.warning("a job failed: %s: %s", type(error).__name__, error)
        return b"-"


class Pool:
    """Up to `jobs` worker processes for one run. Use it as a context manager."""

    def __init__(
        self,
        serve: Serve,
        jobs: int,
        progress: Callable[[int, int], None] | None = None,
        limit_seconds: float = LIMIT_SECONDS,
        limit_bytes: int = LIMIT_BYTES,
        prepare: Callable[[], object] = lambda: None,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        """`prepare` is called before the first worker is forked: what it loads, all workers share; `meanwhile` once they parse."""
        self._serve, self._jobs, self._progress = serve, max(1, jobs), progress
        self._limit_seconds, self._limit_bytes = limit_seconds, limit_bytes
        self._prepare, self._meanwhile = prepare, meanwhile
        self._workers: list[_Worker] = []
        self._answers = selectors.DefaultSelector()
        self._home: dict[str, int] = {}

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for worker in self._workers:
            worker.stop(kill=kind is not None)
        self._answers.close()

    def run(self, jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        """Do all jobs; results come in the order of the jobs, whatever the number of workers.

        With `each` the jobs are begun in their order, and it is called with the number and the result of every one as it
        comes, while the workers go on.
        """
        results: list[bytes | Lost] = [Lost()] * len(jobs)
        if not jobs:
            return results
        if not self._workers:
            self._prepare()
        while len(self._workers) < min(self._jobs, len(jobs)):
            self._workers.append(_Worker(self._serve, self._limit_bytes))
        self._share(jobs, large_first=each is None)
        shown = self._progress if isinstance(jobs[0], UnitJob) else None
        done = 0
        for worker in self._workers:
            self._feed(worker, jobs)
        if self._meanwhile is not None and isinstance(jobs[0], UnitJob):
            self._meanwhile()
            self._meanwhile = None
        while busy := [w for w in self._workers if w.held]:
            ready = {key.data for key, _ in self._answers.select(_TICK_SECONDS)}
            for worker in busy:
                late = time.monotonic() - worker.started > self._limit_seconds
                if worker not in ready and not late:
                    continue
                index = worker.held.popleft()
                if not worker.held:
                    self._answers.unregister(worker.connection)
                try:
                    if worker not in ready:
                        raise EOFError
                    answer = worker.connection.recv_bytes()
                except (EOFError, OSError):
                    results[index] = Lost(limit=late)
                    self._replace(worker)
                else:
                    results[index] = answer[1:] if answer[:1] == b"+" else Lost(limit=answer == b"!")
                    worker.started = time.monotonic()
                self._feed(worker, jobs)
                if each is not None:
                    each(index, results[index])
                done += 1
                if shown is not None:
                    shown(done, len(jobs))
        return results

    def _share(self, jobs: Sequence[Job], large_first: bool) -> None:
        """Queue the jobs, large ones first or as they come: where their main file is known, else where least is to do."""
        load = [0] * len(self._workers)
        for index in sorted(range(len(jobs)), key=lambda i: -jobs[i].size if large_first else i):
            job = jobs[index]
            home = self._home.get(job.files[0].rel)
            if home is None or home >= len(load):
                home = min(range(len(load)), key=lambda w: load[w])
            load[home] += job.size + 1
            self._workers[home].queue.append(index)
            for file in job.files:
                self._home.setdefault(file.rel, home)

    def _feed(self, worker: _Worker, jobs: Sequence[Job]) -> None:
        while len(worker.held) < _AHEAD:
            if not worker.queue:
                other = max(self._workers, key=lambda w: len(w.queue))
                if not other.queue:
                    return
                worker.queue.append(other.queue.popleft())
            data = encode(jobs[worker.queue[0]])
            if not worker.held:
                worker.started = time.monotonic()
                self._answers.register(worker.connection, selectors.EVENT_READ, worker)
            elif len(data) > _PIPED_BYTES:
                return
            worker.held.append(worker.queue.popleft())
            with contextlib.suppress(OSError):  # a dead worker is noticed when its answer is awaited
                worker.connection.send_bytes(data)

    def _replace(self, worker: _Worker) -> None:
        """Start another process in the place of a dead or stuck one; what it held beyond the lost job is queued again."""
        if worker.held:
            self._answers.unregister(worker.connection)
        worker.stop(kill=True)
        fresh = _Worker(self._serve, self._limit_bytes)
        worker.connection, worker.process = fresh.connection, fresh.process
        worker.queue.extendleft(reversed(worker.held))
        worker.held.clear()
