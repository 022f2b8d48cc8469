# SPDX-License-Identifier: Apache-2.0
"""Jobs on a Dask cluster: `--executor dask://HOST:PORT`, with the extra `dask`.

Workers need portkit's wheel and nothing else. Files travel as bytes, each content once, as tasks of
their own: the scheduler can make them again when the worker that held them is lost, and so every
job. Results come in any order and are put back into the order of the jobs, so a report is the same
bytes as with `-j 1`.

Dask sends Python objects that run code when they are opened: who can reach the scheduler, and every
worker, can do all that this user can. That is Dask's design; docs/performance.md says it plainly.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import queue
import re
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any

from portkit.languages.cxx.clang.libclang import load_clang
from portkit.languages.cxx.project.keys import scan_stamp
from portkit.languages.cxx.project.workshop import Workshop
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Each, Job, Lost, encode
from portkit.model.errors import PortkitError, extra_hint
from portkit.model.words import Rung
from portkit.run.budget import EXTRA_SECONDS, Budget
from portkit.run.pool import result_of
from portkit.run.site import do_job
from portkit.run.worker import JobAnswer

log = logging.getLogger(__name__)

SCHEME = "dask://"
_HOST, _PORT = r"(?P<host>[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])", "(?P<port>[0-9]{1,5})"
_ADDRESS = re.compile(f"{SCHEME}{_HOST}:{_PORT}", re.A)
_CONNECT_SECONDS = 10
_CLOSE_SECONDS = 5
_TICK_SECONDS = 5.0
_RESULT_SECONDS = 60.0  # that the way of a result from its worker may take
_WORKER_SECONDS = 60.0  # that a run waits while the cluster has no worker
_NOISY = (  # what they have to say of a lost peer, portkit says in a line
    "distributed",
    "distributed.client",
    "distributed.core",
    "distributed.comm",
    "tornado",
    "tornado.application",
    "asyncio",
)


class Cluster:
    """A connection to a scheduler for one run. Use it as a context manager.

    Raises PortkitError when the extra is missing, the address is none, or nobody answers there.
    """

    def __init__(
        self, address: str, workshop: Workshop, progress: Callable[[int, int], None] | None = None
    ) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise PortkitError(f"unknown executor {address!r}", hint=f"{SCHEME}HOST:PORT")
        try:
            import distributed
        except ImportError as error:
            said = "the cluster needs the package distributed"
            raise PortkitError(said, hint=extra_hint("dask")) from error
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._distributed: Any = distributed
        self._address, self._workshop, self._progress = address, workshop, progress
        self._client = self._connected(match["host"].strip("[]"), int(match["port"]))
        self._budget = Budget()
        clang = load_clang() if workshop.rung is Rung.CLANG else None
        stamp = scan_stamp(workshop.vocabulary, clang.version if clang else "", workshop.rung.value)
        self._site = uuid.uuid4().hex, str(workshop.root), workshop.rung.value, stamp
        self._files: dict[str, Any] = {}

    def _connected(self, host: str, port: int) -> Any:
        try:
            # Dask's client that finds nobody leaves threads and words behind
            socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
            where = f"tcp://{self._address.removeprefix(SCHEME)}"
            return self._distributed.Client(where, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            hint = "start one with `dask scheduler`"
            raise PortkitError("no scheduler answers there", self._address, hint) from error

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self._client.close(timeout=_CLOSE_SECONDS)

    def run(self, jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        """Do all jobs; results come in the order of the jobs, to `each` as they arrive. A job that
        killed its workers is lost.

        Raises PortkitError when the scheduler is lost, a worker is not fit for the work, or there
        is none for too long.
        """
        results: list[bytes | Lost] = [Lost()] * len(jobs)
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        run_id = uuid.uuid4().hex
        futures = {}
        for index in sorted(range(len(jobs)), key=lambda i: -jobs[i].size):
            job = jobs[index]
            contents = {ref.sha256: self._content(ref) for ref in job.files}
            seconds, key = self._budget.seconds(job) + EXTRA_SECONDS, f"portkit-{run_id}-{index}"
            arguments = encode(job), list(contents), list(contents.values()), self._site, seconds
            future = self._client.submit(do_job, *arguments, key=key, pure=False)
            futures[future] = index
        for future in futures:
            future.add_done_callback(ended.put)
        shown = self._progress if jobs and jobs[0].heavy else None
        done = 0
        while done < len(jobs):
            future = self._next(ended)
            index = futures[future]
            result = self._result(jobs[index], future)
            if result is None:
                future.add_done_callback(ended.put)
                continue
            results[index] = result
            done += 1
            if each is not None:
                each(index, results[index])
            if shown is not None:
                shown(done, len(jobs))
        return results

    def _next(self, ended: queue.SimpleQueue[Any]) -> Any:
        """Wait for a job to end, but not for ever where nobody does any."""
        since = time.monotonic()
        told = False
        while True:
            with contextlib.suppress(queue.Empty):
                return ended.get(timeout=_TICK_SECONDS)
            if self._has_workers():
                since, told = time.monotonic(), False
                continue
            if time.monotonic() - since > _WORKER_SECONDS:
                message = f"the cluster has had no worker for {_WORKER_SECONDS:.0f} seconds"
                raise PortkitError(message, self._address, "start some with `dask worker`")
            if not told:
                log.warning("%s has no worker; waiting for one", self._address)
                told = True

    def _has_workers(self) -> bool:
        try:
            if self._client.status in ("running", "connecting"):
                return bool(self._client.scheduler_info()["workers"])
        except (OSError, TimeoutError, RuntimeError, ValueError):
            return False
        raise self._gone()

    def _gone(self) -> PortkitError:
        return PortkitError("the scheduler is gone", self._address, "run portkit again")

    def _result(self, job: Job, future: Any) -> bytes | Lost | None:
        """Return what came of a job; None where its worker went with the result, and the scheduler
        has it made again.
        """
        if future.status == "cancelled":
            raise self._gone()
        try:
            error = future.exception(timeout=_TICK_SECONDS)
            kind, data = future.result(timeout=_RESULT_SECONDS) if error is None else (b"", b"")
        except TimeoutError:
            return None
        except CancelledError as gone:
            raise self._gone() from gone
        if error is None:
            result = result_of(job, JobAnswer(kind, data, 0.0))
            fault = result.fault if isinstance(result, Lost) else None
            if fault is not None and fault.kind == PortkitError.__name__:
                raise fault.exception()
            return result
        if isinstance(error, CancelledError):
            raise self._gone()
        if type(error).__name__ == "KilledWorker":
            return Lost()
        message = f"a worker of the cluster cannot do the work: {type(error).__name__}: {error}"
        raise PortkitError(" ".join(message.split()), hint="install the same wheel there")

    def _content(self, ref: FileRef) -> Any:
        """Return the task that holds a file's bytes; the same content is sent once."""
        known = self._files.get(ref.sha256)
        if known is None:
            data = self._workshop.read(ref)
            if hashlib.sha256(data).hexdigest() != ref.sha256:
                raise PortkitError("changed while portkit ran", ref.rel, "run portkit again")
            known = self._files[ref.sha256] = self._client.submit(
                _same, data, key=f"portkit-file-{ref.sha256}"
            )
        return known


def _same(data: bytes) -> bytes:
    return data
