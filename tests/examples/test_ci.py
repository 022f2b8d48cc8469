# SPDX-License-Identifier: Apache-2.0
"""The CI examples: valid for the public schemas, and their shell parts run as the CI system would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CI = ROOT / "examples" / "ci"
BASH = ("bash", "-eo", "pipefail", "-c")
ADDED = '\n__device__ void added() { asm volatile("trap;"); }\n'


def load_yaml(path: Path) -> Any:
    ruamel = pytest.importorskip("ruamel.yaml")
    return ruamel.YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("schema", "name"), [("vendor.github-workflows", "github-workflow.yml"), ("vendor.gitlab-ci", "gitlab-ci.yml")])
def test_the_public_schema_takes_it(schema: str, name: str, tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run([*check, str(CI / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    broken = tmp_path / name
    broken.write_text((CI / name).read_text(encoding="utf-8").replace("    steps:", "    stepz:").replace("  script:", "  skript:"))
    assert subprocess.run([*check, str(broken)], capture_output=True, check=False).returncode == 1


class Project:
    """The example project in a git repository: one commit, and a change on top that adds inline assembly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "examples" / "cuda-project", folder)
        bin_folder = folder.parent / "bin"
        bin_folder.mkdir()
        tool = bin_folder / "portkit"
        tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m portkit "$@"\n')
        tool.chmod(0o755)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PORTKIT_", "GIT_", "CI_"))}
        self.env |= {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder.parent), "TARGETS": "--to musa"}
        source = ROOT / "src"
        if source.is_dir():
            self.env["PYTHONPATH"] = str(source)
        self.git("init", "-q", "-b", "main")
        self.base = self.commit()
        self.git("update-ref", "refs/remotes/origin/main", self.base)
        kernels = folder / "src" / "kernels.cu"
        kernels.write_text(kernels.read_text(encoding="utf-8") + ADDED, encoding="utf-8")
        self.commit()

    def git(self, *args: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
        done = subprocess.run(["git", *who, *args], cwd=self.folder, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def shell(
        self, script: str, shell: tuple[str, ...] = ("bash", "-eo", "pipefail", "-c"), **env: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([*shell, script], cwd=self.folder, env=self.env | env, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def baseline(self) -> None:
        assert self.shell("portkit baseline . --to musa --write").returncode == 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    if shutil.which("git") is None:
        pytest.skip("no git here")
    return Project(tmp_path / "project")


def test_github(project: Project, tmp_path: Path) -> None:
    job = load_yaml(CI / "github-workflow.yml")["jobs"]["portkit"]
    steps = {s["name"]: s for s in job["steps"] if "run" in s}
    assert list(steps) == ["Install", "Report", "Gate"] and steps["Install"]["run"] == 'python -m pip install "$PORTKIT"'
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    assert project.shell(steps["Report"]["run"], GITHUB_STEP_SUMMARY=str(summary)).returncode == 0
    assert summary.read_text(encoding="utf-8").startswith("before\n# Migration readiness")
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/upload-artifact"):
            assert all((project.folder / name).stat().st_size for name in step["with"]["path"].split())
        if "upload-sarif" in step.get("uses", ""):
            assert json.loads((project.folder / step["with"]["sarif_file"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    gate = project.shell(steps["Gate"]["run"], BASE=project.base)
    errors = [line for line in gate.stdout.splitlines() if line.startswith("::error")]
    assert gate.returncode == 1 and len(errors) == 1 and "file=src/kernels.cu" in errors[0]
    assert project.shell(steps["Gate"]["run"], BASE="").returncode == 1
    project.baseline()
    assert project.shell(steps["Gate"]["run"], BASE="").returncode == 0


def test_gitlab(project: Project) -> None:
    job = load_yaml(CI / "gitlab-ci.yml")["portkit"]
    assert job["before_script"] == ['python -m pip install "$PORTKIT"']
    *report, gate = job["script"]
    assert all(project.shell(line, ("sh", "-ec")).returncode == 0 for line in report)
    kept = [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]
    assert all((project.folder / name).stat().st_size for name in kept)
    assert project.shell(gate, ("sh", "-ec"), CI_MERGE_REQUEST_DIFF_BASE_SHA=project.base).returncode == 1
    assert project.shell(gate, ("sh", "-ec"), CI_MERGE_REQUEST_DIFF_BASE_SHA=project.git("rev-parse", "HEAD")).returncode == 0
    project.baseline()
    assert project.shell(gate, ("sh", "-ec")).returncode == 0


def test_jenkins(project: Project) -> None:
    text = (CI / "Jenkinsfile").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    install, report, gate = (textwrap.dedent(part).replace("\\\n", "") for part in re.findall(r"sh '''\n(.*?)'''", text, re.S))
    assert '-m pip install "$PORTKIT"' in install
    assert project.shell(report, ("sh", "-xe", "-c")).returncode == 0
    kept = re.findall(r"(?:artifacts|testResults): '([^']+)'", text)
    assert all((project.folder / name).stat().st_size for names in kept for name in names.split(", "))
    assert project.shell(gate, ("sh", "-xe", "-c"), CHANGE_TARGET="main").returncode == 1
    assert project.shell(gate, ("sh", "-xe", "-c")).returncode == 1
    project.baseline()
    assert project.shell(gate, ("sh", "-xe", "-c")).returncode == 0
