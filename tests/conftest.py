# SPDX-License-Identifier: Apache-2.0
"""What several tests share: trees copied to a temporary folder, the command line, and compiled
tables.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from portkit.cli.main import _COLLECT_AFTER
from portkit.languages.cxx.clang.libclang import load_clang
from portkit.run.pool import Pool
from product import Product, facts_of, lend_tables, make_tables
from same_process import pool_of_tests, session_of_tests

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Have processes begin as they do for a user; those of xdist's workers inherit it."""
    _take_signals()
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        # else each process that a test starts compiles all of portkit again
        folder = tempfile.mkdtemp(prefix="portkit-bytecode-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ["PYTHONPYCACHEPREFIX"] = folder
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])  # as a process of portkit has it


def _take_signals() -> None:
    """Take signals as a terminal's programs do: what a shell runs in its background, or `nohup`,
    ignores some, and so would every process that a test starts and interrupts.
    """
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_IGN:
                is_int = number == signal.SIGINT
                signal.signal(number, signal.default_int_handler if is_int else signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Leave what is there from now on, thousands of tests, out of every collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker neighbours, which share what is loaded and scanned, and the rest to who is
    done, so that none waits for a long test at the end.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.option.dist == "load" else None


@pytest.fixture(scope="session", autouse=True)
def jobs_in_this_process() -> Iterator[None]:
    """Scans fork no worker unless they ask for several: see same_process.py."""
    if load_clang() is not None:
        session_of_tests()  # with its folder where no test's own TMPDIR is
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portkit.run.pool.Pool", pool_of_tests)
        yield
    session_of_tests.cache_clear()


@pytest.fixture(autouse=True)
def workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give tests with the mark `workers` worker processes, as every run of portkit has."""
    if request.node.get_closest_marker("workers"):
        monkeypatch.setattr("portkit.run.pool.Pool", Pool)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout that the tests belong to."""
    return ROOT


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of compiled tables, made once a session; every cache of a test begins with them."""
    kept = make_tables(tmp_path_factory.mktemp("compiled"))
    before = facts_of(kept)
    yield kept
    assert facts_of(kept) == before, "a test wrote into the tables that all share"


@pytest.fixture(scope="session", autouse=True)
def session_cache(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests that name no cache folder away from the user's; theirs begins with the tables."""
    home = tmp_path_factory.mktemp("cache")
    lend_tables(tables, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        yield


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and the source archive of this checkout, built once for all workers
    of a run, without a new environment.
    """
    for part in ("hatchling", "build"):
        pytest.importorskip(part, reason="the build tools are not installed")
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "dist"
    with out.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            build = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel"]
            command = [*build, "--outdir", str(out.with_suffix(".part")), str(ROOT)]
            done = subprocess.run(command, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            out.with_suffix(".part").rename(out)
    return out


@pytest.fixture
def portkit(tmp_path: Path, tables: Path) -> Product:
    """Run `portkit ARGS` in this process with a home and state of its own; `code` is the exit code
    that must come.
    """
    return Product(tmp_path / "home", tables)


@pytest.fixture
def portkit_process(tmp_path: Path, tables: Path) -> Product:
    """Run `python -m portkit ARGS`, for tests about processes: their start, streams, signals,
    limits and end.
    """
    return Product(tmp_path / "home", tables, in_process=False)


@pytest.fixture
def run_report(portkit: Product, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Report on a tree for MUSA; returns the first plan of the JSON document."""

    def run(tree: Path, *options: str) -> dict[str, Any]:
        output = tmp_path / "report.json"
        portkit(
            "report", tree, "--to", "musa", "--format", "json", "-o", output, "-j", "1", *options
        )
        plan: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))["plans"][0]
        return plan

    return run


@pytest.fixture
def run_migrate(portkit: Product) -> Callable[..., Path]:
    """Migrate a tree into a folder, for MUSA unless `to` says otherwise; returns the folder."""

    def run(tree: Path, out: Path, *options: str, to: str = "musa") -> Path:
        portkit("migrate", tree, "--to", to, "--out-dir", out, "-j", "1", *options)
        return out

    return run


@pytest.fixture
def copy_tree() -> Callable[..., Path]:
    """Copy a tree, leaving out names that match some patterns; returns the copy."""

    def copy(source: Path, destination: Path, leave_out: Sequence[str] = ()) -> Path:
        shutil.copytree(
            source, destination, ignore=shutil.ignore_patterns(*leave_out) if leave_out else None
        )
        return destination

    return copy


@pytest.fixture(scope="session")
def demands() -> Callable[[Any], Any]:
    """Return what a JSON Schema demands: no prose, alternatives in one order; msgspec's versions
    differ in both.
    """

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
