# SPDX-License-Identifier: Apache-2.0
"""The tables of HIP say where each of their words comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_trees import move
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Rung, Status
from portkit.targets.target import load_target
from portkit.targets.ways import route_of

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
        (
            "cmake",
            {
                "cmake-hip",
                "ggml-hip-cmake",
                "hecbench-cmake",
                "torch-cmake",
                "hipblaslt-cmake",
                "hip-headers",
                "clang-hip",
            },
        ),
        ("lib", {"hecbench-make", "hip-headers", "torch-cmake"}),
        ("flag", {"clang-docs", "dtk-archs", "dtk-targets", "hecbench-make"}),
    ],
)
def test_words_of_builds_rest_on_build_files_and_manuals(kind: str, sources: set[str]) -> None:
    rows = [r for name, _ in TARGET.others.names() for r in TARGET.others.named(name)]
    found = {s for r in rows if (r.table, r.kind) == ("build", kind) for s in r.sources}
    assert found == sources


def test_torch_keeps_its_names_and_what_differs_is_said(tmp_path: Path) -> None:
    files = {
        "use.py": (
            "import torch\nfrom torch.utils.cpp_extension import CUDA_HOME\n"
            "torch.cuda.synchronize()\ntorch.backends.cudnn.benchmark = True\n"
            'x = torch.zeros(2, device="cuda:1")\nprint(torch.version.cuda, CUDA_HOME)\n'
            "torch.backends.cuda.cufft_plan_cache.max_size = 4\n"
        )
    }
    moved = move(tmp_path, files, "hip")
    said = moved.decisions("use.py")
    kept = ("torch.cuda.synchronize", "torch.backends.cudnn.benchmark", "cuda")
    assert {said[name].split()[0] for name in kept} == {"keep"}
    left = {name for name, text in said.items() if text.startswith("manual")}
    assert {"torch.version.cuda", "torch.utils.cpp_extension.CUDA_HOME"} <= left
    assert any("cufft_plan_cache" in name for name in left)
    assert moved.files["use.py"] == files["use.py"]


@pytest.mark.parametrize("profile", ["dtk", "rocm", "rocm-rdna"])
def test_every_profile_has_a_card_a_build_and_a_route(profile: str) -> None:
    target = load_target(f"hip@{profile}")
    arch = target.build.arch
    assert target.facts.arch_flag == f"--offload-arch={arch}" and "," not in arch
    assert target.build.facts.cmake is not None and target.build.facts.make is not None
    route = route_of(target)
    assert route is not None and route.way == "keep"


@pytest.mark.parametrize(
    ("call", "becomes"),
    [
        ("cudaHostAlloc(&p, 4, 0)", "hipHostAlloc((void **)(&p), 4, 0)"),
        ("cudaHostAlloc((void **)&p, 4, 0)", "hipHostAlloc((void **)&p, 4, 0)"),
        ("cudaHostGetDevicePointer(&p, p, 0)", "hipHostGetDevicePointer((void **)(&p), p, 0)"),
        ("cudaMallocPitch(&p, &n, 4, 4)", "hipMallocPitch((void **)(&p), &n, 4, 4)"),
        ("cudaMalloc(&p, 4)", "hipMalloc(&p, 4)"),  # has a template
    ],
)
def test_pointers_that_come_back_are_cast(call: str, becomes: str, tmp_path: Path) -> None:
    text = f"#include <cuda_runtime.h>\nvoid f(float *p, size_t n) {{ {call}; }}\n"
    moved = move(tmp_path, {"a.cu": text}, "hip@rocm", rung=Rung.CLANG)
    assert becomes in moved.files["a.cu"]
