# SPDX-License-Identifier: Apache-2.0
"""What a tree's settings may make of a run: no more workers than cores, no file hidden in silence."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.cli.main import run_line
from portkit.run import pipeline
from portkit.run.scan_options import ScanOptions


@pytest.mark.parametrize(
    ("by", "asked", "given"),
    [
        ("found", 300, 2),
        ("found", 1, 1),
        ("found", 0, 0),
        ("named", 300, 300),
        ("environment", 300, 300),
    ],
)
def test_a_tree_asks_for_no_more_workers_than_cores(
    by: str, asked: int, given: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[int] = []
    whole = pipeline.scan_paths

    def counted(paths: Any, options: ScanOptions, ahead: Any = None) -> Any:
        wanted.append(options.jobs)
        return whole(paths, options, ahead)

    monkeypatch.setattr("portkit.api.reading.cores", lambda: 2)
    monkeypatch.setattr("portkit.api.reading.scan_paths", counted)
    config = tmp_path / "portkit.toml"
    config.write_text(f"jobs = {asked}\n" if by != "environment" else "")
    environ = {"PORTKIT_JOBS": str(asked)} if by == "environment" else {}
    options = Options.load([tmp_path], config if by == "named" else None, environ)
    Session([tmp_path], options).scan()
    assert wanted == [given]


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
    command = [
        "check",
        str(tmp_path),
        "--root",
        str(tmp_path),
        "--to",
        "musa",
        "-j",
        "1",
        "--no-cache",
    ]
    run_line(command)
    told = capsys.readouterr().err
    assert said in told
    assert ("gitattributes" in told) == bool(said)
