# SPDX-License-Identifier: Apache-2.0
"""The shipped tables: every target and profile passes the checks; what is known of MUSA is what its
sources say.
"""

from __future__ import annotations

import pytest

from calls import calls_of
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.checks import check_target
from portkit.targets.floors import Floors
from portkit.targets.target import Target, load_target
from portkit.vocab.vocabulary import load_vocabulary
from specs import all_profiles


def look(target: Target, name: str) -> Row | None:
    entity = load_vocabulary().get(name)[0]
    return target.row(name, entity.kind, entity.library, entity.qualifier)


@pytest.fixture(scope="module")
def musa() -> Target:
    return load_target("musa")


@pytest.mark.parametrize("spec", all_profiles())
def test_a_shipped_target_has_no_fault(spec: str) -> None:
    assert check_target(load_target(spec), load_vocabulary()) == []


def test_loading_is_fast() -> None:
    loaded, calls = calls_of(lambda: load_target("musa"))
    assert calls < len(loaded.table.cells)  # no row is looked at by itself


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("cudaMalloc", "musaMalloc"), ("cudaMemcpyHostToDevice", "musaMemcpyHostToDevice"),
        ("cudaStream_t", "musaStream_t"),
        ("cuLaunchKernel", "muLaunchKernel"), ("CUresult", "MUresult"), ("CUDA_SUCCESS", "MUSA_SUCCESS"),
        ("cublasSgemm", "mublasSgemm"), ("cufftExecC2C", "mufftExecC2C"), ("curandGenerator_t", "murandGenerator_t"),
        ("ncclAllReduce", "mcclAllReduce"), ("__nv_bfloat16", "__mt_bfloat16"), ("__CUDA_ARCH__", "__MUSA_ARCH__"),
        ("CUDART_VERSION", "MUSART_VERSION"), ("CUDA_VERSION", "MUSA_VERSION"), ("__CUDACC__", "__MUSACC__"),
        ("nppiAdd_8u_C1RSfs", "mtppiAdd_8u_C1RSfs"), ("curandStatePhilox4_32_10_t", "murandStatePhilox4_32_10_t"),
        ("CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED",
        "MU_DEVICE_ATTRIBUTE_VIRTUAL_ADDRESS_MANAGEMENT_SUPPORTED"),
        # corrupt in the vendor's table, seen right in the vendor's code
        ("cusolverDnCungqr", "musolverDnCungqr"),
    ],
)  # fmt: skip
def test_musa_renames(musa: Target, name: str, target: str) -> None:
    row = look(musa, name)
    assert row is not None and row.status is Status.MAPPED
    assert row.target == target
    assert Floors().accepts(row)


@pytest.mark.parametrize(
    ("spelling", "target"),
    [
        ("cuda_runtime.h", "musa_runtime.h"), ("cublas_v2.h", "mublas.h"), ("nccl.h", "mccl.h"),
        ("cusolverDn.h", "musolver.h"),
        ("cub/cub.cuh", "cub/cub.cuh"), ("thrust/device_vector.h", "thrust/device_vector.h"),
        ("cuda/std/limits", "musa/std/limits"),
        ("thrust/system/cuda/execution_policy.h", "thrust/system/musa/execution_policy.h"), ("mma.h", "mma.h"),
    ],
)  # fmt: skip
def test_musa_headers(musa: Target, spelling: str, target: str) -> None:
    row = musa.row(spelling, Kind.HEADER)
    assert row is not None and row.target == target


@pytest.mark.parametrize(
    "name",
    ["threadIdx", "__global__", "__syncthreads", "__shfl_sync", "atomicAdd", "float4", "half"],
)
def test_musa_keeps_built_ins_with_a_source(musa: Target, name: str) -> None:
    row = look(musa, name)
    assert row is not None and row.status is Status.SAME and not row.derived
    assert row.exists is Exists.USAGE and row.sources


@pytest.mark.parametrize(
    "name",
    [
        "cusolverDnSgetrf",
        "CUBLAS_STATUS_ALLOC_FAILED",
        "cudnnConvolutionForward",
        "nvmlInit",
        "nvrtcGetPTX",
    ],
)
def test_musa_leaves_known_differences_to_a_person(musa: Target, name: str) -> None:
    row = look(musa, name)
    assert row is not None and row.status is Status.MANUAL and row.pairs is Pairs.NO and row.note


def test_musa_no_equivalent(musa: Target) -> None:
    row = look(musa, "cudaGridDependencySynchronize")
    assert row is not None and row.status is Status.NONE and not row.target


@pytest.mark.parametrize("name", ["nppsCubrt_32f", "cusolverDnCungbr", "cusolverDnCunmtr"])
def test_musa_corrupt_rows_are_left_to_the_rule(musa: Target, name: str) -> None:
    row = look(musa, name)
    assert row is not None and row.derived and not Floors().accepts(row)
    assert "Mu" not in row.target.removeprefix("Mu")


def test_musa_namespaces(musa: Target) -> None:
    asked = [("nvcuda", "wmma", ""), ("cuda", "thrust", "thrust"), ("cub", "cub", "")]
    rows = [
        musa.row(name, Kind.NAMESPACE, library, qualifier) for name, library, qualifier in asked
    ]
    assert [r.target for r in rows if r] == ["mtmusa", "thrust::musa", "cub"]


def test_musa_profiles_differ() -> None:
    facts = [load_target(f"musa@{p}").facts for p in ("mp_21", "mp_22", "mp_31")]
    assert [(f.warp_size, f.arch_value) for f in facts] == [(128, 210), (128, 220), (32, 310)]
    rows = [look(load_target(f"musa@{p}"), "__nv_fp8_e4m3") for p in ("mp_22", "mp_31")]
    assert [r.status for r in rows if r] == [Status.MANUAL, Status.MAPPED]


def test_every_source_is_named(musa: Target) -> None:
    assert all(musa.sources.values())
    used = {s for key in musa.table.lines for s in musa.table.row(key).sources}  # type: ignore[union-attr]
    assert used <= musa.sources.keys()
