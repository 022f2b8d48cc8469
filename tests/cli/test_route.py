# SPDX-License-Identifier: Apache-2.0
"""`portkit route`, the first block of a report, `--route`, and the tables of `analyse`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portkit.cli.main import cli

PROGRAM = """import torch
if torch.cuda.is_available():
    x = torch.ones(1, device="cuda")
assert x.device.type == "cuda"
torch.cuda.nvtx.mark("here")
torch.cuda.not_a_name_of_cudas()
url = "https://example.org/cuda"
"""


def run(*arguments: object, code: int = 0) -> Result:
    """Run a command and expect its exit code."""
    done = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "megatron").mkdir()
    (folder / "megatron" / "a.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "b.py").write_text("import torch, torch_musa\ntorch.musa.init()  # cuda\n")
    return folder


def test_every_target_has_its_routes_with_the_gaps_of_the_tree(tree: Path) -> None:
    said = run("route", tree, "--no-cache").stdout
    for line in (
        "Route keep (taken): change nothing",
        "Route torchada (taken): one line, `import torchada`",
        "Route autoload (taken)",
        "Route transfer (taken)",
        "Route rename: rename: torch.gcu",
        "Route portable:",
        "1 files know this target already",
        "1 strings with a word of CUDA's name no device",
        "megatron has a port: install it",
        "tests of torch.cuda.is_available (x1 in 1 files, first megatron/a.py:2): False",
    ):
        assert line in said, line


def test_one_target_as_json(tree: Path) -> None:
    document = json.loads(run("route", tree, "--to", "musa", "--format", "json").stdout)
    (target,) = document["targets"]
    assert document["schema"] == "portkit/route/1" and target["references"] == 5
    route = target["routes"][0]
    assert (route["id"], route["chosen"], route["works"] + route["person"] + route["unknown"]) == (
        "torchada", True, 5,
    )  # fmt: skip
    gaps = {name for gap in route["gaps"] for name in gap["names"]}
    assert gaps == {
        "torch.cuda.is_available", "cuda", "torch.cuda.nvtx.mark", "torch.cuda.not_a_name_of_cudas",
    }  # fmt: skip
    assert all({"en", "zh"} <= gap["note"].keys() for gap in route["gaps"] if gap["note"])


def test_a_report_begins_with_the_route(tree: Path) -> None:
    for language, words in (("en", "Route keep (taken)"), ("zh", "路线 keep")):
        said = run("report", tree, "--to", "maca", "--lang", language, "--no-cache").stdout
        assert words in said and said.index(words) < said.index("%")
    rename = run("report", tree, "--to", "musa", "--route", "rename", "--no-cache").stdout
    assert "Route rename (taken)" in rename


def test_a_tree_without_python_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text("void f() { cudaFree(0); }\n")
    assert "no Python code" in run("route", tmp_path, "--to", "maca", "--no-cache").stdout
    assert "Route" not in run("report", tmp_path, "--to", "maca", "--no-cache").stdout


def test_an_unknown_route_is_one_line(tree: Path) -> None:
    done = CliRunner().invoke(cli, ["report", str(tree), "--to", "maca", "--route", "torchada"])
    assert done.exit_code != 0 and "unknown route 'torchada'" in str(done.exception)


def test_the_tables_of_analyse(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    run("report", tree, "--to", "musa", "--format", f"analyse={folder}", "--no-cache")
    tables = {
        f.name: list(csv.DictReader(f.open(encoding="utf-8", newline="")))
        for f in sorted(folder.iterdir())
    }
    assert [row["op"] for row in tables["unknown_api.csv"]] == ["torch.cuda.not_a_name_of_cudas"]
    assert {row["op"] for row in tables["unsupported_api.csv"]} == {
        "torch.cuda.is_available", "cuda", "torch.cuda.nvtx.mark",
    }  # fmt: skip
    assert len(tables["cuda_op_list.csv"]) == 5
    assert "PK720" in {row["rule"] for row in tables["advice.csv"]}
