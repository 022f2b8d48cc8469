# SPDX-License-Identifier: Apache-2.0
"""Jobs in worker processes: one that crashes, hangs or eats memory loses its job, not the run.

Workers are forked when the first job comes, so a run that finds all in the cache starts none. A job
goes to the worker that has its main file in memory; one that is idle takes the largest job of the
worker with most left to do.
"""

from __future__ import annotations

import contextlib
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from portkit.languages.jobs import Each, Fault, Job, Lost, encode
from portkit.model.errors import PortkitError
from portkit.run.budget import WAITING, Budget
from portkit.run.scratch import Scratch, clear_leftovers
from portkit.run.worker import DIED, DONE, FAILED, MEMORY, WORN, JobAnswer, Serve, Worker

_AHEAD = 2  # jobs that a worker holds, so that it need not wait for the next one
# of a job that is sent ahead: a larger one could fill the pipe while the worker waits to be rid of
# a result
_PIPED_BYTES = 32_768
_TICK_SECONDS = 1.0
_living: set[Pool] = set()


_Taken = tuple[bytes | Lost, float, bool]


class _Place(msgspec.Struct, eq=False):
    """A worker and its jobs: those sent, with the seconds granted to each, and those that it is to
    have.
    """

    worker: Worker
    held: deque[tuple[int, float]] = msgspec.field(default_factory=deque)
    queue: deque[int] = msgspec.field(default_factory=deque)
    started: float = 0.0


class Pool:
    """Up to `jobs` worker processes for one run (0: one a core). Use it as a context manager."""

    def __init__(
        self,
        serve: Serve,
        jobs: int,
        progress: Callable[[int, int], None] | None = None,
        budget: Budget | None = None,
        prepare: Callable[[], object] = lambda: None,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        """`prepare` is called before the first worker is forked: what it loads, all workers share;
        `meanwhile` once they parse.
        """
        self._serve, self._jobs, self._progress, self._budget = serve, jobs, progress, budget
        self._prepare, self._meanwhile = prepare, meanwhile
        self._places: list[_Place] = []
        self._scratch: Scratch | None = None
        self._cleared = False
        self._answers = selectors.DefaultSelector()
        self._home: dict[str, int] = {}
        # Whoever ends the pool may stand in another thread, or in a signal's handler of this one.
        self._starting, self._ended = threading.RLock(), False
        self._started: list[Worker] = []  # those that live, whether they have a place yet or not

    def __enter__(self) -> Pool:
        _living.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._answers.close()
        _living.discard(self)

    def end(self) -> None:
        """End all workers at once and remove what they left on disk: they hold nothing that is not
        here.
        """
        with self._starting:
            self._ended = True
        for step in (Worker.kill, Worker.end):
            for worker in self._started:
                with contextlib.suppress(OSError):  # another thread was about to do the same
                    step(worker)
        if self._scratch is not None:
            self._scratch.close()

    def run(self, jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        """Do all jobs; results come in the order of the jobs, whatever the number of workers.

        With `each` the jobs are begun in their order, and it is called with the number and the
        result of every one as it comes, while the workers go on.
        """
        results: list[bytes | Lost] = [Lost()] * len(jobs)
        if not jobs:
            return results
        budget = self._begin(jobs)
        self._share(jobs, large_first=each is None)
        shown = self._progress if jobs[0].heavy else None
        done = 0
        for place in self._places:
            self._feed(place, jobs, budget)
        self._use_time(jobs)
        while any(place.held for place in self._places):
            ready = {key.data for key, _ in self._answers.select(_TICK_SECONDS)}
            now = time.monotonic()
            for place in [p for p in self._places if p.held]:
                index, granted = place.held[0]
                late = now - place.started > granted * WAITING
                if place not in ready and not late:
                    continue
                place.held.popleft()
                if not place.held:
                    self._answers.unregister(place.worker.answers)
                late = late and place not in ready
                results[index], used, fit = self._take(place, jobs[index], granted, late)
                budget.settle(jobs[index], granted, used)
                if fit:
                    place.started = time.monotonic()
                else:
                    self._retire(place, jobs, budget)
                self._feed(place, jobs, budget)
                if each is not None:
                    each(index, results[index])
                done += 1
                if shown is not None:
                    shown(done, len(jobs))
        return results

    def _use_time(self, jobs: Sequence[Job]) -> None:
        """Do once what can be done while workers are busy."""
        if not self._cleared:
            clear_leftovers()
            self._cleared = True
        if self._meanwhile is not None and jobs[0].heavy:
            self._meanwhile()
            self._meanwhile = None

    def _begin(self, jobs: Sequence[Job]) -> Budget:
        """Start the workers that the jobs need and that are not there yet; return the budget of the
        run.
        """
        if not self._places:
            self._prepare()
        budget = self._budget = self._budget or Budget(self._jobs)
        with self._starting:
            if not self._places and not self._ended:
                self._scratch = _scratch()
        while len(self._places) < min(budget.workers, len(jobs)):
            self._places.append(_Place(self._worker(budget)))
        return budget

    def _worker(self, budget: Budget) -> Worker:
        try:
            folder = self._scratch.folder if self._scratch is not None else None
            with self._starting:
                # a worker in the place of one that was ended would outlive the pool
                if self._ended:
                    raise PortkitError("the run was ended")
                worker = Worker(self._serve, budget.worker_bytes, folder)
                self._started = [*(w for w in self._started if w.pid), worker]
                return worker
        except OSError as error:
            message = f"no worker process can be started: {error.strerror}"
            raise PortkitError(message, hint="allow more processes and open files") from error

    @staticmethod
    def _take(place: _Place, job: Job, granted: float, late: bool) -> _Taken:
        """Return what came of the job that a worker is at, the seconds that it used, and whether
        the worker can go on.
        """
        try:
            if late:
                raise EOFError
            answer = place.worker.receive()
        except EOFError:
            return Lost(limit=place.worker.end() or late), granted, False
        return result_of(job, answer), answer.seconds, answer.kind in (DONE, FAILED)

    def _share(self, jobs: Sequence[Job], large_first: bool) -> None:
        """Queue the jobs, large ones first or as they come: where their main file is known, else
        where least is to do.
        """
        load = [0] * len(self._places)
        for index in sorted(range(len(jobs)), key=lambda i: -jobs[i].size if large_first else i):
            job = jobs[index]
            home = self._home.get(job.files[0].rel)
            if home is None or home >= len(load):
                home = min(range(len(load)), key=lambda w: load[w])
            load[home] += job.size + 1
            self._places[home].queue.append(index)
            for file in job.files:
                self._home.setdefault(file.rel, home)

    def _feed(self, place: _Place, jobs: Sequence[Job], budget: Budget) -> None:
        while len(place.held) < _AHEAD:
            if not place.queue:
                other = max(self._places, key=lambda p: len(p.queue))
                if not other.queue:
                    return
                place.queue.append(other.queue.popleft())
            data = encode(jobs[place.queue[0]])
            if not place.held:
                if not place.worker.pid:
                    place.worker = self._worker(budget)
                place.started = time.monotonic()
                self._answers.register(place.worker.answers, selectors.EVENT_READ, place)
            elif len(data) > _PIPED_BYTES:
                return
            index = place.queue.popleft()
            granted = budget.grant(jobs[index])
            place.held.append((index, granted))
            place.worker.send(data, granted)

    def _retire(self, place: _Place, jobs: Sequence[Job], budget: Budget) -> None:
        """End a worker that cannot go on; what it held beyond the job taken is queued again, for
        another in its place.
        """
        if place.held:
            self._answers.unregister(place.worker.answers)
        place.worker.end()
        for index, granted in reversed(place.held):
            budget.settle(jobs[index], granted, 0)
            place.queue.appendleft(index)
        place.held.clear()


def result_of(job: Job, answer: JobAnswer) -> bytes | Lost:
    """Return a job's result as it came from a worker, or how the job was lost."""
    if answer.kind == FAILED:
        return Lost(fault=msgspec.msgpack.decode(answer.data, type=Fault))
    if answer.kind == DIED:
        return Lost()
    if answer.kind == MEMORY:
        return Lost(limit=True)
    if answer.kind == WORN and job.gave_up(answer.data):
        return Lost(limit=True)
    return answer.data


def end_all() -> None:
    """End the workers of all pools of this process, also those of other threads: the process is
    about to end.
    """
    for pool in list(_living):
        pool.end()


def _scratch() -> Scratch | None:
    try:
        return Scratch()
    except OSError:
        return None  # there is no place for temporary files: those who need some will say so
