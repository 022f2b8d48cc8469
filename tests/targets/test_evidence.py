# SPDX-License-Identifier: Apache-2.0
"""Nothing of the collected evidence is lost: each line is in a table, made by the rule, or listed
as dropped with a reason.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "account_evidence.py"
# a target may have none
TARGETS = sorted(p.parent.name for p in (ROOT / "mappings").glob("*/import.toml"))


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    if not TOOL.is_file():
        pytest.skip("tools/ is not there")
    spec = importlib.util.spec_from_file_location("account_evidence", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("target", TARGETS)
def test_every_line_of_the_evidence_is_accounted_for(tool: ModuleType, target: str) -> None:
    evidence = next(
        (
            p / "shared" / "evidence" / target
            for p in ROOT.parents
            if (p / "shared" / "evidence" / target).is_dir()
        ),
        None,
    )
    if evidence is None:
        pytest.skip("the evidence is not beside the checkout (../shared/evidence)")
    counts, lost = tool.account(evidence, ROOT / "mappings" / target)
    assert lost == []
    assert tool.table(counts) == (ROOT / "mappings" / target / "evidence.tsv").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_dropped_has_a_reason(target: str) -> None:
    lines = (ROOT / "mappings" / target / "dropped.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "name\ttarget\treason"
    assert all(len(cells := line.split("\t")) == 3 and cells[0] and cells[2] for line in lines[1:])


def test_a_lost_line_is_named(tool: ModuleType, tmp_path: Path) -> None:
    folder, evidence = tmp_path / "toy", tmp_path / "evidence"
    folder.mkdir()
    evidence.mkdir()
    (folder / "target.toml").write_text(
        'id = "toy"\nname.en = "Toy"\n[profiles.one]\n[naming]\nrules = [["^cuda", "toy"]]\n',
        encoding="utf-8",
    )
    (folder / "runtime.csv").write_text(
        "name,target,kind,status,exists,pairs,sources,recipe,note\ncudaFree,toyFree,function,mapped,doc,alike,d,,\n"
    )
    (folder / "dropped.tsv").write_text(
        "name\ttarget\treason\ncudaA*\ttoyA*\tnot one name\n", encoding="utf-8"
    )
    head = "cuda\ttarget\tkind\tevidence\tconfidence\tnote\n"
    rows = [
        "cudaFree\ttoyFree",
        "cudaMalloc\ttoyMalloc",
        "cudaA*\ttoyA*",
        "cudaMemset\ttoySet",
        "cudaFree\ttoyRelease",
    ]
    text = head + "".join(
        f"{r}\tfunction\tx\t{w}\t\n"
        for r, w in zip(rows, ["doc", "inferred", "doc", "doc", "doc"], strict=True)
    )
    (evidence / "mapping.tsv").write_text(text, encoding="utf-8")
    (evidence / "unsupported.tsv").write_text(
        "construct\tstatus\ntextures\tnone\n", encoding="utf-8"
    )
    counts, lost = tool.account(evidence, folder)
    assert [line.partition(" (")[0] for line in lost] == [
        "cudaMemset > toySet",
        "cudaFree > toyRelease",
        "unsupported.tsv: textures",
    ]
    assert counts["doc"] == {"lines": 4, "row": 1, "dropped": 1, "lost": 2} and counts[
        "inferred"
    ] == {"lines": 1, "rule": 1}


def test_later_rounds_and_other_files_are_accounted_for(tool: ModuleType, tmp_path: Path) -> None:
    folder, evidence = tmp_path / "toy", tmp_path / "evidence"
    folder.mkdir()
    evidence.mkdir()
    (folder / "target.toml").write_text('id = "toy"\nname.en = "Toy"\n[profiles.one]\n')
    (folder / "python.csv").write_text(
        "name,target,kind,status,exists,pairs,sources,recipe,note\n"
        "torch.cuda.Event,torch.toy.Event,attribute,mapped,header,alike,d,,\n"
    )
    (folder / "dropped.tsv").write_text("name\ttarget\treason\n-\t-x toy\tno name\n")
    (evidence / "mapping-2.tsv").write_text("h\ncudaFree\ttoyFree\tfunction\tx\tdoc\t\n")
    head = "kind\tcuda\ttarget\tprofile\thow\n"
    (evidence / "python.tsv").write_text(
        f"{head}attribute\ttorch.cuda.Event\ttorch.toy.Event\tany\trename\n"
        "attribute\ttorch.cuda.Stream\ttorch.toy.Stream\tany\trename\n"
    )
    (evidence / "build.tsv").write_text(f"{head}flag\t-\t-x toy\tany\trename\n")
    (evidence / "one-seen.tsv").write_text("name\twhere\ngridDim float4\ta.cu\n")
    counts, lost = tool.account(evidence, folder)
    assert [line.partition(" (")[0] for line in lost] == [
        "cudaFree > toyFree",
        "python.tsv: torch.cuda.Stream > torch.toy.Stream",
        "one-seen.tsv: gridDim > gridDim",
        "one-seen.tsv: float4 > float4",
    ]
    assert counts["build.tsv"] == {"lines": 1, "dropped": 1}
