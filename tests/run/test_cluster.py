# SPDX-License-Identifier: Apache-2.0
"""The Dask executor: two worker processes of this machine, one killed in the middle of the run."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import msgspec
import pytest

from portkit.model import PortkitError
from portkit.run.pipeline import ScanOptions, scan_paths

distributed = pytest.importorskip("distributed", reason="the extra portkit[dask] is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for i in range(60):
        folder = root / f"p{i % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        body = "".join(f"void f{i}_{k}(cudaStream_t s) {{ cudaStreamSynchronize(s); own{k % 3}(); }}\n" for k in range(40))
        (folder / f"f{i}.cu").write_text('#include "h.h"\n#include <cuda_runtime.h>\n' + body)
    for i in range(7):
        (root / f"p{i}" / "h.h").write_text("#pragma once\ninline void own0() { cudaDeviceReset(); }\n#define own1() cudaGetLastError()\n")
    return root


def test_worker_killed_in_the_middle_changes_no_byte(tree: Path) -> None:
    wanted = msgspec.msgpack.encode(scan_paths([tree], ScanOptions(root=tree, jobs=1)).scan)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
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
        options = ScanOptions(root=tree, executor=f"dask://{address}", progress=lambda done, total: begun.set() if done > 5 else None)
        scan = scan_paths([tree], options).scan
        thread.join()
    assert killed
    assert msgspec.msgpack.encode(scan) == wanted


def test_nobody_at_the_address_is_one_line(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portkit.run.cluster._CONNECT_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(PortkitError, match="no scheduler answers"):
        scan_paths([tree], ScanOptions(root=tree, executor="dask://127.0.0.1:1"))
    assert time.monotonic() - began < 60


def test_unknown_executor_is_refused(tree: Path) -> None:
    with pytest.raises(PortkitError, match="unknown executor"):
        scan_paths([tree], ScanOptions(root=tree, executor="ray://x:1"))
