# SPDX-License-Identifier: Apache-2.0
"""One worker: it ends with its parent on any system, touches nobody's standard streams, and says
how a job failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.run import worker as module
from portkit.run.worker import DONE, FAILED, Worker

PARENT = """
import signal, sys, time
from portkit.run import worker
if sys.argv[1] == "watched":
    worker._dying = lambda: None  # a system that cannot end a process with its parent
workers = [worker.Worker(lambda job: time.sleep(600) or b"", 1 << 30, None) for _ in range(3)]
for one in workers[:2]:
    one.send(b"job", 600.0)
print(*[one.pid for one in workers], flush=True)
signal.pause()
"""


def ask(worker: Worker, job: bytes, seconds: float = 60.0) -> module.JobAnswer:
    worker.send(job, seconds)
    return worker.receive()


@pytest.mark.parametrize("how", ["prctl", "watched"])
def test_busy_and_idle_workers_end_with_a_parent_that_is_killed(how: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 3, parent.communicate()
    parent.kill()
    parent.communicate(timeout=120)  # stderr is closed by all of them
    end = time.monotonic() + 120
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        if Path("/proc/self/stat").exists():
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def test_a_worker_that_finds_its_parent_gone_begins_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The parent may end before the worker has asked to end with it."""
    parent = os.getpid()
    monkeypatch.setattr(os, "getppid", lambda: parent + 1)
    worker = Worker(lambda job: job, 1 << 30, None)
    with pytest.raises(EOFError):
        ask(worker, b"job")
    worker.end()


def test_streams_and_signals_of_the_parent_are_not_the_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        worker = Worker(lambda job: repr(facts()).encode(), 1 << 30, None)
    finally:
        signal.signal(signal.SIGTERM, usual)
    found = ask(worker, b"job").data.decode()
    worker.end()
    null = Path(os.devnull).stat().st_rdev
    assert found == repr((null, null, signal.SIG_DFL, signal.SIG_IGN, []))


def facts() -> tuple[object, ...]:
    streams = os.fstat(0).st_rdev, os.fstat(1).st_rdev
    blocked = [
        n
        for n in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        if n in (signal.SIGTERM, signal.SIGINT, signal.SIGPROF)
    ]
    return (*streams, signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), blocked)


def test_closed_standard_streams_are_no_place_for_a_pipe() -> None:
    """With stdin and stdout closed the system gives their numbers to what is opened next."""
    code = PARENT.partition("workers =")[0] + (
        "one = worker.Worker(lambda job: job[::-1], 1 << 30, None); one.send(b'job', 9.0)\n"
        "sys.stderr.write(repr(one.receive().data)); one.end()"
    )
    done = subprocess.run(
        ["sh", "-c", '"$@" <&- >&-', "sh", sys.executable, "-c", code, "prctl"],
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    assert done.stderr == b"b'boj'"


def test_temporary_files_go_where_the_run_says(tmp_path: Path) -> None:
    worker = Worker(lambda job: tempfile.gettempdir().encode(), 1 << 30, tmp_path)
    assert ask(worker, b"job").data.decode() == str(tmp_path) != tempfile.gettempdir()
    worker.end()


def test_processor_time_ends_what_no_handler_could_and_is_counted_for_each_job_anew() -> None:
    def serve(job: bytes) -> bytes:
        until = time.process_time() + float(job)
        while time.process_time() < until:
            pass
        return job

    worker = Worker(serve, 1 << 30, None)
    for _ in range(4):
        answer = ask(worker, b"0.2", 0.5)  # together they take more than one may
        assert answer.kind == DONE and 0.2 <= answer.seconds < 0.5
    with pytest.raises(EOFError):
        ask(worker, b"60", 0.2)
    assert worker.end()


@pytest.mark.parametrize(
    ("number", "limit"), [(signal.SIGKILL, True), (signal.SIGXCPU, True), (signal.SIGSEGV, False)]
)
def test_what_killed_a_worker(number: int, limit: bool) -> None:
    worker = Worker(lambda job: os.kill(os.getpid(), number) or b"", 1 << 30, None)  # type: ignore[func-returns-value]
    with pytest.raises(EOFError):
        ask(worker, b"job")
    assert worker.end() is limit
    assert not worker.end()  # once is enough


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PortkitError("is broken", "a.cu", "mend it"), "a.cu: is broken (mend it)"),
        (PermissionError(13, "Permission denied", "a.cu"), "[Errno 13] Permission denied: 'a.cu'"),
        (OSError(5, "Input/output error"), "[Errno 5] Input/output error"),
        (OSError("nothing known"), "OSError: nothing known"),
        (ValueError("wrong"), "ValueError: wrong"),
    ],
)
def test_an_exception_comes_across(error: Exception, said: str) -> None:
    import msgspec

    from portkit.languages.jobs import Fault

    def serve(job: bytes) -> bytes:
        raise error

    worker = Worker(serve, 1 << 30, None)
    answer = ask(worker, b"job")
    worker.end()
    assert answer.kind == FAILED
    assert str(msgspec.msgpack.decode(answer.data, type=Fault).exception()) == said


def test_large_jobs_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(lambda job: job * 3, 1 << 30, None)
    job = os.urandom(1 << 20) * 5
    assert ask(worker, job).data == job * 3
    assert ask(worker, b"").data == b""
    worker.end()


@pytest.mark.workers
def test_no_process_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from portkit.run.pipeline import scan_paths
    from portkit.run.scan_options import ScanOptions

    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    (tmp_path / "a.cu").write_text("void f() { cudaDeviceSynchronize(); }\n")
    monkeypatch.setattr(os, "fork", fork)
    with pytest.raises(
        PortkitError, match="no worker process can be started: Resource temporarily unavailable"
    ):
        scan_paths([tmp_path], ScanOptions(root=tmp_path))
