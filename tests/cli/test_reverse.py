# SPDX-License-Identifier: Apache-2.0
"""The way back: what a migration wrote becomes CUDA again, and what cannot be told is a finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PAIRS = Path(__file__).resolve().parents[2] / "fixtures" / "pairs"
CODE = """#include <cuda_runtime.h>
#include <cublas_v2.h>
#define CHECK(x) do { if ((x) != cudaSuccess) return 1; } while (0)

__global__ void scale(float* p) { p[threadIdx.x] *= 2.0f; }

int run(float* d, float* h, size_t n, cudaStream_t s) {
    float* q = nullptr;
    cudaMalloc(&q, n);
    scale<<<1, 32, 0, s>>>(d);
    CHECK(cudaMemcpyAsync(d, h, n, cudaMemcpyHostToDevice, s));
    CHECK(cudaStreamSynchronize(s));
    cudaFree(q);
    return cudaGetLastError();
}
"""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.cu").write_text(text, encoding="utf-8")
    return folder


def back(portkit: Any, tree: Path, source: str, out: Path, *options: Any) -> dict[str, Any]:
    report = out.parent / f"{out.name}.json"
    portkit(
        "migrate",
        tree,
        "--from",
        source,
        "--to",
        "cuda",
        "--out-dir",
        out,
        "--format",
        f"json={report}",
        "-j",
        "1",
        *options,
    )
    plan: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["plans"][0]
    return plan


def findings(plan: dict[str, Any], rule: str = "PK111") -> list[dict[str, Any]]:
    return [f for file in plan["files"] for f in file["findings"] if f["rule"] == rule]


@pytest.mark.parametrize("target", ["musa", "maca", "enflame"])
def test_a_migrated_tree_comes_back_but_for_what_is_reported(
    target: str, tmp_path: Path, portkit: Any
) -> None:
    tree = write(tmp_path / "tree", a=CODE)
    portkit("migrate", tree, "--to", target, "--out-dir", tmp_path / "there", "-j", "1")
    assert (tmp_path / "there" / "a.cu").read_text(encoding="utf-8") != CODE
    plan = back(portkit, tmp_path / "there", target, tmp_path / "back")
    assert (plan["target"], plan["profile"].split("-")[:2]) == ("cuda", ["from", target])
    got = (tmp_path / "back" / "a.cu").read_text(encoding="utf-8")
    left = [f for f in findings(plan) if f["blocking"]]
    if target == "musa":  # one header there for two of CUDA's
        assert [f["args"]["name"] for f in left] == ["mublas.h"] and left[0]["args"][
            "others"
        ] == "cublas.h, cublas_v2.h"
        got = got.replace("mublas.h", "cublas_v2.h")
    else:
        assert left == []
    assert got == CODE


CASES = ("launches", "runtime", "nccl", "curand", "cufft", "crlf", "gbk", "macros")


def test_fixtures_come_back_byte_for_byte(tmp_path: Path, portkit: Any, copy_tree: Any) -> None:
    for case in CASES:
        copy_tree(PAIRS / case / "after", tmp_path / "tree" / case)
    plan = back(portkit, tmp_path / "tree", "musa", tmp_path / "back")
    assert not [f for f in findings(plan) if f["blocking"]]
    for path in (p for case in CASES for p in (PAIRS / case / "before").iterdir()):
        assert (
            tmp_path / "back" / path.parent.parent.name / path.name
        ).read_bytes() == path.read_bytes()


def test_the_file_tells_driver_from_runtime_or_nobody_does(tmp_path: Path, portkit: Any) -> None:
    runtime = "#include <cuda_runtime.h>\nvoid a(cudaStream_t s, void* p) { cudaFree(p); cudaStreamSynchronize(s); }\n"
    driver = "#include <cuda.h>\nvoid b(CUstream s, CUfunction f) { cuInit(0); cuStreamSynchronize(s); }\n"
    both = "#include <cuda_runtime.h>\n#include <cuda.h>\n"
    both += (
        "void c(void* p, cudaStream_t s) { cudaFree(p); cuInit(0); cudaStreamSynchronize(s); }\n"
    )
    tree = write(tmp_path / "tree", a=runtime, b=driver, c=both)
    portkit("migrate", tree, "--to", "maca", "--out-dir", tmp_path / "there", "-j", "1")
    plan = back(portkit, tmp_path / "there", "maca", tmp_path / "back")
    got = {p.stem: p.read_text(encoding="utf-8") for p in (tmp_path / "back").iterdir()}
    assert (
        "cudaStreamSynchronize(s)" in got["a"]
        and "cuStreamSynchronize(s)" in got["b"]
        and "mcStreamSynchronize(s)" in got["c"]
    )
    told = {(f["args"]["name"], f["args"].get("case", "")) for f in findings(plan)}
    assert {("mcStreamSynchronize", "taken"), ("mcStreamSynchronize", "")} <= told
    references = [r for file in plan["files"] if file["path"] == "c.cu" for r in file["references"]]
    assert {r["reason"] for r in references if r["name"] == "mcStreamSynchronize"} == {"ambiguous"}


def test_a_table_of_ones_own_says_which(tmp_path: Path, portkit: Any) -> None:
    tree = write(
        tmp_path / "tree", a="#include <mublas.h>\nvoid f(mublasHandle_t h) { mublasDestroy(h); }\n"
    )
    table = tmp_path / "mine.json"
    table.write_text('{"mublas.h": "cublas_v2.h"}', encoding="utf-8")
    plan = back(portkit, tree, "musa", tmp_path / "back", "--map", table)
    assert findings(plan) == []
    assert (tmp_path / "back" / "a.cu").read_text(
        encoding="utf-8"
    ) == "#include <cublas_v2.h>\nvoid f(cublasHandle_t h) { cublasDestroy(h); }\n"


def test_files_get_their_suffixes_back_and_the_vendors_own_branches_stay(
    tmp_path: Path, portkit: Any
) -> None:
    code = (
        "#include <musa_runtime.h>\n#ifdef __MUSA__\n#include <musa.h>\nmusaStream_t "
        "own;\n#endif\nvoid f(void* p) { musaFree(p); }\n"
    )
    tree = write(tmp_path / "tree", a=code)
    (tree / "a.cu").rename(tree / "a.mu")
    back(portkit, tree, "musa", tmp_path / "back", "--rename-files")
    text = (tmp_path / "back" / "a.cu").read_text(encoding="utf-8")
    assert text == code.replace("musa_runtime.h", "cuda_runtime.h").replace("musaFree", "cudaFree")


def test_a_compat_header_stays(tmp_path: Path, portkit: Any) -> None:
    tree = write(
        tmp_path / "tree",
        a="#pragma once\n#define cudaFree musaFree\n#define cudaStream_t musaStream_t\n",
    )
    back(portkit, tree, "musa", tmp_path / "back")
    assert (tmp_path / "back" / "a.cu").read_bytes() == (tree / "a.cu").read_bytes()


def test_what_a_recipe_made_is_for_a_person(tmp_path: Path, portkit: Any) -> None:
    tree = write(
        tmp_path / "tree",
        a="#include <tops/tops_runtime.h>\nvoid f(void** p) { topsMallocAsync(p, 4, 0, 0); "
        "topsGetErrorString(topsSuccess); }\n",
    )
    plan = back(portkit, tree, "enflame", tmp_path / "back")
    text = (tmp_path / "back" / "a.cu").read_text(encoding="utf-8")
    assert "topsMallocAsync(p, 4, 0, 0)" in text
    assert [f["args"]["name"] for f in findings(plan, "PK105")] == ["topsMallocAsync"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "biren@gen1"), "does not lead back to CUDA"),
        (("--from", "biren"), "no default profile"),
        (("--from", "maca@cu-bridge"), "nothing was renamed"),
        (("--from", "musa", "--to", "maca"), "--from leads back to CUDA"),
        (("--to", "cuda"), "--to cuda wants --from"),
        (("--from", "mosa"), "did you mean musa"),
    ],
)
def test_ways_that_do_not_lead_back_say_why(
    options: tuple[str, ...], message: str, tmp_path: Path, portkit: Any
) -> None:
    tree = write(tmp_path / "tree", a=CODE)
    assert message in portkit("migrate", tree, *options, code=2).stderr
