# SPDX-License-Identifier: Apache-2.0
"""The hooks with the real pre-commit program on a real git repository: pass, blocked, fixed and
then pass.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

yaml = pytest.importorskip("yaml", reason="PyYAML comes with pre-commit")
pytest.importorskip("pre_commit", reason="pre-commit is not installed")

GOOD = '#include <cuda_runtime.h>\n#include "own.h"\nint main() { void *p; return cudaMalloc(&p, SIZE); }\n'
BAD = '#include <cuda_runtime.h>\n__global__ void k(int *p) { asm volatile("wgmma.fence.sync.aligned;"); }\n'


class Repository:
    """A git repository with hooks installed; every command has a home of its own."""

    def __init__(self, folder: Path, home: Path, hooks: list[dict[str, Any]]) -> None:
        self.folder = folder
        folder.mkdir()
        home.mkdir()
        root = Path(__file__).resolve().parents[2]
        source = {"PYTHONPATH": str(root / "src")} if (root / "src").is_dir() else {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT"))}
        self.env = {
            **kept, **source, "HOME": str(home), "PRE_COMMIT_HOME": str(home / "pre-commit"),
            "XDG_STATE_HOME": str(home / "state"),
            "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1",
        }  # fmt: skip
        self.run("git", "init", "-q", ".")
        self.run("git", "config", "user.name", "t")
        self.run("git", "config", "user.email", "t@t")
        local = {"repos": [{"repo": "local", "hooks": hooks}]}
        (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(local))
        (folder / "pyproject.toml").write_text('[tool.portkit]\ntargets = ["musa"]\njobs = 1\n')
        self.run(sys.executable, "-m", "pre_commit", "install")

    def run(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == code, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def commit(self, message: str, code: int = 0) -> str:
        return self.run("git", "commit", "-m", message, code=code)

    @property
    def commits(self) -> list[str]:
        return self.run("git", "log", "--format=%s").split()


def hook(repository: Path, id: str) -> dict[str, Any]:
    """Return a hook of the manifest that runs the portkit under test instead of installing one."""
    made: dict[str, Any] = next(
        h
        for h in yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text())
        if h["id"] == id
    )
    assert made["entry"].startswith("portkit ")
    return {
        **made,
        "language": "system",
        "entry": f"{sys.executable} -m {made['entry']}",
        "verbose": True,
    }


def test_manifest_is_valid(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(repository / ".pre-commit-hooks.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    hooks = {
        h["id"]: h for h in yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text())
    }
    assert hooks["portkit-check"]["entry"] == "portkit check" and hooks["portkit-check"][
        "args"
    ] == ["--fail-on", "error"]
    assert hooks["portkit-migrate"]["entry"] == "portkit migrate --in-place --allow-dirty"


def test_check_passes_and_blocks(repository: Path, tmp_path: Path) -> None:
    repo = Repository(tmp_path / "repo", tmp_path / "home", [hook(repository, "portkit-check")])
    (repo.folder / "own.h").write_text("#define SIZE 8\n")
    (repo.folder / "a file é.cu").write_text(GOOD)
    repo.run("git", "add", "-A")
    said = repo.commit("passes")
    assert "Passed" in said and "2 files" in said

    (repo.folder / "bad.cu").write_text(BAD)
    repo.run("git", "add", "-A")
    said = repo.commit("blocked", code=1)
    assert "Failed" in said and "bad.cu:2:" in said and "1 files" in said, (
        "only the changed file is read"
    )
    assert repo.commits == ["passes"]

    (repo.folder / "bad.cu").write_text(
        BAD.replace("asm", "/* portkit: ignore[PK4,PK5] the CPU path is taken there */ asm")
    )
    (repo.folder / "notes.md").write_text("cudaMalloc\n")
    repo.run("git", "add", "-A")
    repo.commit("suppressed")
    assert repo.commits == ["suppressed", "passes"]


def test_check_without_a_target_says_what_to_do(repository: Path, tmp_path: Path) -> None:
    repo = Repository(tmp_path / "repo", tmp_path / "home", [hook(repository, "portkit-check")])
    (repo.folder / "pyproject.toml").unlink()
    (repo.folder / "a.cu").write_text(GOOD)
    repo.run("git", "add", "-A")
    assert "--to is required" in repo.commit("x", code=1)


def test_migrate_fixes_and_then_passes(repository: Path, tmp_path: Path) -> None:
    repo = Repository(tmp_path / "repo", tmp_path / "home", [hook(repository, "portkit-migrate")])
    (repo.folder / "own.h").write_text("#define SIZE 8\n")
    (repo.folder / "a.cu").write_text(GOOD)
    (repo.folder / "b.cu").write_text(GOOD)
    repo.run("git", "add", "own.h", "a.cu")
    said = repo.commit("first", code=1)
    assert "files were modified by this hook" in said
    fixed = (repo.folder / "a.cu").read_text()
    assert "musaMalloc(&p, SIZE)" in fixed and "<musa_runtime.h>" in fixed and '"own.h"' in fixed
    assert (repo.folder / "b.cu").read_text() == GOOD, (
        "a file that is not in the commit is left alone"
    )
    repo.run("git", "add", "a.cu")
    assert "Passed" in repo.commit("second")
    assert repo.commits == ["second"] and (repo.folder / "a.cu").read_text() == fixed


def test_many_files_in_one_commit(repository: Path, tmp_path: Path) -> None:
    """More names than one command line holds: pre-commit starts portkit several times."""
    hooks = [{**hook(repository, "portkit-check"), "args": ["--fail-on", "error", "--rung", "lex"]}]
    repo = Repository(tmp_path / "repo", tmp_path / "home", hooks)
    folder = repo.folder / ("long" * 40)
    folder.mkdir()
    for number in range(700):
        (folder / f"{'name' * 40}{number}.cu").write_text("int x;\n" if number != 650 else BAD)
    repo.run("git", "add", "-A")
    said = repo.commit("many", code=1)
    assert said.count("musa@mp_31:") >= 2 and f"{'name' * 40}650.cu:2:" in said


def test_try_repo_installs_and_runs(repository: Path, tmp_path: Path) -> None:
    """`pre-commit try-repo` on a clone of this repository: the hook's own environment, installed by
    pip.
    """
    if not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{repository}", str(clone)], check=True
    )
    (clone / ".pre-commit-hooks.yaml").write_bytes(
        (repository / ".pre-commit-hooks.yaml").read_bytes()
    )
    subprocess.run(["git", "add", "-A"], cwd=clone, check=True)
    repo = Repository(tmp_path / "repo", tmp_path / "home", [hook(repository, "portkit-check")])
    repo.env.pop("PYTHONPATH", None)
    repo.env["PORTKIT_BUILD_ANSWERS"] = "0"
    (repo.folder / "bad.cu").write_text(BAD)
    repo.run("git", "add", "-A")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(clone), "portkit-check", "--files", "bad.cu"],
        cwd=repo.folder, env=repo.env, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if "pip" in done.stdout and "An unexpected error" in done.stdout:
        pytest.skip("pip could not install the hook's environment (no network?)")
    assert done.returncode == 1 and "bad.cu:2:" in done.stdout, done.stdout + done.stderr
