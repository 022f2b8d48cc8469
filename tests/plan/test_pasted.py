# SPDX-License-Identifier: Apache-2.0
"""Names that a macro makes of one beside it move with it where the target has both alike; strings
and source text are told once, each by what it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TEXT = """#include <cuda.h>
#include <cuda_runtime.h>
#define V2(f) f##_v2
#define JOIN(a, b) a##b
#define PLAIN(f) f
void f(CUdeviceptr d, void *p) {
  V2(cuMemAlloc)(&d, 8);
  V2(cuMemFree)(d);
  V2(cuMemGetInfo)(0, 0);
  JOIN(cudaMemset, Async)(p, 0, 8, 0);
  JOIN(cuda, Free)(p);
  PLAIN(cuMemAllocHost)(&p, 8);
}
"""


ENVIRONMENT = """int main() { getenv("CUDA_VISIBLE_DEVICES"); getenv("CUDA_MPS_LOG_DIRECTORY");
getenv("NVIDIA_VISIBLE_DEVICES"); setenv("CUDA_MODULE_LOADING", "LAZY", 1);
system("nvcc k.cu"); dlopen("libcudart.so", 1); dlsym(0, "cudaFree"); }
"""
SOURCE = r"""#include <nvrtc.h>
const char *s = "__global__ void k(float *x) {"
"x[threadIdx.x] = 1; cudaFree(x); cudaMalloc(0, 1); cudaFree(x); }";
const char *same = "__global__ void k(int *x) { x[threadIdx.x] = blockDim.x; }";
void b(nvrtcProgram p) { nvrtcCreateProgram(&p, s, 0, 0, 0, 0); }
"""


def test_what_is_made_moves_with_its_part_and_a_string_is_told_by_what_it_is(
    portkit: Callable[..., Any], tmp_path: Path
) -> None:
    tree, out, report = tmp_path / "tree", tmp_path / "out", tmp_path / "report.json"
    tree.mkdir()
    for name, text in {"a.cpp": TEXT, "env.cpp": ENVIRONMENT, "jit.cpp": SOURCE}.items():
        (tree / name).write_text(text)
    rows = {"cuMemFree": "muMemFree", "cuMemFree_v2": "muMemGiveBack"}
    (tmp_path / "map.json").write_text(json.dumps(rows))
    asked = ("migrate", tree, "--root", tree, "--to", "musa", "--out-dir", out, "-j", "1")
    portkit(*asked, "--format", "json", "-o", report, "--map", tmp_path / "map.json")
    files = {f["path"]: f for f in json.loads(report.read_text())["plans"][0]["files"]}
    refs = {
        (r["name"], r["context"] == "paste"): (r["decision"], r["reason"])
        for r in files["a.cpp"]["references"]
    }
    assert refs["cuMemAlloc_v2", True] == ("keep", "pasted")
    assert refs["cudaMemsetAsync", True] == ("keep", "pasted")
    assert refs["cuMemFree_v2", True] == ("manual", "token-pasting") == refs["cuMemFree", False]
    assert refs["cudaFree", True] == ("manual", "token-pasting")
    written = (out / "a.cpp").read_text()
    for whole in ("V2(muMemAlloc)", "V2(cuMemFree)", "JOIN(musaMemset, Async)", "JOIN(cuda, Free)"):
        assert whole in written
    assert "PLAIN(muMemAllocHost)" in written
    said = [f["message"] for f in files["a.cpp"]["findings"] if f["rule"] == "PK904"]
    assert "a macro puts `cudaFree` together here (`musaFree` on musa)" in said
    assert not any("Async" in text or "cuMemAlloc_v2" in text for text in said)

    told = {
        path: [x["message"] for x in f["findings"] if x["rule"] == "PK905"]
        for path, f in files.items()
    }
    one, two, three, four, *rest = told["env.cpp"]
    assert one.endswith("`CUDA_VISIBLE_DEVICES` is named here (`MUSA_VISIBLE_DEVICES` on musa)")
    assert two.startswith("the environment variable `CUDA_MPS_LOG_DIRECTORY` is named here")
    # of a table the name; one that only the naming rule makes is told to nobody
    assert three.endswith("is named here (`MTHREADS_VISIBLE_DEVICES` on musa)")
    assert four.endswith("is named here, and musa is not known to have one for it")
    assert rest == [
        "a command runs `nvcc`",
        "the library `libcudart.so` is loaded by its file name",
        "the string names `cudaFree`, which is looked up at run time (`musaFree` on musa)",
    ]
    assert told["jit.cpp"] == [
        "source text that is compiled at run time names cudaFree, cudaMalloc"
    ]


ALIKE = """#include <cuda_runtime.h>
#define VECTOR(T, n) T##n
#define MADE(T, n) make_##T##n
#define SHUFFLE(how) __shfl_##how##_sync
#define ATOMIC(what) atomic##what
#define TYPE(x) x##_t
__global__ void k(int *p) {
  VECTOR(float, 4) v = MADE(float, 4)(1, 2, 3, 4);
  int s = SHUFFLE(down)(0xffffffff, p[0], 16) + SHUFFLE(xor)(0xffffffff, p[0], 8);
  ATOMIC(Add)(p, s);
  TYPE(cudaError) e = cudaSuccess; TYPE(cudaStream) t;
}
"""


def test_a_name_that_stays_as_it_is_made_needs_nobody(
    portkit: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "a.cu").write_text(ALIKE)
    out = portkit("report", tmp_path, "--root", tmp_path, "--to", "maca", "--format", "json")
    (file,) = json.loads(out.stdout)["plans"][0]["files"]
    made = {r["name"]: r["decision"] for r in file["references"] if r["context"] == "paste"}
    alike = ("float4", "make_float4", "__shfl_down_sync", "__shfl_xor_sync", "atomicAdd")
    assert {made[name] for name in alike} == {"keep"}
    assert made["cudaError_t"] == made["cudaStream_t"] == "manual"
    # what is handed on is a part of a name, and none that is not known
    assert {f["rule"] for f in file["findings"] if f["line"] == 11} == {"PK904"}
    assert "PK301" in {f["rule"] for f in file["findings"]}
