# SPDX-License-Identifier: Apache-2.0
"""The command line over trees in which pipes and devices stand for files: each run ends.

As processes: what waits for a pipe, or reads a device without end, meets the fixture's time limit.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"),
    reason="this system has no pipes with names",
)
CODE = "void f(void* p) { cudaFree(p); }\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(CODE)
    return folder


SETTINGS: list[tuple[str, str]] = [
    ('baseline = "pipe"', "pipe: cannot read the baseline: a pipe, not a regular file"),
    ('maps = ["/dev/zero"]', "maps: '/dev/zero' leads out of the tree"),
    ('maps = ["pipe"]', "pipe: cannot read the map: a pipe, not a regular file"),
    (
        'compile-db = "/dev/zero"',
        "compile-db: '/dev/zero' leads out of the tree",
    ),
    ('compile-db = "pipe"', "pipe: cannot read the compile database: a pipe, not a regular file"),
]


@pytest.mark.parametrize(("line", "said"), SETTINGS, ids=[line for line, _ in SETTINGS])
def test_a_setting_that_names_no_file(
    portkit: Callable[..., Any],
    tree: Path,
    line: str,
    said: str,
) -> None:
    os.mkfifo(tree / "pipe")
    (tree / "portkit.toml").write_text(f'targets = ["musa"]\n{line}\n')
    error = portkit("check", ".", cwd=tree, code=2).stderr
    assert said in error and error.count("\n") == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "portkit.toml"])
def test_settings_that_are_a_pipe_or_a_device(
    portkit: Callable[..., Any],
    tree: Path,
    name: str,
) -> None:
    (tree / name).symlink_to("/dev/zero")
    for command in ("check", "report", "scan", "config", "migrate"):
        error = portkit(
            command,
            ".",
            *(("--to", "musa") if command != "scan" else ()),
            cwd=tree,
            code=2,
        ).stderr
        assert f"{name}: " in error and "a link out of the tree" in error
        assert error.count("\n") == 1
    (tree / name).unlink()
    os.mkfifo(tree / name)
    error = portkit("check", ".", "--to", "musa", cwd=tree, code=2).stderr
    assert "a pipe, not a regular file" in error
    portkit("check", ".", "--to", "musa", "--no-config", "--root", ".", cwd=tree)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_hook_does_not_wait_for_settings_that_are_a_device(
    portkit: Callable[..., Any],
    tree: Path,
) -> None:
    import subprocess

    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    (tree / "pyproject.toml").symlink_to("/dev/zero")
    error = portkit("check", "a.cu", "--to", "musa", "-q", cwd=tree, code=2).stderr
    assert "pyproject.toml" in error


def test_a_response_file_that_is_a_device_is_told(portkit: Callable[..., Any], tree: Path) -> None:
    (tree / "compile_commands.json").write_text(
        '[{"file": "a.cu", "arguments": ["nvcc", "@/dev/zero"]}]',
    )
    done = portkit("check", ".", "--to", "musa", "-p", ".", "--root", ".", cwd=tree)
    said = "/dev/zero: a device, not a regular file"
    assert done.stderr == f"portkit: of the compile database was not read: {said}\n"
    quiet = portkit("check", ".", "--to", "musa", "-p", ".", "--root", ".", "-q", cwd=tree)
    assert quiet.stderr == ""


def test_lists_that_are_devices_are_findings(portkit: Callable[..., Any], tree: Path) -> None:
    (tree / ".git").mkdir()
    for name in (".gitignore", ".gitattributes"):
        (tree / name).symlink_to("/dev/zero")
    out = portkit("check", ".", "--to", "musa", "--root", ".", cwd=tree).stdout
    for name in (".gitignore", ".gitattributes"):
        assert f"{name}:1:1: PK906 `{name}` was not read: it cannot be read (1 files)" in out


def test_a_copy_of_a_tree_with_pipes_ends_and_says_so(
    portkit: Callable[..., Any],
    tree: Path,
    tmp_path: Path,
) -> None:
    os.mkfifo(tree / "f.cu")
    os.mkfifo(tree / "g.dat")
    done = portkit(
        "migrate",
        ".",
        "--root",
        ".",
        "--to",
        "musa",
        "--out-dir",
        tmp_path / "out",
        cwd=tree,
    )
    assert "1 files written" in done.stderr
    assert "; 2 left out as no regular file, the first f.cu" in done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.cu"]
    (tree / "portkit_compat" / "musa").mkdir(parents=True)
    os.mkfifo(tree / "portkit_compat" / "musa" / "portkit_musa_names.h")
    given = ("migrate", ".", "--root", ".", "--to", "musa", "--strategy", "header", "--diff")
    error = portkit(*given, cwd=tree, code=2).stderr
    assert "portkit_musa_names.h: is there already and cannot be read: a pipe" in error
