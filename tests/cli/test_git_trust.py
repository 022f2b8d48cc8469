# SPDX-License-Identifier: Apache-2.0
"""The command line on trees that try to use git against it: a pull request, an archive, a broken
git.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

KERNEL = '#include <cuda_runtime.h>\nvoid f(void *p) { cudaFree(p); asm("bar.sync 1;"); }\n'


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    return tmp_path / "RAN"


@pytest.fixture
def victim(tmp_path: Path, ran: Path) -> Path:
    """A plain clone of a pull request that brings a folder with the parts of a bare repository."""
    seed, request, clone = (tmp_path / name for name in ("seed", "request", "clone"))
    (seed / "a.cu").parent.mkdir()
    (seed / "a.cu").write_text(KERNEL)
    (seed / "portkit.toml").write_text('targets = ["musa"]\n')
    (seed / ".gitattributes").write_text("* filter=evil\n")
    git(seed, "init", "-q", "-b", "main")
    git(seed, "add", "-A")
    git(seed, "commit", "-qm", "theirs")
    (request / "sub").mkdir(parents=True)
    git(request, "init", "-q", "-b", "main")
    for name in ("HEAD", "index", "objects", "refs"):
        source = seed / ".git" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, request / "sub" / name)
    for name in ("a.cu", "portkit.toml", ".gitattributes"):
        shutil.copy(seed / name, request / "sub" / name)
    for name in ("objects/pack", "refs/tags"):
        (request / "sub" / name / ".keep").touch()
    core = "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n"
    (request / "sub/config").write_text(f'{core}[filter "evil"]\nclean = touch {ran}; cat\n')
    git(request, "add", "-A")
    git(request, "commit", "-qm", "a pull request")
    git(tmp_path, "clone", "-q", str(request), str(clone))
    return clone


def test_the_attack_works_on_git_itself(victim: Path, ran: Path) -> None:
    os.utime(victim / "sub/a.cu", (1, 1))
    git(victim / "sub", "status")
    assert ran.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "sub", "--since", "HEAD"),
        ("check", "sub/a.cu", "--since", "main..."),
        ("migrate", "sub", "--in-place"),
    ],
    ids=" ".join,
)
def test_a_pull_request_runs_nothing(
    portkit: Run, victim: Path, ran: Path, arguments: tuple[str, ...]
) -> None:
    os.utime(victim / "sub/a.cu", (1, 1))
    portkit(*arguments, cwd=victim)
    assert not ran.exists()


def test_a_change_in_its_folder_counts(portkit: Run, victim: Path, ran: Path) -> None:
    (victim / "sub/a.cu").write_text(KERNEL + KERNEL)
    done = portkit("check", "sub", "--since", "HEAD", cwd=victim, code=1)
    assert "PK401" in done.stdout
    done = portkit("migrate", "sub", "--in-place", cwd=victim, code=2)
    assert "uncommitted changes in a.cu; nothing was written" in done.stderr
    assert not ran.exists()


def test_the_gate_sees_its_files(portkit: Run, victim: Path) -> None:
    sub = victim / "sub"
    for name in ("portkit.toml", "index", ".gitattributes"):
        (sub / name).unlink()
    (sub / "info").mkdir()
    (sub / "info/exclude").write_text("*\n")
    (sub / "config").write_text("[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n")
    for since in ((), ("--since", "HEAD~1")):
        if since:
            git(victim, "commit", "-qam", "more")
            (sub / "a.cu").write_text("\n" + KERNEL.replace("bar.sync", "wgmma.fence.sync.aligned"))
        done = portkit("check", "sub", "--to", "musa", *since, cwd=victim, code=1)
        assert "sub/a.cu:" in done.stdout and "in 1 files" in done.stdout


def test_an_archive_runs_nothing(portkit: Run, victim: Path, ran: Path) -> None:
    """The same configuration in the .git of the tree itself."""
    git(victim, "config", "filter.evil.clean", f"touch {ran}; cat")
    git(victim, "config", "core.fsmonitor", f"touch {ran}")
    (victim / ".gitattributes").write_text("* filter=evil diff=evil\n")
    os.utime(victim / "sub/a.cu", (1, 1))
    portkit("check", ".", "--to", "musa", "--since", "HEAD", cwd=victim)
    portkit("migrate", "sub", "--in-place", cwd=victim)
    portkit("scan", ".", cwd=victim)
    assert not ran.exists()


@pytest.mark.parametrize(
    "command",
    [("check", "."), ("check", "sub/a.cu"), ("scan", "."), ("migrate", "sub", "--in-place")],
)
def test_a_git_that_fails_is_one_line(
    portkit: Run, victim: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(
        "#!/bin/sh\nprintf 'fatal: \\033[1mno\\r::error::\\n::stop::\\n' >&2\nexit 128\n"
    )
    (folder / "git").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    target = () if command[0] == "scan" else ("--to", "musa")
    done = portkit(*command, *target, cwd=victim, code=2, PATH=path)
    said = f"portkit: {victim}: git cannot read the repository: fatal: ?[1mno?::error:: ("
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_what_git_cannot_open_is_a_finding(
    victim: Path, tmp_path: Path, repository: Path, restricted: tuple[str, ...]
) -> None:
    folder = victim / "new"
    folder.mkdir()
    (folder / "a.cu").write_text(KERNEL)
    folder.chmod(0)
    report = tmp_path / "report.json"
    command = [
        "check",
        ".",
        "--to",
        "musa",
        "--fail-on",
        "none",
        "--format",
        f"json={report}",
        "--format",
        "text",
    ]
    try:
        done = subprocess.run(
            [*restricted, sys.executable, "-m", "portkit", *command],
            cwd=victim, capture_output=True, text=True, check=False, timeout=300,
            env={**os.environ, "PYTHONPATH": str(repository / "src"), "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path / "c")},
        )  # fmt: skip
    finally:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "new:1:1: PK906 `new` was not read: it cannot be read (1 files)" in done.stdout
    told = [
        item
        for item in json.loads(report.read_text())["plans"][0]["findings"]
        if item["rule"] == "PK906"
    ]
    assert [(item["path"], item["severity"]) for item in told] == [("new", "warning")]
