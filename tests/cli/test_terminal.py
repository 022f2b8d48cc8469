# SPDX-License-Identifier: Apache-2.0
"""Progress, quiet and verbose, and what Ctrl-C leaves behind."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.cli.progress import wanted

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "#include <cuda_runtime.h>\nint main() { void *p; cudaMalloc(&p, 8); cudaFooBar(p); return 0; }\n"


class Terminal:
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("quiet", "environ", "shown"),
    [
        (False, {}, True), (True, {}, False), (False, {"CI": "true"}, False), (False, {"CI": "1"},
        False), (False, {"CI": "false"}, True),
        (False, {"TERM": "dumb"}, False), (False, {"NO_COLOR": "1"}, True),
    ],
)  # fmt: skip
def test_when_progress_is_shown(quiet: bool, environ: dict[str, str], shown: bool) -> None:
    assert wanted(quiet, Terminal(), environ) is shown  # type: ignore[arg-type]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")
    }
    source = {"PYTHONPATH": str(ROOT / "src")} if (ROOT / "src").is_dir() else {}
    own = {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "TERM": "xterm-256color",
    }
    return {**kept, **source, **own, **more}


def on_a_terminal(tree: Path, *arguments: str, **more: str) -> tuple[str, str]:
    """Run with stderr on a terminal of 80 columns; return what came on stdout and on the terminal."""
    near, far = pty.openpty()
    env = environment(tree.parent, COLUMNS="80", **more)
    process = subprocess.Popen(
        [sys.executable, "-m", "portkit", *arguments],
        cwd=tree,
        env=env,
        stdout=subprocess.PIPE,
        stderr=far,
    )
    os.close(far)
    seen = b""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        ready, _, _ = select.select([near], [], [], 0.2)
        try:
            piece = os.read(near, 65536) if ready else b""
        except OSError:
            break
        seen += piece
        if not ready and process.poll() is not None:
            break
    out = process.communicate(timeout=60)[0]
    os.close(near)
    assert process.returncode == 0, seen
    return out.decode(), seen.decode("utf-8", "replace")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    for number in range(12):
        (folder / f"f{number}.cu").write_text(SOURCE)
    return folder


def test_progress_on_a_terminal_only(tree: Path) -> None:
    arguments = ("report", ".", "--to", "musa", "-j", "1", "--no-cache")
    out, seen = on_a_terminal(tree, *arguments)
    assert "files/s" in seen and "clang" in seen and "12/12" in seen and "files/s" not in out
    assert "\x1b[3" in seen, "coloured"
    plain = on_a_terminal(tree, *arguments, NO_COLOR="1")[1]
    assert "files/s" in plain and "\x1b[3" not in plain
    assert on_a_terminal(tree, *arguments, "-q")[1] == ""
    assert "files/s" not in on_a_terminal(tree, *arguments, CI="true")[1]


def test_quiet_and_verbose(portkit: Callable[..., Any], tree: Path) -> None:
    (tree / "portkit.toml").write_text('targets = ["musa"]\njobs = 1\n')
    plain = portkit("report", ".", cwd=tree)
    assert plain.stderr == "" and "Evidence" in plain.stdout
    quiet = portkit("report", ".", "-q", "--fail-on", "warning", cwd=tree, code=1)
    assert quiet.stderr == "" and quiet.stdout.count("\n") == 13
    verbose = portkit("report", ".", "-v", cwd=tree)
    assert (
        "configuration: portkit.toml" in verbose.stderr
        and "root by config" in verbose.stderr
        and "12 by clang" in verbose.stderr
    )


def test_eighty_columns(portkit: Callable[..., Any], tree: Path) -> None:
    out = portkit("report", ".", "--to", "musa", cwd=tree).stdout
    head = out.partition("\nFindings\n")[0]
    assert max(map(len, head.splitlines())) <= 80


# Runs portkit; its group gets SIGINT, as from a terminal, at the event of Python's that has the
# number it is given. Only those of files of the tree count. How many there were comes last on
# stderr.
INTERRUPTED = """
import atexit, os, signal, sys
last, count, tree, main = int(sys.argv.pop(1)), 0, os.getcwd(), os.getpid()
def happened(event, arguments):
    global count
    if event.split(".")[0] in ("open", "os") and any(isinstance(a, str) and a.startswith(tree) for a in arguments):
        count += 1
        if count == last and os.getpid() == main:
            os.killpg(main, signal.SIGINT)
sys.addaudithook(happened)
atexit.register(lambda: os.write(2, b"%d" % count))
from portkit.cli.start import main as portkit
portkit()
"""


def interrupted(tree: Path, home: Path, event: int, *arguments: str) -> tuple[int, str, int]:
    """Run portkit with an interrupt at an event; return exit code, stderr, number of events."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(event), *arguments], cwd=tree,
        env=environment(home), capture_output=True,
        stdin=subprocess.DEVNULL, text=True, start_new_session=True, check=False,
    )  # fmt: skip
    err = done.stderr.rstrip("0123456789")
    return done.returncode, err, int(done.stderr[len(err) :])


def test_interrupt_leaves_a_whole_tree(tmp_path: Path) -> None:
    """Whenever it comes: every file is old or every file is new, and a second run finishes the
    work.
    """
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(150):
        (tree / f"f{number}.cu").write_text(SOURCE * 3)
    new = {
        p.name: (SOURCE * 3)
        .replace("cudaMalloc", "musaMalloc")
        .replace("cuda_runtime", "musa_runtime")
        for p in tree.glob("*.cu")
    }
    arguments = (
        "migrate",
        ".",
        "--to",
        "musa",
        "--in-place",
        "--allow-dirty",
        "-j",
        "1",
        "--rung",
        "lex",
        "--accept",
        "proof=spelling",
    )
    code, _, whole = interrupted(tree, tmp_path / "whole", 0, *arguments)
    assert code == 0 and whole > len(new)
    for step in range(8):
        for name in new:
            (tree / name).write_text(SOURCE * 3)
        code, err, _ = interrupted(
            tree, tmp_path / f"home{step}", max(whole * step // 7, 1), *arguments
        )
        assert code == 130, err
        now = {name: (tree / name).read_text() for name in new}
        assert now == new or set(now.values()) == {SOURCE * 3}, "half of the tree is written"
        assert not list(tree.glob(".portkit-*")), "temporary files are left"
        assert "Traceback" not in err
        assert "interrupted" in err
        assert ("nothing was written" in err) == (now != new), err
