# SPDX-License-Identifier: Apache-2.0
"""What Clang proves where its look-up fails, and what it must not prove: names that only stand in
for unknown ones.
"""

from __future__ import annotations

from pathlib import Path

from portkit.model.reading import FileScan, Reference
from portkit.model.words import Proof
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions


def scan(folder: Path, text: str, name: str = "a.cu") -> FileScan:
    (folder / name).write_text(text, encoding="utf-8")
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1))
    return next(f for f in tree.scan.files if f.path == name)


def proofs(file: FileScan, name: str) -> list[Proof | None]:
    return [r.proof for r in file.references if r.name == name]


def found(file: FileScan, name: str) -> list[Reference]:
    return [r for r in file.references if r.name == name]


def test_words_in_a_template_that_has_instances(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        "#include <cuda_runtime.h>\n#include <thrust/transform.h>\n"
        "template <bool B> __global__ void k(int *p) { p[threadIdx.x] = __ldg(p); __syncthreads(); }\n"
        "template <class T> struct Pool { T *p; void grow(int n) { cudaMalloc(&p, n); thrust::fill(p, p + n, 0); } };\n"
        "template <class F> int apply(F f) { auto g = [=](int i) { return f(i) + atomicAdd((int "
        "*)0, i); }; return g(1); }\n"
        "void run(int *p) { k<true><<<1, 1>>>(p); Pool<int> pool; pool.grow(3); apply([](int i) { return i; }); }\n",
    )
    for name in (
        "threadIdx",
        "__ldg",
        "__syncthreads",
        "cudaMalloc",
        "thrust",
        "fill",
        "atomicAdd",
    ):
        assert proofs(file, name) == [Proof.PROVED], name


def test_members_of_cudas_classes_need_not_be_known(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        "#include <cub/cub.cuh>\n#include <thrust/device_vector.h>\n"
        "auto f(int n) { thrust::device_vector<int> v(n); v.shrink_to_fit();\n"
        "  return cudaMemcpy(0, v.data().get(), v.size(), cudaMemcpyDefault); }\n"
        "auto g(int *p, size_t b) { return cub::DeviceReduce::NobodyKnowsThis(nullptr, b, p, p, 3); }\n",
    )
    for name in ("device_vector", "DeviceReduce", "cudaMemcpy", "cudaMemcpyDefault"):
        assert proofs(file, name) == [Proof.PROVED], name
    assert proofs(file, "cub") == [Proof.PROVED]
    assert found(file, "NobodyKnowsThis") == [] and found(file, "shrink_to_fit") == []


def test_macros_of_a_missing_test_header(tmp_path: Path) -> None:
    body = "{ cudaStream_t s; EXPECT_EQ(cudaStreamCreate(&s), cudaSuccess); }\n"
    file = scan(
        tmp_path,
        f"#include <gtest/gtest.h>\nTEST(Stream, Create) {body}TEST(Stream, Again) {body}TEST_F(Fixture, Third) {body}",
    )
    for name in ("cudaStream_t", "cudaStreamCreate", "cudaSuccess"):
        assert proofs(file, name) == [Proof.PROVED] * 3, name


def test_a_stand_in_proves_nothing(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        "#include <cub/cub.cuh>\nint f() { cub::NobodyKnowsThis x;\n"
        "  return cudaNobodyKnowsThis(x) + other::cudaFree(x) + (int)cudaGetLastError(); }\n",
    )
    assert proofs(file, "NobodyKnowsThis") == [Proof.SPELLING]
    assert proofs(file, "cudaNobodyKnowsThis") == [Proof.SPELLING]
    assert [r.user for r in found(file, "cudaFree")] == [True]
    assert proofs(file, "cudaGetLastError") == [Proof.PROVED]


def test_an_unknown_name_in_a_known_namespace_leaves_the_rest_of_it_alone(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        "#include <vector>\n#include <cuda_runtime.h>\nnamespace own { struct A { "
        "std::vector<cudaEvent_t> events; }; }\n"
        "std::no_such_thing<int> x;\nown::missing<cudaStream_t> y;\n"
        "void f(own::A a) { for (auto &e : a.events) cudaEventDestroy(e); lib::go(cudaDeviceSynchronize()); }\n",
    )
    for name in ("cudaEvent_t", "cudaStream_t", "cudaEventDestroy", "cudaDeviceSynchronize"):
        assert proofs(file, name) == [Proof.PROVED], name
