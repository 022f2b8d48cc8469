# SPDX-License-Identifier: Apache-2.0
"""The command's own process has no end of time either: planning that goes on for ever ends the
command with one line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portkit.files import overtime

COMMAND = """
import signal
import sys
from portkit.plan.planner import Planning
from portkit.files import overtime
from portkit.cli.main import main

add = Planning.add

def slow(self, file):
    if file.path == "b.cu":
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
        signal.setitimer(signal.ITIMER_PROF, 0.05, 0.05)  # what is left of it
    while file.path == "b.cu":
        pass
    add(self, file)

Planning.add = slow
sys.argv = ["portkit", "report", ".", "--to", "musa", "--root", ".", "-j", "1"]
main()
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a system without timers")
def test_a_plan_without_end_is_one_line_with_its_file(tmp_path: Path, repository: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.cu").write_text("void f() { cudaDeviceSynchronize(); }\n")
    (tmp_path / "tmp").mkdir()
    env = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}
    if (repository / "src").is_dir():
        env["PYTHONPATH"] = str(repository / "src")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND],
        cwd=tmp_path,
        env=env,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
    said = "portkit: b.cu: this tree takes more time than one of its size may have (leave files out with --exclude)\n"
    assert (done.returncode, done.stderr, done.stdout) == (2, said, "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_only_the_main_thread_of_a_command_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overtime, "_enabled", False)
    overtime.allow()
    assert signal.getsignal(signal.SIGPROF) is signal.SIG_DFL
    monkeypatch.setattr(overtime, "_enabled", True)
    thread = threading.Thread(target=overtime.allow)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGPROF) is signal.SIG_DFL


def test_the_time_follows_the_size_and_a_profiler_keeps_its_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overtime, "_enabled", True)
    try:
        overtime.allow(10_000_000)
        seconds = signal.getitimer(signal.ITIMER_PROF)[0]
        assert overtime.LEAST_SECONDS + 190 < seconds <= overtime.LEAST_SECONDS + 201
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, lambda number, frame: None)
        overtime.allow()
        assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
