# SPDX-License-Identifier: Apache-2.0
"""What portkit writes for HIP is compiled by a real compiler of HIP, for host and device, where one
is: $PORTKIT_HIPCC, else hipcc (Debian: hipcc and libamdhip64-dev).
"""

from __future__ import annotations

import importlib
import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILER = shlex.split(os.environ.get("PORTKIT_HIPCC", "hipcc"))
FLAGS = ["--offload-arch=gfx906", "-Wno-everything", "-std=c++17"]
TREES = [*sorted((ROOT / "examples").glob("cuda-*")), ROOT / "fixtures/pairs/wavefront/before"]


@pytest.fixture(name="builds")
def _builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The measuring scripts' own way to compile; skips where there is nothing to compile with."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    script = importlib.import_module("compile_hip")
    if why := script.lacking(COMPILER, FLAGS, tmp_path):
        pytest.skip(why)
    return script


@pytest.mark.parametrize("tree", TREES, ids=lambda t: t.parent.name + "/" + t.name)
def test_what_does_not_compile_was_announced(
    tree: Path, builds: Any, portkit: Any, tmp_path: Path
) -> None:
    before, out = tmp_path / "before", tmp_path / "after"
    shutil.copytree(tree, before)
    report = tmp_path / "plan.json"
    to = ("--to", "hip@rocm", "--out-dir", out, "--format", "json", "-o", report)
    portkit("migrate", before, "--root", before, *to, "-j", "1")
    files = json.loads(report.read_text(encoding="utf-8"))["plans"][0]["files"]
    findings = {file["path"]: file.get("findings", []) for file in files}
    silent = []
    for source in sorted(out.rglob("*.cu")):
        unit = builds.Unit(source.name, ("-I", str(out), "-I", str(out / "include")))
        failure = builds.hip_builds.compile_unit(COMPILER, source.parent, unit, out, FLAGS)
        if failure and not builds.announced(vars(failure), before, out, findings):
            silent.append(failure)
    assert silent == []
