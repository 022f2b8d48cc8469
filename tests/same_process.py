# SPDX-License-Identifier: Apache-2.0
"""A scan's jobs in the process of the test, as a worker does them but for the worker.

A forked worker begins with an unread libclang, unread stubs and a copy of this process's memory;
for the small trees of tests that is three quarters of a run. Jobs and results go through the same
bytes as between processes. Limits of time and memory, and crashes, are a worker's: tests about
them, and those with `-j 2`, have workers.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from unittest import mock

from portkit.languages.cxx.clang import output, questions
from portkit.languages.cxx.clang.session import ClangSession
from portkit.languages.jobs import Each, Job, Lost, encode
from portkit.run import worker
from portkit.run.budget import Budget
from portkit.run.pool import Pool, result_of
from portkit.run.worker import JobAnswer, Serve


@functools.cache
def session_of_tests() -> ClangSession:
    """Return Clang's session for all scans of this process; a worker forked from here must not find
    it, so it is not the product's.
    """
    return questions.process_session.__wrapped__()


class SameProcess:
    """Does jobs here and now, one after the other; stands for a `Pool` of one worker."""

    def __init__(
        self,
        serve: Serve,
        progress: Callable[[int, int], None] | None,
        prepare: Callable[[], object],
        meanwhile: Callable[[], object] | None,
    ) -> None:
        self._serve, self._progress = serve, progress
        self._prepare, self._meanwhile = prepare, meanwhile

    def __enter__(self) -> SameProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        """Do all jobs in their order; `each` is called as `Pool.run` does."""
        if not jobs:
            return []
        self._prepare()
        if self._meanwhile is not None and jobs[0].heavy:
            self._meanwhile()
            self._meanwhile = None
        results = []
        for index, job in enumerate(jobs):
            with (
                mock.patch.dict(os.environ, LIBCLANG_NOTHREADS="1"),
                mock.patch.object(questions, "process_session", session_of_tests),
                mock.patch.object(output, "process_session", session_of_tests),
            ):
                kind, data = worker._answer(self._serve, encode(job))
            results.append(result_of(job, JobAnswer(kind, data, 0.0)))
            if each is not None:
                each(index, results[-1])
            if self._progress is not None and jobs[0].heavy:
                self._progress(index + 1, len(jobs))
        return results


def pool_of_tests(
    serve: Serve,
    jobs: int,
    progress: Callable[[int, int], None] | None = None,
    budget: Budget | None = None,
    prepare: Callable[[], object] = lambda: None,
    meanwhile: Callable[[], object] | None = None,
) -> Pool | SameProcess:
    """Return workers where a run asks for several, else what needs none; arguments as of `Pool`."""
    if jobs > 1:
        return Pool(serve, jobs, progress, budget, prepare, meanwhile)
    return SameProcess(serve, progress, prepare, meanwhile)
