# SPDX-License-Identifier: Apache-2.0
"""What a tree's settings may make of a run: no more workers than cores, no file hidden in silence."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from portkit.cli.main import run_line
from portkit.cli.named import Named
from portkit.config.effective import Value


@pytest.mark.parametrize(
    ("origin", "asked", "given"),
    [("file", 300, 2), ("file", 1, 1), ("file", 0, 0), ("command line", 300, 300), ("environment", 300, 300)],
)
def test_a_tree_asks_for_no_more_workers_than_cores(origin: str, asked: int, given: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portkit.cli.named.cores", lambda: 2)
    options: dict[str, Any] = {"jobs": asked, "values": {"jobs": Value(asked, origin)}}
    assert Named(options).jobs() == given
    assert Named({**options, "config_file": Path("x")}).jobs() == asked


@pytest.mark.parametrize("with_git", [True, False])
@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ("*.cu linguist-generated\n", "2 files were not read because .gitattributes"),
        ("a.cu linguist-vendored\n", "1 file was not read because .gitattributes"),
        ("* linguist-generated=true\n", "2 files were not read"),
        ("*.cu -linguist-generated\n", ""),
        ("*.txt linguist-generated\n", ""),
    ],
)
def test_files_that_attributes_hide_are_counted(
    attributes: str, said: str, with_git: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vendor").mkdir()
    for name in ("a.cu", "b.cu", "vendor/c.cu"):
        (tmp_path / name).write_text("void f(void *p) { cudaFree(p); }\n")
    if with_git:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitattributes").write_text(attributes)
    command = ["check", str(tmp_path), "--root", str(tmp_path), "--to", "musa", "-j", "1", "--no-cache"]
    run_line(command)
    told = capsys.readouterr().err
    assert said in told
    assert ("gitattributes" in told) == bool(said)
