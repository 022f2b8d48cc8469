# SPDX-License-Identifier: Apache-2.0
"""Bodies with very many words: they are read in another way than small ones, with the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.languages.cxx.clang.bodies import MANY, large_bodies
from portkit.model.words import Parse
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

_HEAD = """#include <cuda_runtime.h>
#include <cub/cub.cuh>
#define CHECK(call) do { if ((call) != cudaSuccess) fail(cudaGetErrorString(cudaGetLastError())); } while (0)
void fail(const char *);
namespace mine { int cudaFree(void *); }
struct Pool { int cudaMemcpy(int); int cudaDeviceReset; float x; };
template <class T> struct Own { T y; int cudaMalloc(T); };
"""
_STATEMENTS = """    CHECK(cudaMalloc(&p, n));
    { int cudaFree = 3; n += cudaFree; }
    n += mine::cudaFree(p) + (cudaFree(p) == cudaSuccess);
    n += pool.cudaMemcpy(3) + pool.cudaDeviceReset + pool.x + own.y;
    n += own.cudaMalloc(v.x) + make_float4(v.x, v.y, own.y, 1).w;
    dim3 grid@(n, 1, 1), block@ = dim3(n); cudaStream_t s@; float4 f@ = make_float4(0, 0, 0, 0);
    v.y = __ldg(&v.x) + atomicAdd(&n, 1) + unknown(cudaMemcpyHostToDevice) + max(n, 1);
#if 0
    cudaDeviceReset();
#endif
    using BlockReduce = cub::BlockReduce<float, 128>;
    n += BlockReduce(v.x).Sum(v.x) + std::sqrt(v.x) + std::string("cudaFree").size();
    auto call@ = [&](float cudaSuccess) { return cudaSuccess + v.z + warpSize; };
"""
_HOST = "void run(void *p, int n, float4 v, Pool pool, Own<float> own) {\n"
_TEMPLATE = "template <class V> void run(void *p, int n, V v, Pool pool, Own<V> own) {\n"


def _decisions(folder: Path, opening: str, closing: str) -> list[tuple[object, ...]]:
    """Scan one function of many blocks, each with this closing; return what was said of each
    reference.
    """
    folder.mkdir()
    blocks = [f"    {{\n{_STATEMENTS.replace('@', str(number))}{closing}\n" for number in range(60)]
    (folder / "a.cu").write_text("".join([_HEAD, opening, *blocks, "}\n"]))
    (file,) = scan_paths([folder], ScanOptions(root=folder, jobs=1)).scan.files
    assert file.parse is Parse.CLANG
    return [(r.name, r.kind, r.context, r.proof, r.rung, r.user) for r in file.references]


@pytest.mark.parametrize("opening", [_HOST, _TEMPLATE], ids=["function", "template"])
def test_a_large_body_is_read_as_small_ones_are(tmp_path: Path, opening: str) -> None:
    large = _decisions(tmp_path / "large", opening, " }")
    assert len(large) > MANY
    assert large == _decisions(tmp_path / "small", opening, "}")


def test_large_bodies_are_cut_at_braces_that_start_a_line() -> None:
    text = "a {\n" + "x;" * 10 + "\n}\n" + "y;" * MANY + "\n}\nz"
    few = [text.index("x") + 2 * i for i in range(10)]
    many = [text.index("y") + 2 * i for i in range(MANY)]
    assert list(large_bodies(text, few)) == []
    [(start, end)] = large_bodies(text, few + many)
    assert text[:start].endswith("x;\n}") and text[start:end].endswith("y;\n}")
    assert list(large_bodies(text.replace("\n}", ""), [0, *range(5, 4 + MANY)])) == [
        (0, len(text) - 4)
    ]
