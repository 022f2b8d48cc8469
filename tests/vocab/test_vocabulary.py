# SPDX-License-Identifier: Apache-2.0
"""The CUDA vocabulary as shipped: what it must hold, and what its flags and shapes must not catch."""

from __future__ import annotations

import pytest

from calls import calls_of
from portkit.model.words import Kind
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary
from vocabulary_faults import vocabulary_faults


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def test_every_cell_is_sound(vocabulary: Vocabulary) -> None:
    assert vocabulary_faults(mappings_folder() / "cuda") == []
    assert len(vocabulary.names) > 45_000


@pytest.mark.parametrize(
    ("name", "kind", "library"),
    [
        ("cudaMalloc", Kind.FUNCTION, "runtime"),
        ("cudaLaunchKernelExC", Kind.FUNCTION, "runtime"),
        ("cudaGraphAddNode_v2", Kind.FUNCTION, "runtime"),
        ("cuTensorMapEncodeTiled", Kind.FUNCTION, "driver"),
        ("cuGreenCtxCreate", Kind.FUNCTION, "driver"),
        ("cuMemAlloc", Kind.FUNCTION, "driver"),
        ("CUdeviceptr", Kind.TYPE, "driver"),
        ("cublasSgemm_64", Kind.FUNCTION, "cublas"),
        ("cublasSgemm", Kind.FUNCTION, "cublas"),
        ("cublasLtMatmul", Kind.FUNCTION, "cublaslt"),
        ("cudnnConvolutionForward", Kind.FUNCTION, "cudnn"),
        ("ncclAllReduce", Kind.FUNCTION, "nccl"),
        ("nvrtcCompileProgram", Kind.FUNCTION, "nvrtc"),
        ("nvtxRangePushA", Kind.FUNCTION, "nvtx"),
        ("nvmlDeviceGetHandleByIndex", Kind.FUNCTION, "nvml"),
        ("cuptiActivityEnable", Kind.FUNCTION, "cupti"),
        ("CUPTI_DRIVER_TRACE_CBID_cuInit", Kind.ENUMERATOR, "cupti"),
        ("nppiAdd_8u_C1RSfs", Kind.FUNCTION, "npp"),
        ("nvjpegDecode", Kind.FUNCTION, "nvjpeg"),
        ("cusparseLtMatmul", Kind.FUNCTION, "cusparselt"),
        ("cutensorContract", Kind.FUNCTION, "cutensor"),
        ("cuFileRead", Kind.FUNCTION, "cufile"),
        ("nvshmem_malloc", Kind.FUNCTION, "nvshmem"),
        ("__shfl_sync", Kind.DEVICE_FUNCTION, "device"),
        ("__nv_fp8_e4m3", Kind.TYPE, "device"),
        ("__nv_fp4_e2m1", Kind.TYPE, "device"),
        ("__nv_bfloat16", Kind.TYPE, "device"),
        ("__float2half", Kind.DEVICE_FUNCTION, "device"),
        ("__nv_sinf", Kind.DEVICE_FUNCTION, "device"),
        ("threadIdx", Kind.BUILTIN, "device"),
        ("warpSize", Kind.BUILTIN, "device"),
        ("__global__", Kind.BUILTIN, "device"),
        ("__launch_bounds__", Kind.BUILTIN, "device"),
        ("dim3", Kind.TYPE, "device"),
        ("float4", Kind.TYPE, "device"),
        ("__CUDACC__", Kind.MACRO, "compiler"),
        ("CUDART_VERSION", Kind.MACRO, "runtime"),
        ("CUDA_VERSION", Kind.MACRO, "driver"),
        ("CUDA_VISIBLE_DEVICES", Kind.ENVIRONMENT, "environment"),
        ("cudart", Kind.LINK_LIBRARY, "link"),
        ("cooperative_groups", Kind.NAMESPACE, "cooperative_groups"),
        ("curand_kernel.h", Kind.HEADER, "curand"),
    ],
)
def test_names_of_every_family(vocabulary: Vocabulary, name: str, kind: Kind, library: str) -> None:
    best = vocabulary.get(name)[0]
    assert (best.kind, best.library) == (kind, library)


@pytest.mark.parametrize(
    ("name", "qualifier"),
    [
        ("BlockReduce", "cub"),
        ("DeviceRadixSort", "cub"),
        ("device_vector", "thrust"),
        ("device", "thrust"),
        ("fragment", "nvcuda::wmma"),
        ("mma_sync", "nvcuda::wmma"),
        ("barrier", "cuda"),
        ("pipeline", "cuda"),
        ("atomic_ref", "cuda"),
        ("atomic", "cuda::std"),
        ("array", "cuda::std"),
        ("this_thread_block", "cooperative_groups"),
        ("tiled_partition", "cooperative_groups"),
        ("multiProcessorCount", "cudaDeviceProp"),
        ("blockDim", "cudaLaunchConfig_t"),
        ("devPtr", "cudaResourceDesc"),
        ("srcXInBytes", "CUDA_MEMCPY2D"),
    ],
)
def test_qualified_names(vocabulary: Vocabulary, name: str, qualifier: str) -> None:
    assert any(e.qualifier == qualifier for e in vocabulary.get(name))


def test_versions_arity_and_types(vocabulary: Vocabulary) -> None:
    scalar = vocabulary.get("cudaMemcpyToSymbolAsync")[0]
    assert (scalar.arity, scalar.type) == ("3-6", "cudaError_t")
    assert "template" in scalar.flags
    assert vocabulary.get("cudaThreadExit")[0].removed == "13.0"
    assert vocabulary.get("cuGreenCtxCreate")[0].since == "12.4"
    assert vocabulary.get("cuStreamWaitValue32")[0].removed == ""
    assert vocabulary.get("cuMemAlloc")[0].arity == "2"
    assert vocabulary.get("cudaStream_t")[0].type == "pointer"
    assert vocabulary.get("cudaSuccess")[0].type == "cudaError"
    # versions of CUDA are not claimed for what is released apart from it
    assert all(e.since == "" for e in vocabulary.get("ncclCommWindowRegister"))


@pytest.mark.parametrize(
    "name",
    ["abs", "max", "norm", "cub", "thrust", "cuda", "half", "size", "sort", "nccl", "cublas"],
)
def test_plain_words(vocabulary: Vocabulary, name: str) -> None:
    assert vocabulary.is_plain(name)


@pytest.mark.parametrize(
    "name",
    ["cudaMalloc", "dim3", "float4", "threadIdx", "__syncthreads", "atomicAdd", "no such word"],
)
def test_not_plain(vocabulary: Vocabulary, name: str) -> None:
    assert not vocabulary.is_plain(name)


def test_names_come_before_fields(vocabulary: Vocabulary) -> None:
    kinds = [e.kind for e in vocabulary.get("device")]
    assert Kind.FIELD in kinds
    assert kinds == sorted(kinds, key=lambda k: k is Kind.FIELD)


@pytest.mark.parametrize(
    ("word", "library"),
    [
        ("cudaFrobnicate", "runtime"),
        ("cuFrobnicate", "driver"),
        ("CU_FROB_NEW", "driver"),
        ("CUDA_CHECK", "driver"),  # a project's own macro has the shape too; its declaration tells
        ("cublasXtFrob", "cublasxt"),
        ("cublasLtFrob", "cublaslt"),
        ("cublasFrob", "cublas"),
        ("cusparseLtFrob", "cusparselt"),
        ("cuFileFrob", "cufile"),
        ("ncclFrob", "nccl"),
        ("nvmlFrob", "nvml"),
        ("nppiFrob_8u_C1R", "npp"),
        ("__nv_frob", "device"),
        ("__CUDA_ARCH_NEW__", "compiler"),
        ("customer", None),
        ("curandom", None),
        ("cute", None),
        ("cursor", None),
        ("cudaless", None),
        ("cuda", None),
        ("CUT_CHECK", None),
        ("CUSTOM_OP", None),
        ("ncclx", None),
        ("nvmlib", None),
        ("input", None),
    ],
)
def test_shapes(vocabulary: Vocabulary, word: str, library: str | None) -> None:
    assert vocabulary.shape_of(word) == library


def test_headers(vocabulary: Vocabulary) -> None:
    header = vocabulary.header("cuda_runtime.h")
    assert header is not None
    assert header.library == "runtime"
    assert vocabulary.header("my_cuda_runtime.h") is None
    assert vocabulary.header("cudaMalloc") is None
    assert vocabulary.header_library("thrust/new_algorithm.h") == "thrust"
    for library in vocabulary.libraries.values():
        for name in library.headers:
            assert vocabulary.header(name) is not None, name


def test_word_lists(vocabulary: Vocabulary) -> None:
    assert {"dlsym", "dlopen", "GetProcAddress", "cuGetProcAddress"} <= vocabulary.symbol_loaders
    assert "nvrtcCreateProgram" in vocabulary.source_loaders
    assert vocabulary.execution_space == {"__global__": "global", "__device__": "device"}
    assert {"cub", "thrust", "cooperative_groups", "nvcuda", "cuda"} <= vocabulary.namespaces
    assert vocabulary.arch_macros < vocabulary.guard_macros
    assert not vocabulary.guard_macros & vocabulary.feature_macros
    listed = vocabulary.guard_macros | vocabulary.feature_macros | set(vocabulary.execution_space)
    assert {name for name in listed if name not in vocabulary} == set()


@pytest.mark.parametrize(
    ("file", "library"),
    [
        ("libcuda.so.1", "driver"),
        ("libcudart.so", "runtime"),
        ("libnccl.so.2", "nccl"),
        ("nvcuda.dll", "driver"),
        ("libnvidia-ml.so.1", "nvml"),
        ("libcublasLt.so.12", "cublaslt"),
    ],
)
def test_library_files(vocabulary: Vocabulary, file: str, library: str) -> None:
    match = vocabulary.library_file.fullmatch(file)
    assert match is not None
    assert vocabulary.library_of_file(match) == library
    assert library in vocabulary.libraries


def test_stems(vocabulary: Vocabulary) -> None:
    assert vocabulary.is_stem("cuda")
    assert vocabulary.is_stem("cublas")
    assert vocabulary.stem_library("nccl") == "nccl"
    assert not vocabulary.is_stem("my")
    assert vocabulary.stem_library("my") == ""


def test_loading_is_cached_and_quick(vocabulary: Vocabulary) -> None:
    assert load_vocabulary() is vocabulary
    from portkit.vocab.data import mappings_folder

    made, calls = calls_of(lambda: Vocabulary(mappings_folder() / "cuda"))
    assert len(made.names) > 40_000
    assert calls < len(made.names)  # no name is looked at by itself
