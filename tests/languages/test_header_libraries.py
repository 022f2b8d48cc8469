# SPDX-License-Identifier: Apache-2.0
"""Libraries of headers are counted as what they are: CUTLASS, CuTe, RAFT, cuDNN's frontend, NVTX for
C++, and Thrust and CUB inside of a namespace of the project's.
"""

from __future__ import annotations

from pathlib import Path

from portkit.model.reading import FileScan
from portkit.model.words import Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

LIBRARIES = {"cutlass", "raft", "cudnn_frontend", "nvtx", "thrust", "cub"}

USES = """#include <cutlass/cutlass.h>   // -> cutlass
#include "cute/atom/copy_atom.hpp"   // -> cutlass
#include <raft/core/handle.hpp>   // -> raft
#include <cudnn_frontend.h>   // -> cudnn_frontend
#include <nvtx3/nvtx3.hpp>   // -> nvtx
namespace fe = cudnn_frontend;   // -> cudnn_frontend
CUTLASS_DEVICE float one(cutlass::half_t x) { return float(x); }   // -> cutlass cutlass cutlass
template <class T> CUTE_HOST_DEVICE void lay(T t) { auto l = cute::make_layout(t); }   // -> cutlass cutlass cutlass
using Gemm = cutlass::gemm::device::GemmOfNobody<float>;   // -> cutlass cutlass cutlass cutlass
void on(raft::handle_t const &h) { RAFT_CUDA_TRY(0); CUTLASS_OWN_SWITCH; }   // -> raft raft raft cutlass
void with(std::shared_ptr<cudnn_frontend::graph::Graph> g);   // -> cudnn_frontend cudnn_frontend cudnn_frontend
void timed() { nvtx3::scoped_range r{"x"}; nvtx3::mark("y"); }   // -> nvtx nvtx nvtx nvtx
"""

WRAPPED = """#define THRUST_CUB_WRAPPED_NAMESPACE inner
#include <thrust/device_vector.h>   // -> thrust
#include <cub/cub.cuh>   // -> cub
void sorts(inner::thrust::device_vector<int> &v) {   // -> thrust thrust
  ::inner::thrust::sort(v.begin(), v.end());   // -> thrust thrust
  outer::cub::DeviceReduce::Sum(0, v.size());   // -> cub cub
  thrust::copy(v.begin(), v.end(), v.begin());   // -> thrust thrust
  inner::sort(v.begin(), v.end());
}
"""

OWN = """namespace mine { namespace thrust { template <class T> void sort(T); }
namespace cutlass { struct half_t {}; } struct raft { int handle_t; }; }
void own(mine::cutlass::half_t x, mine::raft r) { mine::thrust::sort(x); r.handle_t = 1; }
"""


def scan(folder: Path, text: str) -> FileScan:
    (folder / "a.cu").write_text(text)
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=Rung.CLANG))
    return tree.scan.files[0]


def said(file: FileScan, text: str) -> dict[int, list[str]]:
    """Return the libraries of a file's references by line."""
    found: dict[int, list[str]] = {}
    for ref in file.references:
        if ref.library in LIBRARIES and not ref.user:
            line = text.count("\n", 0, ref.span.start) + 1
            found.setdefault(line, []).append(ref.library)
    return found


def expected(text: str) -> dict[int, list[str]]:
    lines = (line.partition("// -> ") for line in text.split("\n"))
    return {n: words.split() for n, (_, mark, words) in enumerate(lines, 1) if mark}


def test_header_libraries_are_counted_as_theirs(tmp_path: Path) -> None:
    assert said(scan(tmp_path, USES), USES) == expected(USES)


def test_thrust_and_cub_are_seen_inside_of_another_namespace(tmp_path: Path) -> None:
    assert said(scan(tmp_path, WRAPPED), WRAPPED) == expected(WRAPPED)


def test_namespaces_of_the_project_are_its_own(tmp_path: Path) -> None:
    assert said(scan(tmp_path, OWN), OWN) == {}


BESIDE = """#include <rmm/device_uvector.hpp>   // -> cuda_x
#include <NvInfer.h>   // -> cuda_x
#include "cudss.h"   // -> cuda_x
#include <cuco/static_map.cuh>   // -> cuda_x
void f(rmm::device_uvector<int> &v);   // -> cuda_x cuda_x
nvinfer1::IBuilder *g();   // -> cuda_x cuda_x
void h() { cudssHandle_t one; cudssCreate(&one); nvcompBatchedLZ4CompressAsync(); }   // -> cuda_x cuda_x cuda_x
"""


def test_libraries_beside_the_toolkit_are_no_secret(tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text(BESIDE)
    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1, rung=Rung.LEX))
    found: dict[int, list[str]] = {}
    for ref in tree.scan.files[0].references:
        found.setdefault(BESIDE.count("\n", 0, ref.span.start), []).append(ref.library)
    lines = BESIDE.splitlines()
    assert found == {n: line.partition("-> ")[2].split() for n, line in enumerate(lines)}
