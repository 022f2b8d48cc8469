# SPDX-License-Identifier: Apache-2.0
"""What does the jobs of a scan: worker processes of this machine, or those of a cluster."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from portkit.languages.jobs import Each, Job, Lost, Run
from portkit.model.errors import PortkitError
from portkit.run.scan_options import ScanOptions

if TYPE_CHECKING:
    from portkit.languages.cxx.project.workshop import Workshop
    from portkit.run.pool import Pool


@contextlib.contextmanager
def executor(
    options: ScanOptions,
    workshop: Callable[[], Workshop],
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[Run]:
    """Yield what runs jobs: worker processes of this machine, or those of the cluster that
    `options.executor` names.

    `meanwhile` is called once while workers are busy.
    """
    if options.executor and options.vocabulary is not None:
        raise PortkitError("a cluster reads CUDA only", hint="leave --executor out")
    if options.executor:
        from portkit.run.cluster import Cluster

        with Cluster(options.executor, workshop(), options.progress) as cluster:
            yield cluster.run
    else:
        with contextlib.ExitStack() as ended:
            yield _pool_when_needed(options, workshop, meanwhile, ended)


def _pool_when_needed(
    options: ScanOptions,
    workshop: Callable[[], Workshop],
    meanwhile: Callable[[], object] | None,
    ended: contextlib.ExitStack,
) -> Run:
    """Return what runs jobs in a pool that is made for the first of them, and `ended` with the run."""

    @functools.cache
    def pool() -> Pool:
        from portkit.run.pool import Pool

        made = Pool(
            lambda job: workshop().do_encoded(job),
            options.jobs,
            options.progress,
            prepare=workshop,
            meanwhile=meanwhile,
        )
        return ended.enter_context(made)

    def run(jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        return pool().run(jobs, each) if jobs else []

    return run
