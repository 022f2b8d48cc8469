# SPDX-License-Identifier: Apache-2.0
"""What each profile promises, seen in reports: MACA's two routes, Biren's generations, Enflame's
host side.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.model.words import Status
from portkit.targets.expanded import expanded
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary

PAIRS = Path(__file__).resolve().parents[2] / "fixtures" / "pairs"


@pytest.fixture
def plan_of(portkit: Callable[..., Any], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that gives the plan of a tree for one target."""

    def make(tree: Path, to: str) -> dict[str, Any]:
        import json

        out = tmp_path / f"{to}.json"
        portkit(
            "report",
            tree,
            "--root",
            tree,
            "--to",
            to,
            "--format",
            "json",
            "-o",
            out,
            "-q",
            "-j",
            "1",
        )
        (plan,) = json.loads(out.read_text(encoding="utf-8"))["plans"]
        return dict(plan)

    return make


def references(plan: dict[str, Any], path: str) -> list[dict[str, Any]]:
    return next(list(f["references"]) for f in plan["files"] if f["path"] == path)


def findings(plan: dict[str, Any], path: str, rule: str) -> list[dict[str, Any]]:
    return [
        x for f in plan["files"] if f["path"] == path for x in f["findings"] if x["rule"] == rule
    ]


@pytest.mark.parametrize("profile", ["gcu300", "gcu400"])
def test_enflame_kernels_are_one_finding_each_and_stay(plan_of: Any, profile: str) -> None:
    plan = plan_of(PAIRS / "enflame-host" / "before", f"enflame@{profile}")
    device, kernel = findings(plan, "kernels.cu", "PK801")
    assert (device["line"], device["args"]["name"]) == (4, "half_of")
    assert (kernel["line"], kernel["end_line"], kernel["args"]["name"]) == (6, 14, "halve")
    assert (
        "launches: 2" in kernel["message"]
        and "__shfl_down_sync" in kernel["message"]
        and kernel["blocking"]
    )
    inside = [r for r in references(plan, "kernels.cu") if 4 <= r["line"] <= 14]
    assert len(inside) > 10 and not [r for r in inside if r["decision"] == "edit"]
    assert {r["name"] for r in inside if r["reason"] == "kernel-body"} >= {
        "cudaError_t",
        "cudaSuccess",
        "__syncthreads",
        "__shfl_down_sync",
    }


def test_enflame_libraries_get_a_hint_and_no_edit(plan_of: Any) -> None:
    plan = plan_of(PAIRS / "enflame-host" / "before", "enflame")
    blas = [r for r in references(plan, "host.cpp") if r["library"] == "cublas"]
    assert len(blas) == 5 and {r["decision"] for r in blas} == {"manual"}
    hints = findings(plan, "host.cpp", "PK105") + findings(plan, "host.cpp", "PK101")
    assert {i for h in hints if "topsaten" in h["message"] for i in h["references"]} >= {
        references(plan, "host.cpp").index(r) for r in blas
    }


def test_enflame_declarations_without_a_caller_are_for_a_person(plan_of: Any) -> None:
    plan = plan_of(PAIRS / "enflame-host" / "before", "enflame")
    (ref,) = (r for r in references(plan, "host.cpp") if r["name"] == "cudaPeekAtLastError")
    assert (ref["decision"], ref["reason"], ref["status"]) == ("manual", "row-manual", "manual")
    assert any("DECLARATION ONLY" in f["message"] for f in findings(plan, "host.cpp", "PK105"))
    declared = [
        r
        for *_, r in expanded(load_target("enflame"), load_vocabulary())
        if r.note.startswith("DECLARATION ONLY")
    ]
    assert len(declared) > 100 and {r.status for r in declared} == {Status.MANUAL}


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("cudaLaunchConfig_t", "fields-by-name"), ("cudaMallocAsync", "malloc-async-flags"),
        ("cudaMallocHost", "host-malloc-flags"),
        ("cudaStreamWaitEvent", "wait-event-flags"), ("cudaStreamAddCallback", "callback-blocks-stream"),
        ("cuStreamWriteValue32", "stream-last"),
        ("cudaGraphInstantiate", "graph-instantiate-5"), ("cudaStreamGetCaptureInfo", "capture-info-3"),
        ("cudaPointerGetAttributes", "pointer-fields"),
        ("cudaDeviceCanAccessPeer", "peer-bits"), ("ncclAllToAll", "alltoall-twice"),
        ("nvtxRangePushA", "event-attributes"),
        ("cudaStreamCreateWithPriority", "drop-priority"), ("cudaFuncAttributes", "fields-by-name"),
    ],
)  # fmt: skip
def test_every_hazard_of_enflames_arguments_has_its_recipe(name: str, recipe: str) -> None:
    target, entity = load_target("enflame"), (load_vocabulary().get(name) or [None])[0]
    row = (
        target.table.row(name)
        if entity is None
        else target.row(name, entity.kind, entity.library, entity.qualifier)
    )
    assert row is not None and row.recipe == recipe and target.recipes[recipe].sources


def test_maca_native_never_writes_the_wrappers_names() -> None:
    made = {r.target for *_, r in expanded(load_target("maca@native"), load_vocabulary())}
    assert not [name for name in made if name.startswith(("wcu", "wcuda"))]
    wrapped = {r.target for *_, r in expanded(load_target("maca@cu-bridge"), load_vocabulary())}
    assert len([name for name in wrapped if name.startswith(("wcu", "wcuda"))]) > 20


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("cudaDataType", "macaDataType"), ("cudaDeviceProp", "mcDeviceProp_t"), ("cudaMallocHost", "mcMallocHost"),
        ("cuLaunchKernel", "mcModuleLaunchKernel"), ("nvrtcGetCUBIN", "mcrtcGetBitcode"),
        ("nvrtcGetCUBINSize", "mcrtcGetBitcodeSize"),
        ("__CUDACC_RTC__", "__MACACC_RTC__"), ("make_cuFloatComplex", "make_mcFloatComplex"),
        ("make_cuDoubleComplex", "make_mcDoubleComplex"),
        ("nvcuda", "mxmaca"), ("__NVCC__", "__MXCC__"), ("__CUDA__", "__MACA__"), ("CUDA_SUCCESS",
        "mcSuccess"), ("CUresult", "mcError_t"),
    ],
)  # fmt: skip
def test_maca_native_knows_the_irregular_names(name: str, target: str) -> None:
    entity = load_vocabulary().get(name)[0]
    row = load_target("maca").row(name, entity.kind, entity.library, entity.qualifier)
    assert (
        row is not None and (row.status, row.target) == (Status.MAPPED, target) and not row.derived
    )


def test_the_wrapper_renames_nothing_and_says_what_will_not_work(
    plan_of: Any, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    text = (
        "#include <cuda_runtime.h>\n"
        "__global__ void k(unsigned *out) {\n"
        "  unsigned lane;\n"
        '  asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane));\n'
        "  out[threadIdx.x] = __ballot_sync(0xffffffff, lane == 31);\n"
        "}\n"
        "int main() { unsigned *p; return cudaMalloc(&p, 4); }\n"
    )
    (tree / "k.cu").write_text(text, encoding="utf-8")
    plan = plan_of(tree, "maca@cu-bridge")
    assert not [r for r in references(plan, "k.cu") if r["decision"] == "edit"]
    assert [r["reason"] for r in references(plan, "k.cu") if r["name"] == "cudaMalloc"] == ["as-is"]
    rules = {f["rule"][:3] for f in plan["files"][0]["findings"] if f["blocking"]}
    assert {"PK3", "PK4"} <= rules  # lane masks, inline PTX


def test_biren_alone_is_refused_with_both_generations(
    portkit: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "a.cu").write_text("#include <cuda_runtime.h>\n", encoding="utf-8")
    done = portkit("report", tmp_path, "--to", "biren", code=2)
    assert done.stdout == "" and done.stderr.count("\n") == 1
    for word in (
        "biren@gen1",
        "biren@gen2",
        "BR100",
        "BR2xx",
        "brsmi",
        "libsupa-runtime.so",
        "libsupart.so",
    ):
        assert word in done.stderr


@pytest.mark.parametrize("profile", ["gen1", "gen2", "suda"])
def test_biren_says_what_no_generation_has(plan_of: Any, tmp_path: Path, profile: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    text = (
        "#include <cuda_runtime.h>\n#include <mma.h>\n#include <nvrtc.h>\n#include <cublas_v2.h>\n"
        "__global__ void k(double *x) {\n"
        "  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float> tile;\n"
        "  nvcuda::wmma::fill_fragment(tile, 0.0f);\n"
        '  asm volatile("bar.sync 0;");\n'
        "  x[threadIdx.x] *= 2.0;\n"
        "}\n"
        "int compile(nvrtcProgram p) { return nvrtcCompileProgram(p, 0, nullptr); }\n"
        "int dot(cublasHandle_t h, double *x, double *r) { return cublasDdot(h, 4, x, 1, x, 1, r); }\n"
    )
    (tree / "k.cu").write_text(text, encoding="utf-8")
    plan = plan_of(tree, f"biren@{profile}")
    lines = {
        (f["rule"][:3], f["line"]) for f in plan["files"][0]["findings"] if f["severity"] == "error"
    }
    assert {("PK4", 8), ("PK1", 11), ("PK1", 12)} <= lines  # PTX, NVRTC, a double of cuBLAS
    assert [line for rule, line in lines if rule in ("PK5", "PK1") and line in (2, 6, 7)]  # wmma
    # double precision in a kernel
    assert [line for rule, line in lines if rule == "PK6" and line in (5, 9)]
