# SPDX-License-Identifier: Apache-2.0
"""What several tests share: trees copied to a temporary folder, and the command line run as a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout that the tests belong to."""
    return ROOT


@pytest.fixture
def portkit(tmp_path: Path) -> Run:
    """Run `python -m portkit ARGS` with a home and state of its own; `code` is the exit code that must come."""

    def run(*args: str | Path, code: int = 0, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        own = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache")}
        source = {"PYTHONPATH": str(ROOT / "src")} if (ROOT / "src").is_dir() else {}
        done = subprocess.run(
            [sys.executable, "-m", "portkit", *map(str, args)],
            cwd=cwd, env={**os.environ, **source, **own, **env}, text=True, capture_output=True, check=False,
            stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def run_report(portkit: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Report on a tree for MUSA; returns the first plan of the JSON document."""

    def run(tree: Path, *options: str) -> dict[str, Any]:
        output = tmp_path / "report.json"
        portkit("report", tree, "--to", "musa", "--format", "json", "-o", output, "-j", "1", *options)
        plan: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))["plans"][0]
        return plan

    return run


@pytest.fixture
def run_migrate(portkit: Run) -> Callable[..., Path]:
    """Migrate a tree into a folder, for MUSA unless `to` says otherwise; returns the folder."""

    def run(tree: Path, out: Path, *options: str, to: str = "musa") -> Path:
        portkit("migrate", tree, "--to", to, "--out-dir", out, "-j", "1", *options)
        return out

    return run


@pytest.fixture
def copy_tree() -> Callable[..., Path]:
    """Copy a tree, leaving out names that match some patterns; returns the copy."""

    def copy(source: Path, destination: Path, leave_out: Sequence[str] = ()) -> Path:
        shutil.copytree(source, destination, ignore=shutil.ignore_patterns(*leave_out) if leave_out else None)
        return destination

    return copy


@pytest.fixture(scope="session")
def demands() -> Callable[[Any], Any]:
    """Return what a JSON Schema demands: no prose, alternatives in one order; msgspec's versions differ in both."""

    def strip(node: Any) -> Any:
        if isinstance(node, list):
            return [strip(item) for item in node]
        if not isinstance(node, dict):
            return node
        prose = isinstance(node.get("description"), str)
        kept = {k: strip(v) for k, v in node.items() if not (prose and k == "description")}
        if isinstance(kept.get("anyOf"), list):
            kept["anyOf"].sort(key=json.dumps)
        return kept

    return strip


@pytest.fixture
def restricted() -> tuple[str, ...]:
    """What to put before a command so that it cannot read what its modes forbid, also for root."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root, and no setpriv to give rights up")
    rights = "-dac_override,-dac_read_search"
    return setpriv, f"--bounding-set={rights}", f"--inh-caps={rights}"
