# SPDX-License-Identifier: Apache-2.0
"""A command line that runs in the tests' own process says and leaves what a process of its own
does.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from portkit.cli.written import WRITTEN
from portkit.files import compiled
from product import Product

SOURCE = "#include <cuda_runtime.h>\nint f(void* p) { return cudaFree(p) + cudaFooBar(p); }\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(SOURCE)
    return folder


@pytest.mark.parametrize(
    "line",
    [
        "--version",
        "query cudaMalloc --to musa",
        "report . --to musa --to biren@gen1 --no-cache",
        "report . --to musa --lang zh -v",
        "check . --to musa --fail-on warning --format json",
        "migrate . --to musa --diff",
        "migrate . --to nowhere",
        "report nothing.cu --to musa --debug",
        "report",
        "--no-such-option",
    ],
)
def test_it_is_what_a_process_says(tree: Path, tmp_path: Path, tables: Path, line: str) -> None:
    done = [
        Product(tmp_path / f"home{number}", tables, in_process=within).run(*line.split(), cwd=tree)
        for number, within in enumerate((True, False))
    ]
    here, there = done
    # a traceback shows the lines of whoever called
    shown = slice(-1, None) if "--debug" in line else slice(None)
    assert here.returncode == there.returncode and here.stdout == there.stdout
    assert here.stderr.splitlines()[shown] == there.stderr.splitlines()[shown]
    assert here.stdout or here.stderr


def test_nothing_of_a_run_is_left(portkit: Product, tree: Path) -> None:
    def state() -> tuple[object, ...]:
        logger = logging.getLogger("portkit")
        streams = sys.stdin, sys.stdout, sys.stderr
        handlers = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGPROF)]
        return (
            dict(os.environ),
            Path.cwd(),
            streams,
            logger.level,
            logger.handlers[:],
            handlers,
            [*compiled._waiting],
        )

    before = state()
    portkit(
        "report", ".", "--to", "musa", "-v", "--debug", cwd=tree, NO_COLOR="1", PORTKIT_JOBS="1"
    )
    portkit("report", ".", "--to", "nowhere", cwd=tree, code=2)
    assert state() == before
    assert not WRITTEN


def test_each_run_begins_with_the_compiled_tables(
    portkit: Product, tree: Path, tables: Path
) -> None:
    portkit("scan", ".", cwd=tree)
    kept = {p.name: p for p in (tree.parent / "home" / "cache" / "portkit").glob("tables-*")}
    assert {p.name for p in tables.iterdir()} <= kept.keys()
    assert all(kept[p.name].samefile(p) for p in tables.iterdir())
