# SPDX-License-Identifier: Apache-2.0
"""The importer of evidence starts, places each line once, gives what it drops a reason, and a rerun
changes nothing.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "import_evidence.py"
TARGETS = sorted(p.parent.name for p in (ROOT / "mappings").glob("*/target.toml"))
pytestmark = pytest.mark.skipif(not TOOL.is_file(), reason="tools/ is not there")


def run_import(mappings: Path, target: str, evidence: Path, pairs: Path | None) -> str:
    """Import into a copy of the mappings; returns what the tool prints."""
    command: list[str | Path] = [
        sys.executable,
        TOOL,
        evidence,
        pairs or "-",
        mappings / target,
        ROOT / "mappings" / "cuda",
    ]
    source = {"PYTHONPATH": str(ROOT / "src")} if (ROOT / "src").is_dir() else {}
    environment = {**os.environ, **source, "PORTKIT_MAPPINGS": str(mappings)}
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def toy(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of mappings with one empty target, and evidence for it."""
    folder, evidence = tmp_path / "mappings" / "toy", tmp_path / "evidence"
    folder.mkdir(parents=True)
    evidence.mkdir()
    naming = '[naming]\nrules = [["^cuda", "toy"]]\n'
    (folder / "target.toml").write_text(
        f'id = "toy"\nname.en = "Toy"\n[profiles.one]\n{naming}', encoding="utf-8"
    )
    (folder / "import.toml").write_text("", encoding="utf-8")
    head = "cuda\ttarget\tkind\tevidence\tconfidence\tnote\n"
    rows = ("cudaFree\ttoyRelease", "cudaMalloc\ttoyMalloc", "-lcudart\t-ltoyrt")
    kinds = ("function", "function", "build")
    lines = (
        f"{r}\t{k}\tThe book\t{w}\t\n"
        for r, k, w in zip(rows, kinds, ("doc", "vendor-header", "doc"), strict=True)
    )
    (evidence / "mapping.tsv").write_text(head + "".join(lines), encoding="utf-8")
    (evidence / "unsupported.tsv").write_text(
        "construct\tstatus\tdetail\tsource\tadvice\n", encoding="utf-8"
    )
    return folder.parent, evidence


def test_lines_become_rows_by_library(toy: tuple[Path, Path]) -> None:
    mappings, evidence = toy
    run_import(mappings, "toy", evidence, None)
    with (mappings / "toy" / "runtime.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert {name: row["target"] for name, row in rows.items()} == {
        "cudaFree": "toyRelease",
        "cudaMalloc": "toyMalloc",
    }
    assert rows["cudaMalloc"]["exists"] == "header" and rows["cudaFree"]["exists"] == "doc"


@pytest.mark.parametrize("target", TARGETS)
def test_a_rerun_changes_no_table(target: str, tmp_path: Path) -> None:
    shared = next(
        (p / "shared" for p in ROOT.parents if (p / "shared" / "evidence" / target).is_dir()), None
    )
    if shared is None:
        pytest.skip("the evidence is not beside the checkout (../shared/evidence)")
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    pairs = shared / "corpora" / "pairs" / target
    run_import(
        tmp_path / "mappings",
        target,
        shared / "evidence" / target,
        pairs if pairs.is_dir() else None,
    )
    before, after = (
        {p.relative_to(f): p.read_bytes() for p in sorted(f.rglob("*")) if p.is_file()}
        for f in (ROOT / "mappings" / target, tmp_path / "mappings" / target)
    )
    assert after == before
