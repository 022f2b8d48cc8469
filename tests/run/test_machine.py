# SPDX-License-Identifier: Apache-2.0
"""The size of the machine, and the budget of a run that follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.languages.cxx.project.jobs import LexJob, UnitJob
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.cxx.values.units import UnitPlan
from portkit.languages.file_ref import FileRef
from portkit.run import budget, machine
from portkit.run.budget import LEAST_BYTES, MOST_BYTES, Budget

GIB = 1 << 30


def groups(tmp_path: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "own").write_text(own)
    return tmp_path / "cgroup", tmp_path / "own"


@pytest.mark.parametrize(
    ("own", "files", "wanted"),
    [
        ("0::/\n", {"memory.max": "max\n"}, 64 * GIB),
        ("0::/\n", {"memory.max": f"{2 * GIB}\n"}, 2 * GIB),
        # an outer one holds
        (
            "0::/a/b\n",
            {"a/memory.max": f"{GIB}\n", "a/b/memory.max": "max\n", "memory.max": f"{3 * GIB}\n"},
            GIB,
        ),
        # a container does not see its own name
        ("0::/a/b\n", {"memory.max": f"{3 * GIB}\n"}, 3 * GIB),
        ("0::/../../x\n", {"memory.max": f"{3 * GIB}\n"}, 3 * GIB),
        ("5:cpu,memory:/a\n", {"memory/a/memory.limit_in_bytes": f"{GIB}\n"}, GIB),  # version 1
        # its way to say none
        ("5:memory:/a\n", {"memory/a/memory.limit_in_bytes": f"{(1 << 63) - 4096}\n"}, 64 * GIB),
        ("5:memory:/a\n", {"memory/memory.limit_in_bytes": "-1\n"}, 64 * GIB),
        ("0::/\n", {"memory.max": "rubbish\n"}, 64 * GIB),
        ("rubbish\n\n", {"memory.max": f"{GIB}\n"}, 64 * GIB),
        ("0::/\n", {}, 64 * GIB),
    ],
)
def test_memory_is_the_least_that_anything_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, files: dict[str, str], wanted: int
) -> None:
    monkeypatch.setattr(machine, "_physical_bytes", lambda: 64 * GIB)
    monkeypatch.setattr(machine, "_own_limit", lambda: 0)
    assert machine.memory_bytes(*groups(tmp_path, own, files)) == wanted
    monkeypatch.setattr(machine, "_own_limit", lambda: 1000)
    assert machine.memory_bytes(*groups(tmp_path, own, files)) == 1000


def test_where_nothing_is_said_there_is_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_physical_bytes", lambda: 0)
    monkeypatch.setattr(machine, "_own_limit", lambda: 0)
    assert machine.memory_bytes(tmp_path / "none", tmp_path / "none") > 0
    assert machine.memory_bytes() > 0 and machine.cores() > 0


@pytest.mark.parametrize(
    ("own", "files", "wanted"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, 16),
        ("0::/\n", {"cpu.max": "250000 100000\n"}, 3),
        ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),
        ("0::/a\n", {"cpu.max": "400000 100000\n", "a/cpu.max": "max 100000\n"}, 4),
        (
            "3:cpu:/a\n",
            {"cpu/a/cpu.cfs_quota_us": "200000\n", "cpu/a/cpu.cfs_period_us": "100000\n"},
            2,
        ),
        (
            "3:cpu:/a\n",
            {"cpu/a/cpu.cfs_quota_us": "-1\n", "cpu/a/cpu.cfs_period_us": "100000\n"},
            16,
        ),
        ("0::/\n", {"cpu.max": "100000\n"}, 16),
    ],
)
def test_cores_are_those_that_may_be_kept_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, files: dict[str, str], wanted: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(16)), raising=False)
    assert machine.cores(*groups(tmp_path, own, files)) == wanted


@pytest.mark.parametrize(
    ("wanted", "memory", "workers", "each"),
    [
        # four workers never take more than the machine has
        (4, 7 * GIB, 4, int(7 * GIB * 0.75) // 4),
        (2, 64 * GIB, 2, MOST_BYTES),
        (64, 16 * GIB, 16, LEAST_BYTES),  # as many as have enough to read an ordinary unit
        (8, GIB, 1, int(GIB * 0.75)),
    ],
)
def test_workers_share_the_memory(wanted: int, memory: int, workers: int, each: int) -> None:
    made = Budget(wanted, memory=memory)
    assert (made.workers, made.worker_bytes) == (workers, each)
    assert made.workers * made.worker_bytes <= memory


def unit(size: int) -> UnitJob:
    ref = FileRef("a.cu", "a.cu", "", "utf-8", size, 1)
    return UnitJob(UnitPlan("a.cu", ("a.cu",), ("a.cu",)), [ref], {}, UnitFlags(), {})


def test_the_time_of_a_job_follows_what_it_reads_and_ends_somewhere() -> None:
    made = Budget(2, memory=8 * GIB)
    assert (
        made.seconds(unit(172))
        < made.seconds(unit(1_000_000))
        < made.seconds(unit(20_000_000))
        == made.seconds(unit(1 << 40))
    )
    assert made.seconds(LexJob([FileRef("a.cu", "a.cu", "", "utf-8", 200_000, 1)])) < made.seconds(
        unit(200_000)
    )


def test_a_million_lines_of_ordinary_code_never_touch_the_purse() -> None:
    """3,000 units of 400 kB with what they include, each five times as slow as the slowest of four
    code bases (6e-6 s a byte).
    """
    made = Budget(2, memory=8 * GIB)
    whole = made._purse
    for _ in range(3_000):
        job = unit(400_000)
        made.settle(job, made.grant(job), min(5 * 6e-6 * job.size, made.seconds(job)))
    assert made._purse == pytest.approx(whole)


def test_a_hundred_bombs_take_minutes() -> None:
    """Each takes all that it is granted; two are held at a time by each of two workers."""
    made = Budget(2, memory=8 * GIB)
    total = 0.0
    for _ in range(50):
        batch = [unit(172), unit(172)]
        for job, granted in [(j, made.grant(j)) for j in batch]:
            total += granted
            made.settle(job, granted, granted)
    assert total / made.workers < 300
    # and ordinary code still has its own time
    assert made.grant(unit(172)) == pytest.approx(budget.LEAST_SECONDS, abs=0.01)


def test_what_was_not_needed_goes_back() -> None:
    made = Budget(1, memory=8 * GIB)
    whole, job = made._purse, unit(172)
    granted = made.grant(job)
    assert made._purse == whole - budget.EXTRA_SECONDS
    made.settle(job, granted, made.seconds(job) + 10)
    assert made._purse == pytest.approx(whole - 10)
