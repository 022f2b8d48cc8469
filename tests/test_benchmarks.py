# SPDX-License-Identifier: Apache-2.0
"""The measuring scripts that keep books: what is explained, what is not, what is stale."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from product import Product
from specs import each_target

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
HEAD = "pair,part,name,port,portkit,rows,cause,explanation\n"


def test_the_examples_documents_fit_their_schemas() -> None:
    tree = BENCHMARKS.parent / "examples"
    words = [
        sys.executable,
        str(BENCHMARKS / "schemas.py"),
        str(tree),
        "--target",
        "musa",
        "--target",
        "enflame",
        "--",
        "-j",
        "1",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 plans" in done.stdout


def test_all_targets_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    assert importlib.import_module("bench").all_targets() == each_target()


@pytest.mark.parametrize("script", sorted(BENCHMARKS.glob("*.py")), ids=lambda p: p.name)
def test_what_a_script_takes_from_portkit_is_there(script: Path) -> None:
    """A script that only measures would be found broken on the day that it is needed."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portkit"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


ODD = {
    "main.cu": """#include <torch/extension.h>
#include <cutlass/cutlass.h>
#include "part.body"
#define JOIN(a, b) a##b
#define API(x) cuda##x
#define LANE_CODE __device__ __forceinline__
LANE_CODE int lane(int x) { return x & 31; }
void f(at::Tensor t) {
  kernel<< <1, 2> >>(t);
  JOIN(cuda, Free)(t);
  getenv("CUDA_NOT_LISTED_ANYWHERE"); dlopen("libcudart.so.12", 1); system("nvcc -c a.cu");
  dlsym(h, "cudaMalloc"); if (t.is_cuda()) g(at::kCUDA, c10::DeviceType::CUDA);
  cutlass::Status s; int shift = 1 << 2 << 3; x<y<z<int> > >(4);
}
TORCH_LIBRARY_IMPL(ops,
                   CUDA, m) {}
""",
    "part.body": "static int n = cudaFree(0);\n",
}
FOUND = {
    "cut launch": ["kernel"],
    "device macro": ["lane"],
    "environment": ["CUDA_NOT_LISTED_ANYWHERE"],
    "library header": ["cutlass/cutlass.h"],
    "library in a literal": ["libcudart.so.12"],
    "library namespace": ["cutlass"],
    "paste operand": ["cuda"],
    "pasted name": ["cudaFree"],
    "program in a literal": ["nvcc"],
    "symbol in a literal": ["cudaMalloc"],
    "torch": ["is_cuda", "kCUDA", "CUDA", "CUDA"],
}


def test_what_is_no_plain_name_is_told_without_portkit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    odd_names, cwords = importlib.import_module("odd_names"), importlib.import_module("cwords")
    for name, text in ODD.items():
        (tmp_path / name).write_text(text)
    assert cwords.included_files(tmp_path, ["main.cu"]) == ["part.body"]
    data = ODD["main.cu"].encode()
    read = odd_names.read(data)
    tree = odd_names.Tree({"main.cu": read}, set(), set(ODD))
    told: dict[str, list[str]] = {}
    for odd in odd_names.odd_names(data, read, tree, lambda name: name.startswith("cuda")):
        told.setdefault(odd.kind, []).append(odd.name)
    assert dict(sorted(told.items())) == FOUND


def test_completeness_fails_for_what_a_report_lacks_and_nobody_explains(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    portkit: Product,
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, text in ODD.items():
        (tree / name).write_text(text)
    report, explained = tmp_path / "report.json", tmp_path / "explained.csv"
    portkit("report", tree, "--root", tree, "--to", "musa", "--format", "json", "-o", report)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    completeness = importlib.import_module("completeness")
    words = ["completeness.py", str(tree), str(report), "--explained", str(explained)]
    monkeypatch.setattr(sys, "argv", words)
    assert completeness.main() == 0
    assert "unexplained: 0" in capsys.readouterr().out
    lacking = json.loads(report.read_text())
    main = next(f for f in lacking["plans"][0]["files"] if f["path"] == "main.cu")
    main["kernels"] = []
    report.write_text(json.dumps(lacking))
    assert completeness.main() == 1
    assert "device macro: lane main.cu:7" in capsys.readouterr().out
    explained.write_text("tree,kind,name,file,why\ntree,device macro,la.*,main.cu,a test\n")
    assert completeness.main() == 0
    assert "device macro: 1 explained" in capsys.readouterr().out


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("pairs_script", BENCHMARKS / "pairs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "pairs_script", module)
    spec.loader.exec_module(module)
    return module


def test_the_books_tell_explained_unexplained_and_stale_apart(
    pairs: ModuleType, tmp_path: Path
) -> None:
    table = tmp_path / "explained.csv"
    table.write_text(
        HEAD
        + "p,api,cuA,muB,edit -> muA,2,synonym,why\np,api,cuC,muD,edit -> muC,1,own-name,why\n",
        encoding="utf-8",
    )
    tally = pairs.Tally()
    for n, group in (
        (3, ("api", "cuA", "muB", "edit -> muA")),
        (4, ("api, text equal", "cg", "cg", "unseen")),
    ):
        tally.groups[group] = ["a.cu:1"] * n
    books = pairs.account(tally, pairs.read_explanations(table)["p"])
    assert list(books.explained.values()) == [2]
    assert books.unexplained == {("api", "cuA", "muB", "edit -> muA"): 1}
    assert books.stale == {("api", "cuC", "muD", "edit -> muC"): 1}


@pytest.mark.parametrize(
    "row",
    ["p,api,a,b,c,1,because,why\n", "p,api,a,b,c,1,synonym,\n", "p,api,a,b,c,1,synonym,why\n" * 2],
)
def test_a_made_up_cause_a_missing_reason_and_a_double_are_refused(
    pairs: ModuleType, tmp_path: Path, row: str
) -> None:
    table = tmp_path / "explained.csv"
    table.write_text(HEAD + row, encoding="utf-8")
    with pytest.raises(SystemExit):
        pairs.read_explanations(table)


@pytest.mark.parametrize("table", sorted(p.name for p in (BENCHMARKS / "explained").glob("*.csv")))
def test_the_committed_explanations_are_sound(pairs: ModuleType, table: str) -> None:
    found = pairs.read_explanations(BENCHMARKS / "explained" / table)
    assert found and all(e.rows > 0 for groups in found.values() for e in groups.values())
