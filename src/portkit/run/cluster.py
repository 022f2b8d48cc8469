# SPDX-License-Identifier: Apache-2.0
"""Jobs on a Dask cluster: `--executor dask://HOST:PORT`, with the extra `portkit[dask]`.

Workers need portkit's wheel and nothing else. Files travel as bytes, each content once, as tasks of their own: the
scheduler can make them again when the worker that held them is lost, and so every job. Results come in any order and are
put back into the order of the jobs, so a report is the same bytes as with `-j 1`.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from portkit.model import PortkitError, Rung
from portkit.scan.cxx.jobs import Job, UnitJob, encode
from portkit.scan.cxx.keys import scan_stamp
from portkit.scan.cxx.libclang import load_clang
from portkit.scan.cxx.lost import Lost
from portkit.scan.cxx.tree import Each
from portkit.scan.cxx.values import FileRef
from portkit.scan.cxx.workshop import Workshop
from portkit.vocab.vocabulary import load_vocabulary

SCHEME = "dask://"
_CONNECT_SECONDS = 10
_lock = threading.Lock()  # libclang's session serves one job at a time, whatever the worker's threads


class Cluster:
    """A connection to a scheduler for one run. Use it as a context manager.

    Raises PortkitError when the extra is missing, the address is none, or nobody answers there.
    """

    def __init__(self, address: str, workshop: Workshop, progress: Callable[[int, int], None] | None = None) -> None:
        if not address.startswith(SCHEME) or not address.removeprefix(SCHEME):
            raise PortkitError(f"unknown executor {address!r}", hint=f"{SCHEME}HOST:PORT")
        try:
            import distributed
        except ImportError as error:
            raise PortkitError("the cluster needs the package distributed", hint="pip install 'portkit[dask]'") from error
        self._distributed: Any = distributed
        self._client: Any
        self._workshop, self._progress = workshop, progress
        where = "tcp://" + address.removeprefix(SCHEME)
        try:
            self._client = self._distributed.Client(where, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise PortkitError("no scheduler answers there", address, "start one with `dask scheduler`") from error
        clang = load_clang() if workshop.rung is Rung.CLANG else None
        stamp = scan_stamp(workshop.vocabulary, clang.version if clang else "", workshop.rung.value)
        self._site = uuid.uuid4().hex, str(workshop.root), workshop.rung.value, stamp
        self._files: dict[str, Any] = {}

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def run(self, jobs: Sequence[Job], each: Each | None = None) -> list[bytes | Lost]:
        """Do all jobs; results come in the order of the jobs, to `each` as they arrive. A job that killed its workers is lost."""
        results: list[bytes | Lost] = [Lost()] * len(jobs)
        run_id = uuid.uuid4().hex
        futures = {}
        for index in sorted(range(len(jobs)), key=lambda i: -jobs[i].size):
            job = jobs[index]
            contents = {ref.sha256: self._content(ref) for ref in job.files}
            future = self._client.submit(
                do_job, encode(job), list(contents), list(contents.values()), self._site, key=f"portkit-{run_id}-{index}", pure=False
            )
            futures[future] = index
        shown = self._progress if jobs and isinstance(jobs[0], UnitJob) else None
        for done, future in enumerate(self._distributed.as_completed(futures, loop=self._client.loop), 1):
            error = future.exception()
            if error is None:
                results[futures[future]] = future.result()
            elif isinstance(error, PortkitError):
                raise error
            if each is not None:
                each(futures[future], results[futures[future]])
            if shown is not None:
                shown(done, len(jobs))
        return results

    def _content(self, ref: FileRef) -> Any:
        """Return the task that holds a file's bytes; the same content is sent once."""
        known = self._files.get(ref.sha256)
        if known is None:
            data = self._workshop.read(ref)
            if hashlib.sha256(data).hexdigest() != ref.sha256:
                raise PortkitError("changed while portkit ran", ref.rel, "run portkit again")
            known = self._files[ref.sha256] = self._client.submit(_same, data, key=f"portkit-file-{ref.sha256}")
        return known


def _same(data: bytes) -> bytes:
    return data


# --- on the worker ---------------------------------------------------------------------------------------------------


class _Site:
    """One run's project on a worker: a folder with the files that came, and a workshop that reads them."""

    def __init__(self, root: str, rung: Rung, stamp: bytes) -> None:
        clang = load_clang() if rung is Rung.CLANG else None
        vocabulary = load_vocabulary()
        if scan_stamp(vocabulary, clang.version if clang else "", rung.value) != stamp:
            raise PortkitError("a worker of the cluster has another portkit, vocabulary or libclang", hint="install the same wheel there")
        self.remote, self.folder = root, tempfile.mkdtemp(prefix="portkit-site-")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.contents: dict[str, bytes] = {}
        self.workshop = Workshop(Path(self.folder), rung, vocabulary, lambda ref: self.contents[ref.sha256], self.place)

    def place(self, ref: FileRef) -> str:
        """Return where a file lies here."""
        return self.here(ref.path)

    def here(self, path: str) -> str:
        """Return a path of the client's project as it is here; other paths stay."""
        return self.folder + path[len(self.remote) :] if path.startswith(self.remote + "/") or path == self.remote else path

    def write(self, ref: FileRef) -> None:
        """Put a file into the folder for Clang."""
        path = Path(self.place(ref))
        if not path.is_relative_to(self.folder) or path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.contents[ref.sha256])


@functools.lru_cache(maxsize=4)
def _site(token: str, root: str, rung: str, stamp: bytes) -> _Site:
    return _Site(root, Rung(rung), stamp)


def do_job(encoded: bytes, digests: Sequence[str], contents: Sequence[bytes], site_facts: tuple[str, str, str, bytes]) -> bytes:
    """Do one job on a worker of the cluster; return its encoded result."""
    with _lock:
        site = _site(*site_facts)
        job = msgspec.msgpack.decode(encoded, type=Job)
        site.contents = dict(zip(digests, contents, strict=True))
        if isinstance(job, UnitJob):
            for ref in job.files:
                site.write(ref)
            flags = job.flags
            include_dirs, system_dirs = (tuple(map(site.here, d)) for d in (flags.include_dirs, flags.system_dirs))
            forced = tuple(map(site.here, flags.forced))
            job.flags = type(flags)(include_dirs, system_dirs, flags.defines, flags.undefines, forced, flags.standard)
        result = site.workshop.do(job)
        site.contents = {}
        return result
