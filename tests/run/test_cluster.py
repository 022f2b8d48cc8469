# SPDX-License-Identifier: Apache-2.0
"""The Dask executor: two worker processes of this machine, one killed in the middle of the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from portkit.model.errors import PortkitError
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

distributed = pytest.importorskip("distributed", reason="the extra portkit[dask] is not installed")
pytestmark = pytest.mark.slow
BOMB = """template<int A, int B> struct F { enum { v = F<A - 1, B * 2>::v + F<A - 1, B * 2 + 1>::v }; };
template<int B> struct F<0, B> { enum { v = 1 }; };
int z = F<40, 1>::v;
void g(void* p) { cudaFree(p); }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for i in range(60):
        folder = root / f"p{i % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        body = "".join(
            f"void f{i}_{k}(cudaStream_t s) {{ cudaStreamSynchronize(s); own{k % 3}(); }}\n"
            for k in range(40)
        )
        (folder / f"f{i}.cu").write_text('#include "h.h"\n#include <cuda_runtime.h>\n' + body)
    for i in range(7):
        (root / f"p{i}" / "h.h").write_text(
            "#pragma once\ninline void own0() { cudaDeviceReset(); }\n#define own1() cudaGetLastError()\n"
        )
    return root


def test_worker_killed_in_the_middle_changes_no_byte(tree: Path) -> None:
    wanted = msgspec.msgpack.encode(scan_paths([tree], ScanOptions(root=tree, jobs=1)).scan)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
            pids = client.run(os.getpid)
        begun, killed = threading.Event(), []

        def kill() -> None:
            begun.wait(60)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        options = ScanOptions(
            root=tree,
            executor=f"dask://{address}",
            progress=lambda done, total: begun.set() if done > 5 else None,
        )
        scan = scan_paths([tree], options).scan
        thread.join()
    assert killed
    assert msgspec.msgpack.encode(scan) == wanted


def test_nobody_at_the_address_is_one_line(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portkit.run.cluster._CONNECT_SECONDS", 1)
    with pytest.raises(PortkitError, match="no scheduler answers"):
        scan_paths([tree], ScanOptions(root=tree, executor="dask://127.0.0.1:1"))


@pytest.mark.parametrize(
    "address",
    [
        "ray://x:1",
        "dask://",
        "dask://host",
        "dask://a b:1",
        "dask://h:0",
        "dask://h:99999",
        "dask://[::1:1",
    ],
)
def test_an_address_that_is_none_is_refused(tree: Path, address: str) -> None:
    with pytest.raises(PortkitError, match="unknown executor"):
        scan_paths([tree], ScanOptions(root=tree, executor=address))


def small(tmp_path: Path) -> Path:
    root = tmp_path / "small"
    root.mkdir()
    (root / "a.cu").write_text("void g(void* p) { cudaFree(p); }\n")
    return root


def test_a_cluster_without_workers_is_waited_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("portkit.run.cluster._TICK_SECONDS", 0.1)
    monkeypatch.setattr("portkit.run.cluster._WORKER_SECONDS", 1.0)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster:
        address = "dask://" + cluster.scheduler_address.removeprefix("tcp://")
        with pytest.raises(PortkitError, match="has had no worker for 1 seconds"):
            scan_paths([small(tmp_path)], ScanOptions(executor=address))
    assert [m for m in caplog.messages if m.endswith("waiting for one")] == [
        f"{address} has no worker; waiting for one"
    ]


SCHEDULER = """
import sys, distributed
local = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
with distributed.LocalCluster(protocol="tcp://", **local) as cluster:
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


def test_a_scheduler_that_dies_is_one_line(
    tmp_path: Path, portkit_process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = small(tmp_path)
    (root / "a.cu").write_text(BOMB)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", SCHEDULER], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        address = "dask://" + process.stdout.readline().decode().strip().removeprefix("tcp://")

        def kill() -> None:
            end = time.monotonic() + 120
            while time.monotonic() < end and not begun(process.pid):
                time.sleep(0.05)
            process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        done = portkit_process(
            "check",
            root,
            "--root",
            root,
            "--to",
            "musa",
            "--no-cache",
            "--executor",
            address,
            code=2,
        )
        thread.join()
    assert done.stderr == f"portkit: {address}: the scheduler is gone (run portkit again)\n"


def begun(scheduler: int) -> bool:
    """Has the child of the worker in the scheduler's process begun? It is its only child."""
    return bool(Path(f"/proc/{scheduler}/stat").exists()) and any(
        p.is_file() and f" {scheduler} " in p.read_text().rpartition(")")[2][:30]
        for p in Path("/proc").glob("[0-9]*/stat")
    )


def test_a_unit_without_end_meets_its_limit_on_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portkit.run.cluster.EXTRA_SECONDS", 0.0)
    root = small(tmp_path)
    (root / "b.cu").write_text(BOMB)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None
    ) as cluster:
        address = "dask://" + cluster.scheduler_address.removeprefix("tcp://")
        for _ in range(2):
            scan = scan_paths([root], ScanOptions(root=root, executor=address)).scan
            assert [(f.path, f.parse.value) for f in scan.files] == [
                ("a.cu", "clang"),
                ("b.cu", "limit"),
            ]


def test_a_worker_with_another_portkit_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portkit.run.cluster.scan_stamp", lambda *parts: b"other")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = "dask://" + cluster.scheduler_address.removeprefix("tcp://")
        with pytest.raises(PortkitError, match="another portkit, vocabulary or libclang"):
            scan_paths([small(tmp_path)], ScanOptions(executor=address))
