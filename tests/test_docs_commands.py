# SPDX-License-Identifier: Apache-2.0
"""Every command of the documentation is run: the ```sh blocks of a page, in order, in a copy of the
example project.

What a fence may say beside `sh`: `exit=N` (the exit code that must come; else 0), `needs=PROGRAM`
(skip without it). The blocks of a page share one folder, a git repository with one commit. The
Chinese page must have the same blocks. Blocks that are not to be run are marked `text`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from product import lend_tables

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if not p.name.endswith(".zh.md")
)
FENCE = re.compile(r"^```sh([^\n]*)\n(.*?)^```$", re.M | re.S)


def blocks(page: str) -> list[tuple[dict[str, str], str]]:
    """Return (what the fence says, commands) of each block."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        (dict(word.split("=", 1) for word in said.split()), body)
        for said, body in FENCE.findall(text)
    ]


WITH_BLOCKS = [page for page in PAGES if blocks(page)]


def test_there_are_commands_to_run() -> None:
    assert len(WITH_BLOCKS) >= 5


@pytest.mark.parametrize("page", [p for p in PAGES if p != "README.md"])
def test_every_page_has_a_chinese_one_with_the_same_commands(page: str) -> None:
    chinese = page.removesuffix(".md") + ".zh.md"
    assert (DOCS / chinese).is_file()
    assert blocks(chinese) == blocks(page)
    for one, other in ((page, chinese), (chinese, page)) if "/" not in page else ():
        assert (
            f"]({Path(other).name})" in (DOCS / one).read_text(encoding="utf-8").split("\n## ")[0]
        ), f"{one} does not lead to {other}"


@pytest.mark.parametrize("page", sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")))
def test_links_lead_somewhere(page: str) -> None:
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.S)
    text = re.sub(r"`[^`\n]*`", "", text)  # a pattern of names may look like a link
    links = [x for x in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in x]
    assert not [link for link in links if not (DOCS / page).parent.joinpath(link).exists()]


def test_the_index_names_every_page() -> None:
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = {Path(link).as_posix() for link in re.findall(r"\]\(([^)#]+)\)", text)}
    top = {p for p in PAGES if "/" not in p} - {"README.md"}
    missing = {
        page
        for page in top
        if page not in listed or page.removesuffix(".md") + ".zh.md" not in listed
    }
    assert not missing


@pytest.fixture
def project(tmp_path: Path, tables: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the example project under git, and the environment to run commands in."""
    if shutil.which("git") is None or shutil.which("bash") is None:
        pytest.skip("needs git and bash")
    folder, tools = tmp_path / "work" / "cuda-project", tmp_path / "bin"
    shutil.copytree(ROOT / "examples" / "cuda-project", folder)
    tools.mkdir()
    (tools / "portkit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m portkit "$@"\n')
    (tools / "portkit").chmod(0o755)
    env = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PORTKIT_", "GIT_", "GITHUB_", "CI_"))
    }
    env |= {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "PORTKIT_REPOSITORY": str(ROOT),
    }
    env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    lend_tables(tables, tmp_path / "cache")
    if (ROOT / "src").is_dir():
        env["PYTHONPATH"] = str(ROOT / "src")
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run(
            ["git", *who, *command], cwd=folder, env=env, check=True, capture_output=True
        )
    return folder, env


@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_the_commands_work(page: str, project: tuple[Path, dict[str, str]]) -> None:
    folder, env = project
    for said, body in blocks(page):
        if "needs" in said and shutil.which(said["needs"]) is None:
            pytest.skip(f"{page} needs {said['needs']}")
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", body],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == int(said.get("exit", "0")), (
            f"{body}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        assert "Traceback" not in done.stderr
