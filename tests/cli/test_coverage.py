# SPDX-License-Identifier: Apache-2.0
"""`targets --coverage`: what the tables know of a tree and what not, and the rows that come back
through --map.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

CODE = """#include <cuda_runtime.h>
__global__ void k(float *p) { p[0] = sqrtf(p[1]) + __ldcs(p + 2) + __ldcs(p + 3); }
void f(void **p, cudaGraph_t g) { cudaMalloc(p, 4); cudaDeviceGraphMemTrim(0); }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(CODE, encoding="utf-8")
    return folder


def test_the_names_that_matter_most_come_first_in_every_form(
    tree: Path, portkit: Any, tmp_path: Path
) -> None:
    ask = ("targets", "--coverage", tree, "--to", "biren@gen1")
    text = portkit(*ask).stdout
    assert text.startswith("biren@gen1: ") and "by reason:" in text
    listed = text.split("these would matter most\n")[1].splitlines()
    assert listed[0].split()[:2] == ["2", "__ldcs"]
    assert any("cudaDeviceGraphMemTrim" in line and "-> su" in line for line in listed)
    assert "sqrtf" not in text  # assumed: in CSV and JSON, behind the others
    rows = list(csv.DictReader(io.StringIO(portkit(*ask, "--format", "csv").stdout)))
    assert rows[0]["name"] == "__ldcs" and rows[0]["uses"] == "2" and rows[0]["files"] == "1"
    assumed = [row for row in rows if row["reason"] == "assumed-same"]
    assert "sqrtf" in {row["name"] for row in assumed} and rows[-len(assumed) :] == assumed
    assert all(row["note"] for row in assumed if row["name"] == "sqrtf")
    file = tmp_path / "c.json"
    portkit(*ask, "--format", "json", "-o", file)
    document = json.loads(file.read_text(encoding="utf-8"))
    plan = document["plans"][0]
    assert document["schema"] == "portkit/coverage/1" and plan["profile"] == "biren@gen1"
    assert [n["name"] for n in plan["names"]] == [row["name"] for row in rows]
    for counts in ("by_decision", "by_reason", "by_exists", "by_pairs"):
        assert sum(plan[counts].values()) == plan["references"]
    assert "尚不了解" in portkit(*ask, PORTKIT_LANG="zh").stdout


def test_what_is_exported_comes_back_through_the_map(
    tree: Path, portkit: Any, tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    ask = ("targets", "--coverage", tree, "--to", "biren@gen1")
    before = portkit(*ask, "--export", file).stdout
    assert portkit(*ask, "--map", file).stdout == before  # nothing filled in says nothing
    rows = file.read_text(encoding="utf-8")
    file.write_text(rows.replace("__ldcs,,", "__ldcs,__su_ldcs,"), encoding="utf-8")
    done = portkit(*ask, "--map", file)
    assert "__ldcs" not in done.stdout and "user 2" in done.stdout and not done.stderr
    file.write_text("name,target\ncudaMaloc,suMaloc\n__ldcs,__ldcs\n", encoding="utf-8")
    for command in (ask, ("report", tree, "--to", "biren@gen1")):
        said = portkit(*command, "--map", file).stderr
        assert "rows.csv: cudaMaloc is no name" in said and "did you mean cudaMalloc?" in said
        assert "__ldcs" not in said


def test_the_page_shows_the_names_and_query_where_they_were_sought(
    tree: Path, portkit: Any, tmp_path: Path
) -> None:
    page = tmp_path / "r.html"
    portkit("report", tree, "--to", "biren@gen1", "--format", "html", "-o", page)
    shown = page.read_text(encoding="utf-8").split("Not known to portkit: ")[1]
    assert shown.index("__ldcs") < shown.index("cudaDeviceGraphMemTrim")
    said = portkit("query", "nppiFree", "sqrtf", "--to", "biren@gen1").stdout
    assert "looked for and not found" in said and "note: looked for in" in said
    assert "sqrtf (same; assumed: no source names it)" in said


def test_mistakes_of_coverage(tree: Path, portkit: Any, tmp_path: Path) -> None:
    assert "want --coverage" in portkit("targets", "--export", tmp_path / "e", code=2).stderr
    several = ("targets", "--coverage", tree, "--export", tmp_path / "e")
    assert "one --to" in portkit(*several, "--to", "musa", "--to", "maca", code=2).stderr
