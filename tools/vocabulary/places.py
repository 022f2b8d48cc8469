# SPDX-License-Identifier: Apache-2.0
"""Which header belongs to which library, which headers and names are public, and what foreign
headers need.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

# label stem of a wheel's folder -> library; a header's own rule below comes first
LABEL_LIBRARY = {
    "runtime": "runtime",
    "crt": "device",
    "nvrtc": "nvrtc",
    "nvtx": "nvtx",
    "cupti": "cupti",
    "profiler": "runtime",
    "nvml": "nvml",
    "cufile": "cufile",
    "nvjpeg": "nvjpeg",
    "curand": "curand",
    "npp": "npp",
    "cutensor": "cutensor",
    "cusparselt": "cusparselt",
    "nccl": "nccl",
    "nvshmem": "nvshmem",
    "cufft": "cufft",
    "cusparse": "cusparse",
    "cusolver": "cusolver",
    "cublas": "cublas",
    "cudnn": "cudnn",
}
HEADER_LIBRARY = (
    (r"^(cuda|cudaGL|cudaEGL|cudaVDPAU|cudaProfiler|cuda\w*Typedefs|cudaD3D\w*)\.h", "driver"),
    (r"^cuComplex\.h", "cucomplex"),
    (r"^cublasLt\.h", "cublaslt"),
    (r"^cublasXt\.h", "cublasxt"),
    (r"^cooperative_groups", "cooperative_groups"),
    (r"(^|/)mma\.h", "wmma"),
    (
        r"^(cuda_fp\w*|cuda_bf16|cuda_tf32|device_\w+|sm_\w+|math_\w+|vector_\w+|texture_\w+|surface_\w+|host_defines|builtin_types)\.h",
        "device",
    ),
    (r"^(crt/|cuda_awbarrier|cuda_pipeline)", "device"),
    (r"^nvtx3/|nvToolsExt", "nvtx"),
    (r"^generated_", "cupti"),
)
# Not API: implementation headers, other compilers' headers, and headers that no program includes.
SKIP = re.compile(
    r"^CL/|(^|/)(nvtxDetail|(?<!^cooperative_groups/)details?|impl|internal)/|"
    r"(^|/)(__|cudart_platform|nvshmemi|internal|nvrtc_builtins|cublas_api_old|Openacc|Openmp|fatbinary|nvPTXCompiler|nvvm)|"
    r"common_functions|nvfunctional|^nvshmem_(device|host)/|^(device|host|device_host)/.*nvshmemi?_common|"
    r"bootstrap_|transport|^nccl_device/gin/"
)
FLAT = re.compile(
    r"^[^/]+$|^(nvtx3/|cooperative_groups|crt/(mma|device_|sm_|host_defines|math_)|nccl_device/|host/|device/|device_host/)"
)
GUARD = re.compile(r"(_H|_H_|_H__|_HPP|_INCLUDED|_HPP__|_CUH|_CUH_|_CUH__|_WRAPPER__)$")
SPECIAL = re.compile(r"^__[a-z0-9]+(_[a-z0-9]+)*$|^__nv_|^__NV_|^__half|^__CUDA|^__CUDACC")
INTERNAL = re.compile(
    r"^(__cr_|__internal|__curand|NV_MATH_|EXCLUDE_FROM|IF_DEVICE|NV_INT_OR|operator|__cdecl|__specialization|"
    r"__NV_(FP\d|TL|GLIBC|IEC|SILENCE|NOEXCEPT|TEX_|ATOMIC_(ADDR|ALIGN|REQ|RET|TEMP|TRIV))|"
    r"__CUDA_\w+_(DECL|INLINE|FORCEINLINE|CONSTEXPR|STRINGIFY|DEPRECAT\w*|MESSAGE)(__)?$|"
    r"__CUDA_\w*INTERNAL|__CUDA_INCLUDE_COMPILER|LOAD_ENVREG|GL(enum|uint)$|sockaddr_t$|_CG_|nvshmemi|NVSHMEMI|NVSHMEMX?_DECL)|.*_DECL_NVSHMEM"
)
# Libraries that also declare other people's words keep only what carries their own.
OWN = {
    "nvshmem": re.compile(r"^(nvshmem|NVSHMEM)"),
    "nccl": re.compile(r"^(p?nccl|NCCL_)"),
    "nvml": re.compile(r"^(nvml|NVML_)"),
    "nvtx": re.compile(r"^(nvtx|NVTX_)"),
    "cooperative_groups": re.compile(r"^[a-z]"),
    "curand": re.compile(r"^(curand|CURAND|CR_CUDART|skipahead)"),
}
FIELDS_IN = re.compile(r"^(?!nccl_device/|device|host/|generated_|cuda\w*Typedefs)")
# What graphics headers declare: just the type names that CUDA's interop prototypes mention.
FOREIGN = {
    "GL/gl.h": "typedef unsigned GLuint; typedef unsigned GLenum;",
    "EGL/egl.h": "typedef int EGLint; typedef unsigned EGLBoolean; typedef void *EGLDisplay;",
    "EGL/eglext.h": "typedef void *EGLStreamKHR; typedef void *EGLImageKHR; typedef void *EGLSyncKHR;",
    "vdpau/vdpau.h": "typedef unsigned VdpDevice; typedef unsigned VdpVideoSurface; typedef unsigned VdpOutputSurface; "
    "typedef int VdpStatus; typedef int VdpGetProcAddress(VdpDevice, unsigned, void **);",
}


def library_of(label: str, header: str) -> str:
    """Return the library that a header of the wheel `label` belongs to."""
    for pattern, library in HEADER_LIBRARY:
        if re.search(pattern, header):
            return library
    return LABEL_LIBRARY[label]


def public(name: str, library: str = "") -> bool:
    """Return whether a declared name is one that programs are meant to use."""
    if (
        not name
        or not re.fullmatch(r"\w+", name, re.A)
        or GUARD.search(name)
        or INTERNAL.match(name)
    ):
        return False
    if library in OWN and not OWN[library].match(name):
        return False
    return not name.startswith("_") or SPECIAL.match(name) is not None


def relative(name: str, root: str) -> str | None:
    """Return a header's include spelling, or None when the file is not under `root`."""
    clean = posixpath.normpath(name)
    return clean[len(root) :] if clean.startswith(root) else None


def shown(header: str) -> str:
    """Return the header that a program includes for what `header` declares."""
    if header.startswith("cooperative_groups/details/"):
        stem = header.rpartition("/")[2].removesuffix(".h").removeprefix("coalesced_")
        public_name = {"reduce": "reduce", "scan": "scan", "async": "memcpy_async"}.get(stem)
        return f"cooperative_groups/{public_name}.h" if public_name else "cooperative_groups.h"
    return re.sub(r"\.hpp$", ".h", header)


def write_foreign(folder: Path) -> None:
    """Write the foreign headers into `folder`, so that interop headers parse without any graphics
    SDK.
    """
    for name, text in FOREIGN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
