# SPDX-License-Identifier: Apache-2.0
"""What the second look at the evidence put right in the shipped tables, each by its case."""

from __future__ import annotations

import csv
import functools
import json
from pathlib import Path

import pytest

from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.target import Target, load_target
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary
from product import Product

target = functools.cache(load_target)


def row(spec: str, name: str) -> Row | None:
    """Return what a target says of a full name of the vocabulary, or of a header."""
    scope, _, last = name.rpartition("::")
    found = [e for e in load_vocabulary().get(last) if e.qualifier == scope]
    entity = found[0] if found else load_vocabulary().header(name)
    assert entity is not None, name
    return target(spec).row(entity.name, entity.kind, entity.library, entity.qualifier)


def said(spec: str, name: str) -> tuple[str, str]:
    """Return (target, status) of a name; both empty where nothing is said."""
    found = row(spec, name)
    return (found.target, found.status.value) if found is not None else ("", "")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        # headers of torch_musa that its repository has, where an adaptor's table names others
        ("c10/cuda/CUDAException.h", "torch_musa/csrc/core/MUSAException.h"),
        ("c10/cuda/CUDAFunctions.h", "torch_musa/csrc/core/MUSAFunctions.h"),
        ("c10/cuda/CUDACachingAllocator.h", "torch_musa/csrc/core/MUSACachingAllocator.h"),
        ("ATen/cuda/CUDAGraphsUtils.cuh", "torch_musa/csrc/aten/musa/MUSAGraphsUtils.muh"),
        ("ATen/cuda/CUDAGeneratorImpl.h", "torch_musa/csrc/aten/musa/MUSAGeneratorImpl.h"),
        ("AT_CUDA_CHECK", "C10_MUSA_CHECK"),
        ("at::cuda::getCurrentCUDASparseHandle", "at::musa::getCurrentCUDASparseHandle"),
        ("CUDA_KERNEL_ASSERT", "CUDA_KERNEL_ASSERT"),  # PyTorch's own macro keeps its name
    ],
)
def test_musa_names_of_torch(name: str, wanted: str) -> None:
    assert said("musa@mp_31", name)[0] == wanted
    found = row("musa@mp_31", name)
    assert found is not None and found.exists is Exists.HEADER


@pytest.mark.parametrize(
    ("name", "wanted", "status"),
    [
        ("cuMemAlloc", "mcMalloc", "mapped"),
        ("cuMemFree", "mcFree", "mapped"),
        ("cuMemAllocAsync", "mcMemAllocAsync", "mapped"),
        ("cuDeviceGetCount", "mcGetDeviceCount", "mapped"),
        ("CUcontext", "MCcontext", "mapped"),
        ("CUmemPool_attribute", "mcMemPoolAttr", "mapped"),
        ("CUfunction_attribute", "mcFunction_attribute", "mapped"),
        ("cudaLimit", "mcLimit_t", "mapped"),
        ("nvrtcGetPTX", "mcrtcGetBitcode", "mapped"),
        ("mma.h", "__clang_maca_mma_functions.h", "mapped"),
        ("nvcuda", "mxmaca", "mapped"),
        ("CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT", "mcGraphNodeTypeExtSemaphoreWait", "mapped"),
        # denied by the vendor's reference, or by its own code
        ("cublasSgemmBatched", "", "none"),
        ("cublasZgetrfBatched", "", "none"),
        ("CUFFT_NVRTC_FAILURE", "", "none"),
        ("vector_types.h", "", "none"),
        ("math_constants.h", "", "none"),
        ("CUDART_NAN_F", "", "none"),
        ("cooperative_groups::this_cluster", "", "none"),
        # looked for and not found: a person looks once more
        ("nppiFree", "", "manual"),
        ("nvjpegDecode", "", "manual"),
        ("cufftXtMalloc", "", "manual"),
        ("cudaGraphicsMapResources", "", "manual"),
        ("cudaMallocArray", "", "manual"),
        ("cudaMemPrefetchAsync", "", "manual"),
        ("curandCreateGenerator", "", "manual"),
        ("cuConj", "mcConj", "mapped"),
    ],
)
def test_maca(name: str, wanted: str, status: str) -> None:
    assert said("maca@native", name) == (wanted, status)


@pytest.mark.parametrize(
    "name",
    ["CUDA_KERNEL_NODE_PARAMS", "cuGraphAddMemsetNode", "cuGraphAddMemcpyNode"],
)
def test_maca_renames_that_are_known_to_differ(name: str) -> None:
    found = row("maca@native", name)
    assert found is not None and found.pairs is Pairs.NO


@pytest.mark.parametrize(
    "name",
    [
        "cudnnActivationForward",
        "cudnnReduceTensor",
        "cudnnDropoutDescriptor_t",
        "CUDNN_STATUS_ALLOC_FAILED",
    ],
)
def test_names_of_a_digest_that_others_contradict_drive_no_edit(name: str) -> None:
    found = row("maca@native", name)
    assert found is not None and found.exists is Exists.RULE


def test_maca_counts_the_bits_of_a_mask_with_the_wide_function() -> None:
    narrow, wide = row("maca@native", "__popc"), row("maca@native", "__popcll")
    assert narrow is not None and "__popcll" in narrow.note
    assert wide is not None and wide.status is Status.SAME


def test_the_wrapper_has_what_native_code_lacks() -> None:
    assert said("maca@cu-bridge", "mma.h") == ("mma.h", "same")
    assert said("maca@cu-bridge", "cooperative_groups::tiled_partition")[1] == "same"
    assert said("maca@cu-bridge", "vector_types.h")[1] != "none"
    tile = row("maca@native", "cooperative_groups::thread_block_tile")
    assert tile is not None and tile.exists is Exists.RULE  # seen under the wrapper only


@pytest.mark.parametrize(
    ("spec", "name", "wanted"),
    [
        ("biren@gen1", "cooperative_groups.h", ("supa_cooperative_groups.h", "mapped")),
        (
            "biren@gen1",
            "cooperative_groups::thread_block",
            ("cooperative_groups::thread_block", "same"),
        ),
        # the guide does not name the namespace: assumed, since it has what is in it
        ("biren@gen1", "cooperative_groups", ("cooperative_groups", "same")),
        ("biren@gen1", "cooperative_groups::memcpy_async", ("", "none")),
        ("biren@gen1", "__ldg", ("__ldg", "same")),
        ("biren@gen1", "clock64", ("", "")),
        ("biren@gen2", "clock64", ("clock64", "same")),
        ("biren@gen1", "float4", ("float4", "same")),
        ("biren@gen1", "atomicAdd_system", ("", "none")),
        ("biren@gen1", "double2", ("", "none")),
        ("biren@gen1", "cudaAddressModeWrap", ("", "none")),
        ("biren@gen1", "cuda_gl_interop.h", ("", "none")),
        ("biren@gen1", "cuCtxEnablePeerAccess", ("sudrvContextEnablePeerAccess", "mapped")),
        ("biren@gen1", "cuGraphLaunch", ("sudrvLaunchGraphExec", "mapped")),
        ("biren@gen1", "__nv_bfloat16", ("bfloat16", "mapped")),
        ("biren@gen1", "cuda_fp16.h", ("device/supa_fp16.h", "mapped")),
        ("biren@gen2", "__nv_bfloat16", ("__br_bfloat16", "mapped")),
        ("biren@gen2", "cuda_fp8.h", ("device/supa_fp8.h", "mapped")),
        (
            "biren@gen2",
            "cufftExecC2C",
            ("", "manual"),
        ),  # the library is there, its names were not seen
        ("biren@gen2", "nppiFree", ("", "manual")),
    ],
)
def test_biren(spec: str, name: str, wanted: tuple[str, str]) -> None:
    assert said(spec, name) == wanted


def test_an_imported_symbol_proves_the_name_alone() -> None:
    found = row("biren@gen2", "cudaFuncSetAttribute")
    assert found is not None and (found.exists, found.pairs) == (Exists.LINKED, Pairs.ALIKE)
    assert Exists.USAGE < Exists.LINKED < Exists.HEADER
    irregular = row("biren@gen2", "cuTensorMapEncodeTiled")
    assert irregular is not None and irregular.pairs is Pairs.NO


@pytest.mark.parametrize(
    "name", ["float4", "__half2float", "__host__", "float3", "cooperative_groups::sync"]
)
def test_what_was_only_inferred_is_marked_so(name: str) -> None:
    found = row("biren@gen2", name)
    assert found is not None and (found.exists, found.status) == (Exists.RULE, Status.SAME)


def test_texts_of_messages_are_no_declarations() -> None:
    found = row("biren@gen2", "CUDNN_BACKEND_POINTWISE_DESCRIPTOR")
    assert found is None or found.exists is Exists.RULE


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("float4", ("float4", "same")),
        ("make_float4", ("make_float4", "same")),
        ("__half", ("tops::half", "mapped")),
        ("double2", ("", "none")),
        ("cudaExtent", ("", "none")),
        ("cudaTextureObject_t", ("", "none")),
        ("cudaDevAttrClockRate", ("topsDeviceAttributeClockRate", "mapped")),
        ("cudaDevAttrL2CacheSize", ("", "none")),
        ("cufftExecC2C", ("", "none")),
        ("cudaGraphAddKernelNode", ("", "none")),
        ("cudaDeviceProp::regsPerBlock", ("", "none")),
        ("cudaPointerAttributes::hostPointer", ("host_pointer", "mapped")),
        ("CUlaunchConfig::hStream", ("stream", "mapped")),
        ("CUlaunchAttribute::value", ("val", "mapped")),
    ],
)
def test_enflame(name: str, wanted: tuple[str, str]) -> None:
    found, status = said("enflame@gcu300", name)
    assert (found.rpartition("::")[2] if name.count("::") else found, status) == wanted


def test_enflame_unsigned_vectors_are_not_named_one_by_one() -> None:
    found = row("enflame@gcu300", "uint4")
    assert found is not None and found.exists is Exists.RULE


@pytest.mark.parametrize(
    ("spec", "feature", "status"),
    [
        ("biren@gen1", "cooperative-groups", "partial"),
        ("biren@gen1", "system-atomics", "none"),
        ("biren@gen1", "bf16", "differs"),
        ("biren@gen2", "compute-capability", "differs"),
        ("biren@gen2", "inline-assembly", "partial"),
        ("biren@gen2", "lib-cufft", "partial"),
        ("maca@native", "device-pointers", "differs"),
    ],
)
def test_features(spec: str, feature: str, status: str) -> None:
    assert target(spec).features[feature].status == status


def test_inline_assembly_near_ptx_is_not_said_to_be_without_meaning(
    portkit: Product, tmp_path: Path
) -> None:
    (tmp_path / "a.cu").write_text(
        "__global__ void k(unsigned long long* t) {\n"
        '  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(*t));\n'
        "}\n",
        encoding="utf-8",
    )
    run = ("report", tmp_path, "--to", "biren@gen1", "--to", "biren@gen2", "--format", "json")
    plans = json.loads(portkit(*run).stdout)["plans"]
    said = [
        [f["message"] for f in plan["files"][0]["findings"] if f["rule"] == "PK401"]
        for plan in plans
    ]
    assert ["no meaning" in messages[0] for messages in said] == [True, False]
    assert "-use-mira=true" in said[1][0]


def test_the_vendors_own_layer_compiles_cuda_as_it_is() -> None:
    mapping: Target = target("musa@mapping")
    assert mapping.as_is and not mapping.rename_suffixes
    found = mapping.row("cudaMalloc", Kind.FUNCTION, "runtime")
    assert found is not None and not found.derived


@functools.cache
def table(file: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table of mappings/, by name."""
    with (mappings_folder() / file).open(encoding="utf-8", newline="") as lines:
        return {r["name"]: r for r in csv.DictReader(lines)}


@pytest.mark.parametrize(
    ("file", "name", "wanted"),
    [
        # the file that was named defines a macro, no package; a rename would not configure
        (
            "maca/build@native.csv",
            "find_package(CUDAToolkit)",
            {"status": "manual", "target": "find_maca(${USE_MACA})"},
        ),
        ("maca/build@native.csv", "find_package(CUDA)", {"status": "manual"}),
        ("maca/build@native.csv", "CUDA::nvtx3", {"pairs": "alike"}),
        ("maca/build@cu-bridge.csv", "find_package(CUDA)", {"sources": "mcPytorch-cuda-2"}),
        # no file has a version variable of the package
        ("musa/build.csv", "CUDAToolkit_VERSION", {"target": "", "status": "manual"}),
        ("musa/build.csv", "nvidia-smi -L", {"sources": "gmi-list"}),
        ("musa/build.csv", "CUDNN_ROOT", {"sources": "torch_musa-musa_extension"}),
        # an adaptor knows the file of the target, and has no pair of files
        ("musa/python.csv", '"libcublas.so"', {"pairs": "alike"}),
        ("musa/python.csv", '"libcurand.so"', {"pairs": "alike"}),
        # what was not looked up is not said to have been looked for
        ("biren/pytorch@gen2.csv", "C10_WARP_SIZE", {"sources": "not-looked-up"}),
        ("enflame/pytorch.csv", "C10_WARP_SIZE", {"sources": "torch-gcu-tree"}),
        (
            "musa/pytorch.csv",
            "torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp",
            {"status": "manual", "target": "torch_musa/csrc/distributed/ProcessGroupMCCL.h"},
        ),
        # a value whose attribute has no id
        (
            "enflame/runtime.csv",
            "cudaLaunchAttributeValue::memSyncDomain",
            {"status": "manual", "exists": "header"},
        ),
        ("enflame/driver.csv", "CUlaunchAttributeValue::cooperative", {"status": "mapped"}),
    ],
)
def test_sources_that_were_read_again(file: str, name: str, wanted: dict[str, str]) -> None:
    found = table(file)[name]
    assert {k: found[k] for k in wanted} == wanted


def test_a_name_seen_under_a_wrapper_has_the_file_that_shows_it() -> None:
    found = table("biren/thrust@suda.csv")["thrust/tuple.h"]
    assert found["sources"].split()[0] == "torch-supa-MemoryAccess"
