# SPDX-License-Identifier: Apache-2.0
"""`migrate --fix` and `--unsafe-fixes`: what is written, what is left, and that a second run
changes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SOURCE = """\
#include <cuda_runtime.h>
#if __CUDA_ARCH__ >= 800
#elif 0 < __CUDA_ARCH__
#endif
#if __CUDA_ARCH__ < 900 || __CUDA_ARCH__ >= 750
#endif
__global__ void k(float *x, unsigned *r) {
  float v = x[threadIdx.x];
  for (int offset = 16; offset > 0; offset >>= 1) v += __shfl_down_sync(0xffffffff, v, offset);
  int lane = threadIdx.x & 31, warp = threadIdx.x / 32, other = 2 + threadIdx.x & 31;
  unsigned n = __popc(__ballot_sync(0xffffffffu, v > 0)) + __clz(__ballot_sync(~0u, v > 1));
  asm volatile("brev.b32 %0, %1;" : "=r"(r[0]) : "r"(threadIdx.x));
  asm volatile("bar.sync 1, 64;");
  r[lane] = n + warp + other + __shfl_sync(0x0000ffff, n, 0);
}
"""


@pytest.fixture
def fixed(tmp_path: Path, run_migrate: Any) -> Any:
    def run(to: str, *options: str) -> list[str]:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "a.cu").write_text(SOURCE)
        once: Path = run_migrate(tree, tmp_path / "once", *options, to=to)
        again = run_migrate(once, tmp_path / "again", *options, to=to)
        assert (once / "a.cu").read_bytes() == (again / "a.cu").read_bytes()
        return (once / "a.cu").read_text().splitlines()

    return run


def test_nothing_is_fixed_without_the_option(fixed: Any) -> None:
    lines = fixed("maca")
    assert (
        "0xffffffff," in lines[8]
        and "asm volatile" in lines[11]
        and "__CUDA_ARCH__ >= 800" in lines[1]
    )


def test_safe_fixes_for_wide_warps(fixed: Any) -> None:
    lines = fixed("maca", "--fix")
    assert "__shfl_down_sync(0xffffffff, v, offset)" in lines[8], "lanes are counted by 32 below"
    assert "offset = 16" in lines[8]
    assert "threadIdx.x & 31, warp = threadIdx.x / 32" in lines[9]
    assert (
        lines[10].split(" = ")[1]
        == "__popcll(__ballot_sync(0xffffffffu, v > 0)) + __clz(__ballot_sync(~0u, v > 1));"
    )
    assert "brev.b32" in lines[11], "only the naming rule has it"
    assert "bar.sync 1, 64" in lines[12]
    assert "__shfl_sync(0x0000ffff, n, 0)" in lines[13]
    assert lines[1] == "#if __CUDA_ARCH__ >= 800" and lines[2] == "#elif 0 < __MACA_ARCH__"


def test_guards_where_the_vendor_documents_thresholds(fixed: Any) -> None:
    lines = fixed("musa@mp_31", "--fix")
    assert lines[1] == "#if __MUSA_ARCH__ >= 220" and lines[2] == "#elif 0 < __MUSA_ARCH__"
    assert lines[4] == "#if __CUDA_ARCH__ < 900 || __CUDA_ARCH__ >= 750", "whole or not at all"
    assert "0xffffffff," in lines[8]


def test_unsafe_fixes_write_the_width_of_a_warp(fixed: Any) -> None:
    lines = fixed("maca", "--unsafe-fixes")
    assert "offset = warpSize / 2;" in lines[8]
    assert (
        "lane = threadIdx.x % warpSize, warp = threadIdx.x / warpSize, other = 2 + threadIdx.x & 31;"
        in lines[9]
    )


def test_a_wrapper_s_profile_keeps_its_guards(fixed: Any) -> None:
    assert fixed("maca@cu-bridge", "--fix")[1] == "#if __CUDA_ARCH__ >= 800"


def test_fixed_and_suppressed_findings_stay_in_the_report(tmp_path: Path, portkit: Any) -> None:
    (tmp_path / "a.cu").write_text(
        SOURCE.replace("threadIdx.x));", "threadIdx.x));  // portkit: ignore[PK4] measured")
    )
    report = tmp_path / "report.json"
    done = portkit(
        "migrate",
        tmp_path / "a.cu",
        "--to",
        "maca",
        "--diff",
        "--fix",
        "--format",
        "json",
        "-o",
        report,
    )
    assert "findings fixed" in done.stderr
    items = json.loads(report.read_text())["plans"][0]["files"][0]["findings"]
    assert {
        f["suppressed"] for f in items if f["rule"] == "PK303" and f["args"]["place"] == "__popc"
    } == {"fixed"}
    assert [f.get("suppressed") for f in items if f["rule"] == "PK401"] == ["measured", None]


WIDE = """\
__device__ int all(float v) { return __shfl_xor_sync(0xffffffff, v, 1) > 0; }
"""
BY_HALVES = """\
__device__ float sum(float v) { return v + __shfl_down_sync(0xffffffff, v, 1); }
__global__ void k(float *p) { float s = 0; if (threadIdx.x < 32) s = sum(p[threadIdx.x]); p[0] = s; }
"""
COUNTED = """\
__device__ float sum(float v) { return v + __shfl_down_sync(0xffffffff, v, 1); }
__device__ float block(float v) {
  int wid = threadIdx.x / 32;
  if (wid == 0) v = sum(v);
  return v;
}
"""
BOUNDED = """\
__device__ float sum(float v) { for (int m = 16; m; m >>= 1) v += __shfl_xor_sync(~0u, v, m, 32); return v; }
__device__ float block(float v) {
  __shared__ float part[32];
  int lane = threadIdx.x & 31, wid = threadIdx.x >> 5;
  v = sum(v);
  if (lane == 0) part[wid] = v;
  __syncthreads();
  return sum(part[lane]);
}
"""


@pytest.fixture
def fixes(tmp_path: Path, portkit: Any) -> Any:
    """Return what gives the fixes that a report offers for a text: (rule, safe or unsafe, edits)."""

    def run(text: str, to: str = "maca") -> list[tuple[str, str, list[str]]]:
        (tmp_path / "a.cu").write_text("#include <cuda_runtime.h>\n" + text)
        done = portkit("report", tmp_path / "a.cu", "--to", to, "--format", "json")
        found = json.loads(done.stdout)["plans"][0]["files"][0]["findings"]
        return [
            (f["rule"], f["fix"]["applicability"], [e["new"] for e in f["fix"]["edits"]])
            for f in found
            if "fix" in f
        ]

    return run


def test_a_mask_is_widened_where_all_lanes_surely_come(fixes: Any) -> None:
    assert fixes(WIDE) == [("PK302", "safe", ["0xffffffffffffffffULL"])]
    for text in (BY_HALVES, COUNTED, BOUNDED):
        assert {safe for rule, safe, _ in fixes(text) if rule == "PK302"} == {"unsafe"}, text


def test_code_whose_exchanges_are_32_wide_gets_no_other_width(fixes: Any) -> None:
    assert [rule for rule, _, _ in fixes(BOUNDED)] == ["PK302"]
    assert "PK305" in [rule for rule, _, _ in fixes(COUNTED)]


@pytest.mark.parametrize(
    ("text", "to", "written"),
    [
        ('__device__ void f() { asm volatile("griddepcontrol.wait;"); }\n', "maca", None),
        ('__device__ void f() { asm volatile("griddepcontrol.wait;"); }\n', "biren@gen1", None),
        ('__device__ void f() { asm volatile("trap;"); }\n', "musa", None),
        ('__device__ void f() { asm volatile("membar.gl;"); }\n', "musa", "__threadfence()"),
        ('__device__ void f() { asm volatile("bar.sync 0;"); }\n', "biren@gen1", "__syncthreads()"),
    ],
)
def test_a_fix_writes_no_name_that_is_only_derived(
    fixes: Any, text: str, to: str, written: str | None
) -> None:
    assert [e for _, _, edits in fixes(text, to) for e in edits] == ([written] if written else [])


def test_a_fix_passes_the_floors_of_edits(tmp_path: Path, portkit: Any) -> None:
    (tmp_path / "a.cu").write_text('__device__ void f() { asm volatile("membar.gl;"); }\n')
    for floor, count in (("exists=usage", 1), ("exists=header", 0)):
        options = ("--to", "musa", "--accept", floor, "--diff", "--fix")
        done = portkit("migrate", tmp_path / "a.cu", "--root", tmp_path, *options)
        assert done.stdout.count("+__device__ void f() { __threadfence(); }") == count
