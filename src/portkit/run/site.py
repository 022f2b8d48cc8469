# SPDX-License-Identifier: Apache-2.0
"""A worker of a cluster: it does the jobs of one run at a time, in a child process with the limits
of the pool's workers.

The child holds a project's files in a folder of its own. One that is lost takes nothing along but
its job.
"""

from __future__ import annotations

import atexit
import functools
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from portkit.languages.cxx.clang.libclang import load_clang
from portkit.languages.cxx.project.jobs import Job, UnitJob
from portkit.languages.cxx.project.keys import scan_stamp
from portkit.languages.cxx.project.workshop import Workshop
from portkit.languages.file_ref import FileRef
from portkit.model.errors import PortkitError
from portkit.model.words import Rung
from portkit.run.budget import WAITING, Budget
from portkit.run.scratch import Scratch, clear_leftovers
from portkit.run.worker import DIED, MEMORY, WORN, JobAnswer, Worker
from portkit.vocab.vocabulary import load_vocabulary

# Of a run: a name of its own, the client's root, the rung, the stamp of its portkit.
Facts = tuple[str, str, str, bytes]


class Task(msgspec.Struct):
    """A job with the files that it reads. `facts`: see Facts; `contents`: bytes by SHA-256."""

    job: msgspec.Raw
    contents: dict[str, bytes]
    facts: Facts


_tasks, _jobs = msgspec.msgpack.Decoder(Task), msgspec.msgpack.Decoder(Job)
_lock = threading.Lock()  # the child does one job at a time, whatever the worker's threads
_child: tuple[Worker, Scratch] | None = None


def do_job(
    encoded: bytes,
    digests: Sequence[str],
    contents: Sequence[bytes],
    facts: Facts,
    seconds: float,
) -> tuple[bytes, bytes]:
    """Do one encoded job within `seconds` of processor time; return the kind and the data of its
    answer (run.worker).

    `digests` and `contents`: the files that it reads.
    """
    task = Task(msgspec.Raw(encoded), dict(zip(digests, contents, strict=True)), facts)
    with _lock:
        answer = _ask(_started(), msgspec.msgpack.encode(task), seconds)
        if answer.kind in (DIED, MEMORY, WORN):
            end_child()
    return answer.kind, answer.data


def _ask(child: Worker, task: bytes, seconds: float) -> JobAnswer:
    child.send(task, seconds)
    late = child.waits(seconds * WAITING)
    try:
        if late:
            raise EOFError
        return child.receive()
    except EOFError:
        return JobAnswer(MEMORY if child.end() or late else DIED, b"", seconds)


def _started() -> Worker:
    global _child
    if _child is None:
        clear_leftovers()
        scratch = Scratch()
        _child = Worker(_serve, Budget().worker_bytes, scratch.folder), scratch
        atexit.register(end_child)
    return _child[0]


def end_child() -> None:
    """End the child and remove its files; another one comes with the next job."""
    global _child
    if _child is not None:
        worker, scratch = _child
        _child = None
        worker.end()
        scratch.close()
        atexit.unregister(end_child)


# --- in the child ---------------------------------------------------------------------------------


class _Site:
    """One run's project here: a folder with the files that came, and a workshop that reads them."""

    def __init__(self, root: str, rung: Rung, stamp: bytes) -> None:
        clang = load_clang() if rung is Rung.CLANG else None
        vocabulary = load_vocabulary()
        if scan_stamp(vocabulary, clang.version if clang else "", rung.value) != stamp:
            message = "a worker of the cluster has another portkit, vocabulary or libclang"
            raise PortkitError(message, hint="install the same wheel there")
        self.remote, self.folder = root, tempfile.mkdtemp(prefix="portkit-site-")
        self.contents: dict[str, bytes] = {}
        read = lambda ref: self.contents[ref.sha256]  # noqa: E731
        self.workshop = Workshop(Path(self.folder), rung, vocabulary, read, self.place)

    def place(self, ref: FileRef) -> str:
        """Return where a file lies here."""
        return self.here(ref.path)

    def here(self, path: str) -> str:
        """Return a path of the client's project as it is here; other paths stay."""
        inside = path.startswith(self.remote + "/") or path == self.remote
        return self.folder + path[len(self.remote) :] if inside else path

    def write(self, ref: FileRef) -> None:
        """Put a file into the folder for Clang."""
        path = Path(self.place(ref))
        if not path.is_relative_to(self.folder) or ".." in path.parts or path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.contents[ref.sha256])


@functools.lru_cache(maxsize=4)
def _site(token: str, root: str, rung: str, stamp: bytes) -> _Site:
    return _Site(root, Rung(rung), stamp)


def _serve(encoded: bytes) -> bytes:
    task = _tasks.decode(encoded)
    site, job = _site(*task.facts), _jobs.decode(task.job)
    site.contents = task.contents
    if isinstance(job, UnitJob):
        for ref in job.files:
            site.write(ref)
        flags = job.flags
        job.flags = msgspec.structs.replace(
            flags,
            include_dirs=tuple(map(site.here, flags.include_dirs)),
            system_dirs=tuple(map(site.here, flags.system_dirs)),
            forced=tuple(map(site.here, flags.forced)),
        )
    result = site.workshop.do(job)
    site.contents = {}
    return result
