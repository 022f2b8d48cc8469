# SPDX-License-Identifier: Apache-2.0
"""One worker: a forked process that does encoded jobs, each within its limits, and that never
outlives its parent.

The kernel ends it when the parent ends, however that happens (on systems that cannot, a thread does
that watches the pipe). The processor time of a job is a timer of the kernel as well: it ends what
no code of Python could, a parse in libclang or one match of a pattern. The parent watches the
clock, for a job that waits instead of working.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec

from portkit.languages.jobs import Fault
from portkit.model.errors import PortkitError

log = logging.getLogger(__name__)

Serve = Callable[[bytes], bytes]
_JOB = struct.Struct("<Qd")  # bytes, seconds of processor time
_ANSWER = struct.Struct("<Qdc")  # bytes, seconds used, kind
# Kinds of answer: DONE; done, and the worker holds too much memory by now; an exception.
DONE, WORN, FAILED = b"+", b"w", b"-"
MEMORY, DIED = b"!", b"x"  # of none: a limit was met, the process died
_PR_SET_PDEATHSIG = 1
_WORN_SHARE = 0.5  # of its memory: libclang gives nothing back of a parse that it gave up
_LIMITS = (signal.SIGPROF, signal.SIGXCPU, signal.SIGKILL)  # what kills where a limit is met
_READ_BYTES = 1 << 20
_END_SECONDS = 5.0  # that the system has for ending a killed process
_ends: set[int] = set()  # this process's ends of all workers' pipes: no worker may hold another's


class JobAnswer(NamedTuple):
    """What came of a job: its `kind`, the result (of a failure: a Fault), and the processor time
    that it used.
    """

    kind: bytes
    data: bytes
    seconds: float


class Worker:
    """A worker process. `serve` comes with the fork and does encoded jobs; `memory`: bytes;
    `folder`: for temporary files.

    Raises OSError when no process can be started.
    """

    def __init__(self, serve: Serve, memory: int, folder: Path | None) -> None:
        job_end, self._jobs = _pipe()
        self.answers, answer_end = _pipe()
        parent, dying = os.getpid(), _dying()
        _ends.update((self._jobs, self.answers))
        with _undisturbed() as usual:
            self.pid = os.fork()
            if not self.pid:
                _begin(serve, memory, folder, job_end, answer_end, parent, dying, usual)
        os.close(job_end)
        os.close(answer_end)

    def send(self, job: bytes, seconds: float) -> None:
        """Send a job that may take that much processor time. A dead worker is noticed when its
        answer is awaited.
        """
        with contextlib.suppress(OSError):
            _write(self._jobs, _JOB.pack(len(job), seconds) + job)

    def receive(self) -> JobAnswer:
        """Wait for the next answer. Raises EOFError when the worker has died."""
        try:
            size, seconds, kind = _ANSWER.unpack(_read(self.answers, _ANSWER.size))
            return JobAnswer(kind, _read(self.answers, size), seconds)
        except OSError as error:
            raise EOFError from error

    def waits(self, seconds: float) -> bool:
        """Wait that long for an answer or the worker's end; return whether there is neither."""
        poll = select.poll()
        poll.register(self.answers, select.POLLIN)
        return not poll.poll(max(seconds, 0) * 1000)

    def kill(self) -> None:
        """Have the system end the worker; `end` waits until it has."""
        if self.pid:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> bool:
        """Kill the worker and wait for its end; return whether a limit had killed it before: its
        own of time, or the system's of memory.
        """
        if not self.pid:
            return False
        died = not self.waits(0)  # it has closed its end
        self.kill()
        status = _reap(self.pid)
        self.pid = 0
        for fd in (self._jobs, self.answers):
            _ends.discard(fd)
            os.close(fd)
        return died and os.WIFSIGNALED(status) and os.WTERMSIG(status) in _LIMITS


def _fault(error: Exception) -> Fault:
    name = type(error).__name__
    if isinstance(error, PortkitError):
        return Fault(name, error.message, error.path, error.hint)
    if isinstance(error, OSError) and error.errno and error.strerror:
        known = isinstance(error.filename, (str, bytes, os.PathLike))
        path = os.fsdecode(error.filename) if known else ""
        return Fault(name, error.strerror, path, errno=error.errno)
    return Fault(name, str(error))


# --- in the worker --------------------------------------------------------------------------------


def _begin(
    serve: Serve,
    memory: int,
    folder: Path | None,
    job_end: int,
    answer_end: int,
    parent: int,
    dying: Callable[..., int] | None,
    usual: set[signal.Signals],
) -> NoReturn:
    """Become a worker."""
    try:
        _follow(parent, dying, job_end)
        for fd in _ends:
            os.close(fd)
        _ends.clear()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPROF):
            signal.signal(number, signal.SIG_DFL)
        # Ctrl-C reaches the whole group; the parent ends its workers
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, usual - {signal.SIGPROF})
        _detach()
        worn = _limit_memory(memory)
        # a thread a parse, libclang's habit, gives its memory back each time
        os.environ["LIBCLANG_NOTHREADS"] = "1"
        if folder is not None:
            tempfile.tempdir = str(folder)
        _serve(serve, worn, job_end, answer_end)
    finally:
        os._exit(0)  # nothing of the parent's is flushed, cleaned up or taken apart here


def _follow(parent: int, dying: Callable[..., int] | None, job_end: int) -> None:
    """Have this process end with its parent."""
    if dying is not None and dying(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0:
        if os.getppid() != parent:
            os._exit(0)  # it ended before it was asked for
        return
    watch = select.poll()
    watch.register(job_end, 0)  # no event but the other end's closing

    def wait() -> None:
        watch.poll()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _detach() -> None:
    """Let go of the parent's stdin and stdout: what the tree includes must not read the one, and
    the other is for results.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    if null > 1:
        os.close(null)


def _limit_memory(memory: int) -> int:
    """Bound what the address space may grow to beyond what the fork gave, by `memory` bytes.

    Return from what peak of its memory on the worker is worn.

    The bound does not count what the fork gave: a process with many threads holds much address
    space that costs nothing.
    """
    in_use = _peak_bytes()
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        most, hard = _space_bytes() + memory, resource.getrlimit(resource.RLIMIT_AS)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return in_use + int(memory * _WORN_SHARE)


def _space_bytes() -> int:
    try:
        pages = Path("/proc/self/statm").read_bytes().split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _serve(serve: Serve, worn: int, job_end: int, answer_end: int) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            size, seconds = _JOB.unpack(_read(job_end, _JOB.size))
            job = _read(job_end, size)
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, seconds)
            kind, data = _answer(serve, job)
            signal.setitimer(signal.ITIMER_PROF, 0)
            if kind == DONE and _peak_bytes() > worn:
                kind = WORN
            _write(answer_end, _ANSWER.pack(len(data), time.process_time() - began, kind) + data)


def _answer(serve: Serve, job: bytes) -> tuple[bytes, bytes]:
    try:
        return DONE, serve(job)
    except (MemoryError, RecursionError):
        return MEMORY, b""
    except Exception as error:
        log.debug("a job failed", exc_info=True)
        return FAILED, msgspec.msgpack.encode(_fault(error))


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# --- pipes, signals and processes -----------------------------------------------------------------


def _pipe() -> tuple[int, int]:
    """Return both ends of a pipe, none of them in the place of a standard stream that is closed."""
    ends = []
    for fd in os.pipe():
        if fd <= 2:
            import fcntl

            low, fd = fd, fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(low)
        ends.append(fd)
    return ends[0], ends[1]


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _read(fd: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(fd, min(size, _READ_BYTES))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _undisturbed:
    """While the block runs no signal that ends a run is taken: a handler of the parent's must not
    run in the child.
    """

    def __enter__(self) -> set[signal.Signals]:
        ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._usual = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
        return {signal.Signals(n) for n in self._usual}

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._usual)


def _dying() -> Callable[..., int] | None:
    """Return the system's call by which a process asks for its parent's death; None where there is
    none.
    """
    import ctypes  # a run that finds all in the cache starts no worker

    try:
        call: Any = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None
    call.restype, call.argtypes = ctypes.c_int, [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return call  # type: ignore[no-any-return]


def _reap(pid: int) -> int:
    """Wait for the end of a killed process; return its status, 0 when the system does not end it in
    time.
    """
    until = time.monotonic() + _END_SECONDS
    while time.monotonic() < until:
        try:
            done, status = os.waitpid(pid, os.WNOHANG)
        except OSError:
            return 0
        if done:
            return status
        time.sleep(0.001)
    return 0
