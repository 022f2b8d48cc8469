# SPDX-License-Identifier: Apache-2.0
"""Worker processes: order, and what becomes of jobs whose worker crashes, hangs or runs out of time
or memory.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import msgspec
import pytest

from portkit.languages.cxx.project.jobs import Job, LexJob, UnitJob
from portkit.languages.cxx.project.workshop import Workshop
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import Fault, Lost
from portkit.run.budget import Budget
from portkit.run.pipeline import scan_paths
from portkit.run.pool import Pool
from portkit.run.scan_options import ScanOptions


def job(name: str, size: int = 1) -> LexJob:
    return LexJob([FileRef(name, name, "", "utf-8", size, 1)])


def serve(encoded: bytes) -> bytes:
    name = msgspec.msgpack.decode(encoded, type=Job).files[0].rel
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("hang"):
        time.sleep(60)
    if name.startswith("spin"):
        while True:
            pass
    if name.startswith("eat"):
        len(bytearray(4 << 30))
    if name.startswith("deep"):
        raise RecursionError
    if name.startswith("killed"):
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does that has no memory left
    if name.startswith("fail"):
        raise ValueError(name)
    return name.encode()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    names = [f"f{i}" for i in range(40)]
    with Pool(serve, workers) as pool:
        for _ in range(2):
            assert pool.run([job(n, i * 7 % 11) for i, n in enumerate(names)]) == [
                n.encode() for n in names
            ]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_bad_job_loses_itself_only(workers: int) -> None:
    names = [
        "a",
        "crash1",
        "b",
        "hang",
        "c",
        "spin",
        "crash2",
        "eat",
        "deep",
        "killed",
        "fail",
        "d",
    ]
    with Pool(serve, workers, budget=Budget(workers, memory=4 << 30, least=0.2, extra=0)) as pool:
        results = pool.run([job(n) for n in names])
    lost = {"crash1": Lost(), "crash2": Lost(), "fail": Lost(fault=Fault("ValueError", "fail"))}
    lost |= {n: Lost(limit=True) for n in ("hang", "spin", "eat", "deep", "killed")}
    assert results == [lost.get(n, n.encode()) for n in names]


def test_a_worker_that_holds_too_much_memory_is_replaced_and_loses_nothing() -> None:
    kept = []

    def hoard(encoded: bytes) -> bytes:
        name = msgspec.msgpack.decode(encoded, type=Job).files[0].rel
        if name.startswith("hoard"):
            # more than half of what one worker may have, never given back
            kept.append(b"x" * (700 << 20))
        return f"{name} {len(kept)}".encode()

    with Pool(hoard, 1, budget=Budget(1, memory=int(1.5 * 2**30))) as pool:
        results = pool.run(
            [job(n) for n in ("hoard1", "a", "hoard2", "b")], lambda number, result: None
        )
    assert results == [b"hoard1 1", b"a 0", b"hoard2 1", b"b 0"]


def test_what_the_purse_cannot_pay_is_lost_sooner() -> None:
    """A job that needs more than its time has that of the purse, until it is empty; a small one
    never needs it.
    """

    def work(encoded: bytes) -> bytes:
        name = msgspec.msgpack.decode(encoded, type=Job).files[0].rel
        until = time.process_time() + (0.12 if name.startswith("slow") else 0)
        while time.process_time() < until:
            pass
        return name.encode()

    budget = Budget(1, least=0.04, extra=0.4)
    budget._purse = 0.92  # two jobs are held at a time: each is granted 0.4, then what is left
    with Pool(work, 1, budget=budget) as pool:
        results = pool.run([job(n) for n in ["slow"] * 16 + ["quick"]], lambda number, result: None)
    assert results[:2] == [b"slow", b"slow"] and results[-2:] == [Lost(limit=True), b"quick"]


def test_no_job_starts_no_process() -> None:
    with Pool(serve, 2) as pool:
        assert pool.run([]) == []
        assert pool._places == []


def test_a_unit_that_crashes_clang_falls_to_the_next_rung_and_is_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "good.cu").write_text("void f() { cudaDeviceSynchronize(); }\n")
    (tree / "bad.cu").write_text("void g() { cudaDeviceReset(); }\n")
    do = Workshop.do

    def crashing(self: Workshop, job: Job) -> bytes:
        if isinstance(job, UnitJob) and job.plan.main == "bad.cu":
            os.kill(os.getpid(), signal.SIGSEGV)
        return do(self, job)

    with monkeypatch.context() as patch:
        patch.setattr(Workshop, "do", crashing)
        first = scan_paths([tree], ScanOptions(root=tree, jobs=2, cache=True))
    bad, good = first.scan.files
    assert good.parse.value == "clang" and bad.parse.value == "syntax"
    assert [i.rule for i in bad.issues] == ["PK901"] and [r.name for r in bad.references] == [
        "cudaDeviceReset"
    ]
    again = scan_paths([tree], ScanOptions(root=tree, jobs=2, cache=True))
    assert again.reused == 1 and [f.parse.value for f in again.scan.files] == ["clang", "clang"]


def test_same_scan_whatever_the_number_of_workers(tmp_path: Path) -> None:
    for i in range(30):
        (tmp_path / f"f{i}.cu").write_text(f'#include "h.h"\nvoid f() {{ cudaMalloc(0, {i}); }}\n')
    (tmp_path / "h.h").write_text("#define cudaOwn 1\n")
    scans = [
        msgspec.msgpack.encode(scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=n)).scan)
        for n in (1, 2, 4)
    ]
    assert scans[0] == scans[1] == scans[2]
