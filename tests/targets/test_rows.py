# SPDX-License-Identifier: Apache-2.0
"""The loader of mapping tables: what is malformed is reported, all at once, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.rows import COLUMNS, RawTable, TableError

HEAD = ",".join(COLUMNS)
GOOD = "cudaMalloc,xMalloc,function,mapped,usage,usage,doc,,"


def table(tmp_path: Path, *lines: str, head: str = HEAD, name: str = "runtime.csv") -> RawTable:
    path = tmp_path / name
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    made = RawTable({"doc"}, {"swap"})
    made.read(path)
    return made


def test_a_row_is_read_whole(tmp_path: Path) -> None:
    made = table(tmp_path, 'cudaFree,xFree,function,mapped,doc,alike,doc,swap,"one, and two"')
    row = made.row("cudaFree")
    assert row is not None
    assert (row.target, row.kind, row.status, row.exists, row.pairs) == (
        "xFree", Kind.FUNCTION, Status.MAPPED, Exists.DOC, Pairs.ALIKE,
    )  # fmt: skip
    assert (row.library, row.sources, row.recipe, row.note) == (
        "runtime",
        ("doc",),
        "swap",
        "one, and two",
    )
    assert made.check() == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("cudaFree,xFree,function,mapped,usage,usage,doc,", "8 columns, not 9"),
        ("cudaFree,xFree,function,mapped,usage,usage,doc,,,extra", "10 columns, not 9"),
        ('cudaFree,xFree,function,mapped,usage,usage,doc,,"a",b', "10 columns, not 9"),
        (GOOD, "cudaMalloc is listed twice"),
        ("", "0 columns, not 9"),
    ],
)
def test_a_malformed_line_is_found_when_the_table_is_read(
    tmp_path: Path, line: str, reason: str
) -> None:
    problems = table(tmp_path, GOOD, line, GOOD.replace("cudaMalloc", "cudaOther")).problems
    assert len(problems) == 1
    assert f"runtime.csv:3: {reason}" in problems[0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("cudaFree,xFree,functon,mapped,usage,usage,doc,,", "kind 'functon' is none of function,"),
        ("cudaFree,xFree,function,renamed,usage,usage,doc,,", "status 'renamed' is none of"),
        ("cudaFree,xFree,function,mapped,seen,usage,doc,,", "exists 'seen' is none of"),
        ("cudaFree,xFree,function,mapped,usage,sure,doc,,", "pairs 'sure' is none of"),
        ("cudaFree,xFree,function,mapped,usage,usage,blog,,", "unknown source id 'blog'"),
        ("cudaFree,xFree,function,mapped,usage,usage,,,", "names no source"),
        ("cudaFree,xFree,function,mapped,usage,usage,doc,turn,", "unknown recipe 'turn'"),
        ("cudaFree,,function,mapped,usage,usage,doc,,", "is mapped but has no target name"),
        ("cudaFree,xFree,function,same,usage,usage,doc,,", "is `same` but its target is xFree"),
        ("cudaFree,,function,none,usage,no,doc,,", "a note must say why"),
        ("cudaFree,x Free,function,mapped,usage,usage,doc,,", "'x Free' is no name"),
    ],
)
def test_a_bad_cell_is_found_by_the_check_and_when_the_row_is_asked_for(
    tmp_path: Path, line: str, reason: str
) -> None:
    made = table(tmp_path, GOOD, line)
    problems = made.check()
    assert len(problems) == 1
    assert "runtime.csv:3: " in problems[0]
    assert reason in problems[0]
    with pytest.raises(TableError, match=r"runtime\.csv:3: "):
        made.row("cudaFree")
    assert made.row("cudaMalloc") is not None


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    made = table(
        tmp_path,
        "a,b,function,mapped,usage,usage,blog,,",
        "c,,function,mapped,seen,usage,doc,,",
        "short,row",
    )
    assert len(made.problems) == 1
    # the short row, the unknown source, the empty target and the unknown word
    assert len(made.check()) == 4
    assert "5 fault(s)" not in str(TableError(made.check()))
    assert "4 fault(s)" in str(TableError(made.check()))


def test_a_wrong_first_line_is_found(tmp_path: Path) -> None:
    assert (
        "runtime.csv:1: the first line must be name,target,"
        in table(tmp_path, GOOD, head="name,target").problems[0]
    )


def test_an_overlay_replaces_and_removes(tmp_path: Path) -> None:
    made = table(tmp_path, GOOD, "cudaFree,xFree,function,mapped,usage,usage,doc,,")
    names = tmp_path / "cublas.names"
    names.write_text(
        "#exists=table pairs=table sources=doc\ncublasCreate\ncublasDestroy\n", encoding="utf-8"
    )
    made.read_names(names)
    over = tmp_path / "runtime@new.csv"
    removed = [f"{name},,function,removed,rule,no,doc,," for name in ("cudaFree", "cublasDestroy")]
    lines = [HEAD, "cudaMalloc,yMalloc,function,mapped,doc,alike,doc,,", *removed]
    over.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made.read(over, overlay=True)
    assert made.problems == []
    row = made.row("cudaMalloc")
    assert row is not None and row.target == "yMalloc" and row.library == "runtime"
    assert made.row("cudaFree") is None
    assert made.removed == {"cudaFree", "cublasDestroy"}


def test_names_of_other_kinds_may_share_a_spelling(tmp_path: Path) -> None:
    made = table(
        tmp_path,
        "cuda,x,namespace,mapped,usage,usage,doc,,",
        "cuda,y,link_library,mapped,usage,usage,doc,,",
    )
    assert made.problems == []
    assert [made.row(k).target for k in ("namespace:cuda", "link_library:cuda")] == ["x", "y"]  # type: ignore[union-attr]
    assert made.row("cuda") is None


@pytest.mark.parametrize(
    "first", ["cudaA", "#exists=table pairs=table", "#exists=seen pairs=table sources=doc", ""]
)
def test_a_names_file_needs_its_first_line(tmp_path: Path, first: str) -> None:
    path = tmp_path / "npp.names"
    path.write_text(f"{first}\nnppiAdd\n", encoding="utf-8")
    made = RawTable({"doc"})
    made.read_names(path)
    assert "npp.names:1: want " in made.problems[0]


def test_a_name_twice_in_names_files_is_found(tmp_path: Path) -> None:
    path = tmp_path / "npp.names"
    path.write_text(
        "#exists=table pairs=table sources=blog\nnppiAdd\nnppiSub\nnppiAdd\nnot a name\n",
        encoding="utf-8",
    )
    made = RawTable({"doc"})
    made.read_names(path)
    assert [p.partition(" ")[2] for p in made.problems] == ["nppiAdd is listed twice"]
    assert any("'not a name' is no name" in p for p in made.check())
    assert any("unknown source id 'blog'" in p for p in made.check())
