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
    return make_toy(tmp_path)


def make_toy(place: Path) -> tuple[Path, Path]:
    """Make a folder of mappings with one empty target, and evidence for it."""
    folder, evidence = place / "mappings" / "toy", place / "evidence"
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


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The rows, by name, of evidence of a second round, of what was seen and inferred, of Python
    and build files; under `dropped` the reasons.
    """
    mappings, evidence = make_toy(tmp_path_factory.mktemp("second"))
    (mappings / "toy" / "import.toml").write_text(
        "weak = ['^WEAK']\nseen_files = { 'a\\.cu' = 'shown' }\nseen_sources = { one = 'made' }\n"
        "[ids]\nshown = 'some/port@abc1234:src/a.cu'\nmade = { what = 'how it is built' }\n",
        encoding="utf-8",
    )
    head = "cuda\ttarget\tkind\tevidence\tconfidence\tnote\n"
    lines = [
        "sync\tsync\tfunction\tport a.cu\tport\t",
        "thread_block\tthread_block\ttype\tport a.cu\tport\t",
        "reduce\treduce\tfunction\tport a.cu\tport\tof a group, as its neighbours are",
        "plus\tplus\ttype\tport b.cu\tport\tof which namespace, b.cu does not say",
        "regsPerBlock\tregsPerBlock\tfunction\tport a.cu\tport\t",
        "cudaMalloc\ttoyMallocEx\tfunction\tThe sdk\tlinked\t",
        "cudaMemset\ttoyMemset\tfunction\tThe wheel\tlinked\t",
        "uint4\tuint4\ttype\tThe notes\tdoc\tWEAK: inside a range",
        "cudaFree\ttoyFree\tfunction\tThe text\tinferred\t",
    ]
    (evidence / "mapping-2.tsv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    (evidence / "inferred-one.tsv").write_text(
        "cuda\twhy\nsqrtf\tits body was seen\nuint4\tthe same\n", encoding="utf-8"
    )
    (evidence / "one-seen.tsv").write_text(
        'name\twhere\n__syncthreads gridDim\ta.cu\nasm("nop;")\ta.cu\n', encoding="utf-8"
    )
    (evidence / "python.tsv").write_text(
        "kind\tcuda\ttarget\tprofile\thow\texists\tpairs\tsource\tnote\n"
        "attribute\ttorch.cuda.Event\ttorch.toy.Event\troute=rename\trename\tsource\talike\tpkg\t\n"
        'c++\t#include <c10/cuda/CUDAGuard.h>\t#include "toy/Guard.h"\ttorch\trename\tsource\tusage\tpkg\t\n'
        "c++\tAT_CUDA_CHECK\t-\ttorch\tneeds-person\trule\tno\tpkg\t\n",
        encoding="utf-8",
    )
    (evidence / "build.tsv").write_text(
        "system\tcuda\ttarget\tprofile\thow\texists\tpairs\tsource\tnote\n"
        "flag\t-lineinfo\tdrop\tone\tdrop\tdoc\tno\tguide\t\n"
        "flag\t-\t-x toy\tone\trename\tdoc\tno\tguide\t\n",
        encoding="utf-8",
    )
    run_import(mappings, "toy", evidence, None)
    found: dict[str, dict[str, str]] = {}
    for path in sorted((mappings / "toy").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {r["name"]: r | {"file": path.stem} for r in csv.DictReader(file)}
    with (mappings / "toy" / "dropped.tsv").open(encoding="utf-8", newline="") as file:
        said = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        found["dropped"] = {r["name"]: r["reason"] for r in said}
    return found


def test_members_of_a_namespace_are_placed(rows: dict[str, dict[str, str]]) -> None:
    assert rows["cooperative_groups::sync"]["target"] == "cooperative_groups::sync"
    assert rows["cooperative_groups::thread_block"]["kind"] == "type"
    # several namespaces have it: it is the one of its source's other names
    assert rows["cooperative_groups::reduce"]["file"] == "cooperative_groups"
    assert "several namespaces" in rows["dropped"]["plus"]
    assert "owner" in rows["dropped"]["regsPerBlock"]


def test_grades_of_the_second_round(rows: dict[str, dict[str, str]]) -> None:
    assert (rows["cudaMemset"]["exists"], rows["cudaMemset"]["pairs"]) == ("linked", "alike")
    # a header's word stands over a binary's
    assert rows["cudaMalloc"]["target"] == "toyMalloc"
    assert "toyMallocEx" in rows["cudaMalloc"]["note"]
    assert rows["uint4"]["exists"] == "rule"
    # what was only inferred does not stand over a document
    assert rows["cudaFree"]["target"] == "toyRelease"
    assert (rows["sqrtf"]["exists"], rows["sqrtf"]["status"]) == ("rule", "same")
    assert (rows["gridDim"]["exists"], rows["gridDim"]["file"]) == ("usage", "device@one")
    # the file that shows the name stands before what says how it is built
    assert rows["gridDim"]["sources"] == "shown made"
    assert "not one name" in rows["dropped"]['asm("nop;")']


def test_python_libtorch_and_build_files(rows: dict[str, dict[str, str]]) -> None:
    assert rows["torch.cuda.Event"]["note"] == "route=rename"
    assert rows["torch.cuda.Event"]["exists"] == "header"
    guard = rows["c10/cuda/CUDAGuard.h"]
    assert (guard["target"], guard["file"], guard["pairs"]) == ("toy/Guard.h", "pytorch", "usage")
    assert rows["AT_CUDA_CHECK"]["status"] == "manual"
    assert (rows["-lineinfo"]["status"], rows["-lineinfo"]["file"]) == ("dropped", "build")
    assert "no name of CUDA's" in rows["dropped"]["-"]
