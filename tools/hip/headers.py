# SPDX-License-Identifier: Apache-2.0
"""What HIP's real headers declare, read by libclang as HIP code for the host and for a device."""

from __future__ import annotations

from pathlib import Path

import msgspec

from portkit.languages.cxx.clang.caught import caught
from portkit.languages.cxx.clang.libclang import load_clang
from portkit.targets.arity import Arity
from portkit.targets.sdk_headers import _Reader

# Read in one unit, so that names of one header in another are seen once.
READ = (
    *("hip/hip_runtime.h", "hip/hip_fp16.h", "hip/hip_bf16.h", "hip/hip_bfloat16.h"),
    *("hip/hip_complex.h", "hip/hip_cooperative_groups.h", "hip/hiprtc.h", "hip/hip_profile.h"),
    *("hip/hip_math_constants.h", "hip/hip_texture_types.h", "hip/library_types.h"),
    *("hip/hip_gl_interop.h", "hip/hip_ext.h", "hip/math_functions.h", "hip/hip_version.h"),
    *("hipblas/hipblas.h", "hiprand/hiprand.h", "hiprand/hiprand_kernel.h"),
    *("hipsparse/hipsparse.h", "hipsolver/hipsolver.h", "hipfft/hipfft.h", "hipfft/hipfftXt.h"),
    *("rccl/rccl.h", "roctracer/roctx.h", "hipcub/hipcub.hpp", "hipcub/util_allocator.hpp"),
)
_THRUST = ("execution_policy", "sort", "reduce", "scan", "transform", "device_vector", "copy")
_FOLDERS = ("hip", "hipblas", "hiprand", "hipsparse", "hipsolver", "hipfft", "rccl", "roctracer")
_UNIT = "headers.hip"
_KEEP_GOING, _DETAILED, _SKIP_BODIES = 0x200, 0x01, 0x40


class Headers(msgspec.Struct, frozen=True):
    """Names with their namespace (fields as `Struct::field`), arities of functions, and how each
    header is spelt.
    """

    names: frozenset[str]
    arities: dict[str, Arity]
    spelled: frozenset[str]


def read_headers(root: Path, clang_version: str = "17") -> Headers:
    """Return what the headers below `root`/usr/include declare; `root` holds the packages of a
    distribution, unpacked. Raises SystemExit without libclang or without headers.
    """
    clang, include = load_clang(), root / "usr/include"
    if clang is None or not (include / READ[0]).is_file():
        raise SystemExit(f"no libclang, or no {READ[0]} below {include}")
    files = [h for h in READ if (include / h).is_file()]
    files += [f"thrust/{h}.h" for h in _THRUST]
    text = "".join(f"#include <{h}>\n" for h in files)
    built_in = root / f"usr/lib/llvm-{clang_version}/lib/clang/{clang_version}"
    flags = [
        *("-x", "hip", "--offload-arch=gfx906", "-std=c++17", "-nogpulib", "-w"),
        *("-ferror-limit=0", "-D__HIP_PLATFORM_AMD__", "-D__AMDGCN_WAVEFRONT_SIZE=64"),
        *(f"--sysroot={root}", f"-resource-dir={built_in}"),
    ]
    reader, names = _Reader(clang.cindex, str(include)), set[str]()
    with caught():
        for side in ("--cuda-host-only", "--cuda-device-only"):
            unit = clang.cindex.Index.create().parse(
                _UNIT,
                args=[*flags, side],
                unsaved_files=[(_UNIT, text)],
                options=_KEEP_GOING | _DETAILED | _SKIP_BODIES,
            )
            names.update(reader.names_of_unit(unit.cursor))
    return Headers(frozenset(names), reader.arities, frozenset(_spelled(include)))


def _spelled(include: Path) -> set[str]:
    found = set[str]()
    for folder in (*_FOLDERS, "hipcub", "thrust"):
        found.update(p.relative_to(include).as_posix() for p in (include / folder).rglob("*.h*"))
    return found
