# SPDX-License-Identifier: Apache-2.0
"""The CI examples: valid for the public schemas, and their shell parts run as the CI system would
run them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import venv
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
CI = ROOT / "examples" / "ci"
INSTALL = 'python -m pip install "portkit @ $PORTKIT"'
BASH = ("bash", "-eo", "pipefail", "-c")
ADDED = '\n__device__ void added() { asm volatile("trap;"); }\n'


def load_yaml(path: Path) -> Any:
    ruamel = pytest.importorskip("ruamel.yaml")
    return ruamel.YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("schema", "name"),
    [("vendor.github-workflows", "github-workflow.yml"), ("vendor.gitlab-ci", "gitlab-ci.yml")],
)
def test_the_public_schema_takes_it(schema: str, name: str, tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run([*check, str(CI / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    broken = tmp_path / name
    broken.write_text(
        (CI / name)
        .read_text(encoding="utf-8")
        .replace("    steps:", "    stepz:")
        .replace("  script:", "  skript:")
    )
    assert subprocess.run([*check, str(broken)], capture_output=True, check=False).returncode == 1


class Project:
    """The example project in a git repository: one commit, and a change on top that adds inline
    assembly.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "examples" / "cuda-project", folder)
        bin_folder = folder.parent / "bin"
        bin_folder.mkdir()
        tool = bin_folder / "portkit"
        tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m portkit "$@"\n')
        tool.chmod(0o755)
        self.env = {
            k: v for k, v in os.environ.items() if not k.startswith(("PORTKIT_", "GIT_", "CI_"))
        }
        self.env |= {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder.parent),
            "TARGETS": "--to musa",
        }
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
        done = subprocess.run(
            ["git", *who, *args],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def shell(
        self, script: str, shell: tuple[str, ...] = ("bash", "-eo", "pipefail", "-c"), **env: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*shell, script],
            cwd=self.folder,
            env=self.env | env,
            capture_output=True,
            text=True,
            check=False,
        )
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
    assert list(steps) == ["Install", "Report", "Gate"] and INSTALL in steps["Install"]["run"]
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    assert project.shell(steps["Report"]["run"], GITHUB_STEP_SUMMARY=str(summary)).returncode == 0
    assert summary.read_text(encoding="utf-8").startswith("before\n# Migration readiness")
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/upload-artifact"):
            assert all(
                (project.folder / name).stat().st_size for name in step["with"]["path"].split()
            )
        if "upload-sarif" in step.get("uses", ""):
            assert (
                json.loads(
                    (project.folder / step["with"]["sarif_file"]).read_text(encoding="utf-8")
                )["version"]
                == "2.1.0"
            )
    gate = project.shell(steps["Gate"]["run"], BASE=project.base)
    errors = [line for line in gate.stdout.splitlines() if line.startswith("::error")]
    assert gate.returncode == 1 and len(errors) == 1 and "file=src/kernels.cu" in errors[0]
    assert project.shell(steps["Gate"]["run"], BASE="").returncode == 1
    project.baseline()
    assert project.shell(steps["Gate"]["run"], BASE="").returncode == 0


def test_gitlab(project: Project) -> None:
    job = load_yaml(CI / "gitlab-ci.yml")["portkit"]
    assert len(job["before_script"]) == 1 and INSTALL in job["before_script"][0]
    *report, gate = job["script"]
    assert all(project.shell(line, ("sh", "-ec")).returncode == 0 for line in report)
    kept = [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]
    assert all((project.folder / name).stat().st_size for name in kept)
    assert (
        project.shell(gate, ("sh", "-ec"), CI_MERGE_REQUEST_DIFF_BASE_SHA=project.base).returncode
        == 1
    )
    assert (
        project.shell(
            gate, ("sh", "-ec"), CI_MERGE_REQUEST_DIFF_BASE_SHA=project.git("rev-parse", "HEAD")
        ).returncode
        == 0
    )
    project.baseline()
    assert project.shell(gate, ("sh", "-ec")).returncode == 0


def test_jenkins(project: Project) -> None:
    text = (CI / "Jenkinsfile").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    install, report, gate = (
        textwrap.dedent(part).replace("\\\n", "")
        for part in re.findall(r"sh '''\n(.*?)'''", text, re.S)
    )
    assert INSTALL.partition("python")[2] in install
    assert project.shell(report, ("sh", "-xe", "-c")).returncode == 0
    kept = re.findall(r"(?:artifacts|testResults): '([^']+)'", text)
    assert all(
        (project.folder / name).stat().st_size for names in kept for name in names.split(", ")
    )
    assert project.shell(gate, ("sh", "-xe", "-c"), CHANGE_TARGET="main").returncode == 1
    assert project.shell(gate, ("sh", "-xe", "-c")).returncode == 1
    project.baseline()
    assert project.shell(gate, ("sh", "-xe", "-c")).returncode == 0


# --- each example as a whole: every shell part in its order, in a fresh clone, with the portkit
# that its first step installs


@pytest.fixture
def wheel(archives: Path) -> Path:
    """The wheel of this checkout."""
    return next(archives.glob("*.whl"))


def github_job(base: str) -> tuple[list[str], tuple[str, ...], dict[str, str]]:
    """Return the scripts of the job, the shell of each, and the environment that GitHub makes of it
    for a pull request.
    """
    job = load_yaml(CI / "github-workflow.yml")["jobs"]["portkit"]
    env = job["env"] | {"BASE": base}
    return [s["run"] for s in job["steps"] if "run" in s], BASH, env


def gitlab_job(base: str) -> tuple[list[str], tuple[str, ...], dict[str, str]]:
    """As `github_job`; GitLab runs both lists of a job in one shell."""
    job = load_yaml(CI / "gitlab-ci.yml")["portkit"]
    env = job["variables"] | ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": base} if base else {})
    return ["\n".join([*job["before_script"], *job["script"]])], ("sh", "-ec"), env


def jenkins_job(base: str) -> tuple[list[str], tuple[str, ...], dict[str, str]]:
    """As `github_job`; what Groovy makes of a text in three apostrophes."""
    text = (CI / "Jenkinsfile").read_text(encoding="utf-8")
    scripts = [
        textwrap.dedent(part).replace("\\\n", "")
        for part in re.findall(r"sh '''\n(.*?)'''", text, re.S)
    ]
    env = dict(re.findall(r"^    (\w+) = '([^']*)'", text, re.M))
    return scripts, ("sh", "-xe", "-c"), env | ({"CHANGE_TARGET": "main"} if base else {})


@pytest.mark.parametrize("job", [github_job, gitlab_job, jenkins_job])
def test_the_whole_example_in_a_fresh_clone(
    job: Any, project: Project, wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "python", with_pip=True)  # the runner's Python
    # has what portkit needs: nothing is fetched
    site = next(p for p in sys.path if p.endswith("site-packages"))
    path = f"{tmp_path / 'python' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {k: v for k, v in project.env.items() if k not in ("PYTHONPATH", "TARGETS")}
    env |= {
        "PATH": path,
        "PYTHONPATH": site,
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }

    pinned = f"{wheel.as_uri()}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}"

    def run(branch: str, base: str) -> tuple[list[int], str, Path]:
        """Clone a branch and run the job there until a part fails; return the exit codes, what was
        said, and the clone.
        """
        clone = Path(tempfile.mkdtemp(dir=tmp_path)) / "clone"
        subprocess.run(
            ["git", "clone", "-q", "--branch", branch, str(project.folder), str(clone)],
            env=env,
            check=True,
        )
        scripts, shell, own = job(base)
        codes, said = list[int](), ""
        for script in scripts:
            made = env | {key: str(value) for key, value in own.items()} | {"PORTKIT": pinned}
            done = subprocess.run(
                [*shell, script], cwd=clone, env=made, text=True, capture_output=True, check=False
            )
            codes.append(done.returncode)
            said += done.stdout + done.stderr
            if done.returncode:
                break
        assert "Traceback" not in said, said
        return codes, said, clone

    project.git("branch", "-q", "-m", "change")
    project.git("branch", "-q", "main", project.base)
    refused = [("portkit", "no hash")]
    if job is github_job:  # all have the same line; a run of the others takes longer
        refused += [(f"{wheel.as_uri()}#sha256={'0' * 64}", "HASHES"), (wheel.as_uri(), "no hash")]
    for wrong, why in refused:
        right, pinned = pinned, wrong
        codes, said, clone = run("main", project.base)
        assert len(codes) == 1 and codes[0] != 0 and why in said, said
        assert not (clone / "portkit-scan.json").exists()
        pinned = right
    count = len(job("")[0])
    if job is github_job:  # nothing has changed
        codes, said, _ = run("main", project.base)
        assert codes == [0] * count, said
    codes, said, _ = run("change", project.base)
    assert codes == [0] * (count - 1) + [1], said
    assert "src/kernels.cu" in said and "musa@mp_31: 1 finding at or above error" in said, said
    project.baseline()
    project.commit()
    codes, said, clone = run("change", "")
    assert codes == [0] * count, said
    assert all((clone / name).stat().st_size for name in ("portkit.html", "portkit.json"))
    assert any(
        (folder / "bin" / "portkit").is_file()
        for folder in (tmp_path / "python", clone / ".portkit-venv")
    )
