# SPDX-License-Identifier: Apache-2.0
"""The tables of HIP say where each of their words comes from."""

from __future__ import annotations

import pytest

from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.target import load_target

TARGET = load_target("hip@rocm")
ROWS = [row for key in TARGET.table.cells if (row := TARGET.table.row(key)) is not None]


@pytest.mark.parametrize(
    ("holds", "source"),
    [
        (lambda row: row.exists is Exists.HEADER, "hip-headers"),
        (lambda row: row.status is Status.NONE, "hipify-"),
        (lambda row: row.exists is Exists.TABLE and row.pairs is Pairs.TABLE, "hipify-"),
        (lambda row: row.pairs is Pairs.USAGE and row.kind is Kind.FUNCTION, "hecbench-hip"),
    ],
)
def test_each_grade_has_its_source(holds: object, source: str) -> None:
    assert callable(holds)
    rows = [row for row in ROWS if holds(row)]
    assert len(rows) > 50
    lacking = [r.name for r in rows if not any(s.startswith(source) for s in r.sources)]
    assert [n for n in lacking if n not in ("cub", "thrust", "__CUDACC_RTC__")] == []


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("cudaMalloc", Kind.FUNCTION, "hipMalloc"),
        ("cuMemAlloc", Kind.FUNCTION, "hipMalloc"),
        ("__shfl_xor_sync", Kind.DEVICE_FUNCTION, "__shfl_xor"),
        ("__nv_bfloat16", Kind.TYPE, "__hip_bfloat16"),
        ("atomicAdd", Kind.DEVICE_FUNCTION, "atomicAdd"),
        ("cublas_v2.h", Kind.HEADER, "hipblas/hipblas.h"),
    ],
)
def test_rows_that_decide_much(name: str, kind: Kind, target: str) -> None:
    row = TARGET.row(name, kind)
    assert isinstance(row, Row)
    assert row.target == target


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("cmake", {"cmake-hip", "ggml-hip-cmake", "hecbench-cmake", "torch-cmake"}),
        ("flag", {"clang-docs", "dtk-archs", "dtk-targets", "hecbench-make"}),
    ],
)
def test_words_of_builds_rest_on_build_files_and_manuals(kind: str, sources: set[str]) -> None:
    rows = [r for name, _ in TARGET.others.names() for r in TARGET.others.named(name)]
    found = {s for r in rows if (r.table, r.kind) == ("build", kind) for s in r.sources}
    assert found == sources
