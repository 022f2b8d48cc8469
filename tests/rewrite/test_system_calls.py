# SPDX-License-Identifier: Apache-2.0
"""System calls that fail, and kills at them: a part of what benchmarks/faults.py tries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "faults.py"


def usable() -> bool:
    """Return whether strace is there and may trace."""
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(
            ["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.skipif(not usable(), reason="needs strace, and the right to trace")
@pytest.mark.parametrize(
    "words",
    [
        # every later open fails too: what was written cannot be read back, nor taken back
        ("--mode", "onward", "--command", "migrate", "--calls", "openat", "--every", "6"),
        (
            "--mode",
            "single",
            "--command",
            "migrate",
            "--calls",
            "rename,fsync,unlink",
            "--every",
            "3",
        ),
        (
            "--mode",
            "kill",
            "--command",
            "migrate",
            "--calls",
            "rename,unlink,mkdir",
            "--every",
            "2",
            "--",
            "--rename-files",
        ),
        ("--mode", "single", "--command", "undo", "--calls", "rename,unlink", "--every", "2"),
    ],
)
def test_nothing_is_lost_and_what_is_said_is_true(tmp_path: Path, words: tuple[str, ...]) -> None:
    own = ["--work", str(tmp_path / "work")]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *own, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tried = re.search(r"tried: \{'\w+': (\d+)", done.stdout)
    assert tried is not None and int(tried[1]) >= 3 and "faults: 0" in done.stdout
