# SPDX-License-Identifier: Apache-2.0
"""The reader on small trees: what is CUDA's, what is the project's own, and how each reference was
proved.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.reading import FileScan, Reference
from portkit.model.words import Context, Parse, Proof, Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions


def scan(folder: Path, rung: Rung = Rung.CLANG, **files: str | bytes) -> dict[str, FileScan]:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=rung))
    return {f.path: f for f in tree.scan.files}


def refs(file: FileScan, name: str) -> list[Reference]:
    return [r for r in file.references if r.name == name]


def only(file: FileScan, name: str) -> Reference:
    found = refs(file, name)
    assert len(found) == 1, found
    return found[0]


def test_clang_proves_calls_types_and_launches(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="""#include <cuda_runtime.h>
__global__ void k(float *p) { p[threadIdx.x] = __expf(1.f); }
template <class T> struct Box { T *p; cudaError_t fill(int n) { return cudaMalloc(&p, n * sizeof(T)); } };
int main() { cudaStream_t s; k<<<1, 2, 0, s>>>(nullptr); return cudaGetLastError() == cudaSuccess; }
""",
    )["a.cu"]
    assert file.parse is Parse.CLANG
    for name in (
        "threadIdx",
        "__expf",
        "cudaError_t",
        "cudaMalloc",
        "cudaStream_t",
        "cudaGetLastError",
        "cudaSuccess",
    ):
        ref = only(file, name)
        assert (ref.proof, ref.rung) == (Proof.PROVED, Rung.CLANG), name
    assert only(file, "cuda_runtime.h").context is Context.INCLUDE
    assert [launch.kernel for launch in file.facts.launches] == ["k"]
    assert [k.name for k in file.facts.kernels if k.space == "global"] == ["k"]


def test_the_projects_own_names_stay_its_own(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="""#include <cuda_runtime.h>
namespace mine { int cudaFree(void *); }
struct Pool { int cudaMemcpy(int); int cudaDeviceReset; };
enum class Kind { cudaSuccess, other };
int f(int cudaMalloc) { return cudaMalloc + mine::cudaFree(nullptr); }
int g(Pool p) { return p.cudaMemcpy(3) + p.cudaDeviceReset; }
bool h(Kind k) { return k == Kind::cudaSuccess; }
cudaError_t real() { return cudaFree(nullptr); }
""",
    )["a.cu"]
    own = {(r.name, r.span.start) for r in file.references if r.user}
    foreign = {r.name for r in file.references if not r.user}
    assert {n for n, _ in own} == {
        "cudaFree",
        "cudaMemcpy",
        "cudaDeviceReset",
        "cudaSuccess",
        "cudaMalloc",
    }
    assert foreign == {"cuda_runtime.h", "cudaError_t", "cudaFree"}
    assert all(r.proof is None for r in file.references if r.user)


def test_comments_and_strings_are_no_references(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu='// cudaMalloc\n/* cudaFree */ const char *s = "cudaMemcpy failed";\nconst '
        'char *r = R"(cudaMemset)";\n',
    )["a.cu"]
    assert file.references == ()


def test_symbols_handed_to_a_loader_are_seen(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cpp="void *dlsym(void *, const char *);\nvoid *dlopen(const char *, int);\n"
        'void *p = dlsym(dlopen("libcudart.so.12", 1), "cudaMalloc");\n',
    )["a.cpp"]
    assert {(r.name, r.context) for r in file.references} == {
        ("libcudart.so.12", Context.STRING),
        ("cudaMalloc", Context.STRING),
    }


def test_inactive_branches_and_macro_bodies(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="""#include <cuda_runtime.h>
#define CHECK(x) do { cudaError_t e = (x); if (e != cudaSuccess) fail(); } while (0)
#define CALL(f) cuda##f()
#define KEEP(cudaFree) (cudaFree + 1)
#if 0
int a = cudaMalloc(0, 0);
#endif
#if __CUDA_ARCH__ >= 800
int b;
#endif
void g() { CHECK(cudaDeviceSynchronize()); }
""",
    )["a.cu"]
    assert only(file, "cudaError_t").context is Context.MACRO
    assert only(file, "cuda").context is Context.PASTE
    inactive = only(file, "cudaMalloc")
    assert (
        inactive.context is Context.INACTIVE
        and inactive.proof is not None
        and inactive.proof <= Proof.LIKELY
    )
    assert all(r.user for r in refs(file, "cudaFree"))  # a parameter
    assert only(file, "cudaDeviceSynchronize").proof is Proof.PROVED
    assert [(c.macro, c.operator, c.value) for c in file.facts.conditions] == [
        ("__CUDA_ARCH__", ">=", "800")
    ]


def test_device_only_code_is_proved_by_a_second_pass(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="__device__ int lane(int v) {\n#ifdef __CUDA_ARCH__\n  return __shfl_sync(~0u, "
        "v, 0);\n#else\n  return v;\n#endif\n}\n",
    )["a.cu"]
    assert only(file, "__shfl_sync").proof is Proof.PROVED


def test_an_own_header_with_cudas_name_is_the_projects(tmp_path: Path) -> None:
    files = scan(
        tmp_path,
        a_dot_cu='#include "cuda_runtime.h"\nint x = answer();\n',
        cuda_runtime_dot_h="int answer();\n",
    )
    include = only(files["a.cu"], "cuda_runtime.h")
    assert include.user and include.project


def test_a_header_is_read_in_the_unit_that_includes_it(tmp_path: Path) -> None:
    files = scan(
        tmp_path,
        src__a_dot_cu="#include <cuda_runtime.h>\ntypedef int real;\n#include <lib/part.h>\n",
        include__lib__part_dot_h="inline real *get(real n) { real *p; cudaMalloc(&p, n); return p; }\n",
    )
    assert only(files["include/lib/part.h"], "cudaMalloc").proof is Proof.PROVED


def test_undeclared_third_party_names_do_not_hide_cuda(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="#include <cuda_runtime.h>\n#include <torch/all.h>\nvoid f(at::Tensor t) {\n"
        "  const at::cuda::Guard guard(t.device());\n  lib::Holder<cudaStream_t> s(at::cuda::getStream());\n"
        "  lib::check(cudaGetLastError());\n}\n",
    )["a.cu"]
    assert only(file, "cudaStream_t").proof is Proof.PROVED
    assert only(file, "cudaGetLastError").proof is Proof.PROVED


@pytest.mark.parametrize(
    "data",
    [
        "// \u4e2d\u6587\\\nint a;\nint n = cudaFree(0); // \u7528\u9014\n".encode("gb18030"),
        b"\xef\xbb\xbfint n = cudaFree(0);\r\n// caf\xc3\xa9\r\n",
        b"// caf\xe9\nint\tn = cudaFree(0);\n",
        b"int n = cudaFree(0);" + b" " * 20000 + b"int m;\n",
    ],
)
def test_any_encoding_and_line_end(tmp_path: Path, data: bytes) -> None:
    file = scan(tmp_path, a_dot_cu=data)["a.cu"]
    ref = only(file, "cudaFree")
    assert data[ref.span.start : ref.span.end] == b"cudaFree"


def test_empty_and_utf16_files(tmp_path: Path) -> None:
    files = scan(tmp_path, a_dot_cu=b"", b_dot_cu="int n = cudaFree(0);".encode("utf-16"))
    assert files["a.cu"].references == ()
    assert [i.rule for i in files["b.cu"].issues] == ["PK900"]


@pytest.mark.parametrize(
    ("rung", "proof"), [(Rung.LEX, Proof.SPELLING), (Rung.SYNTAX, Proof.LIKELY)]
)
def test_lower_rungs_read_without_clang(tmp_path: Path, rung: Rung, proof: Proof) -> None:
    file = scan(
        tmp_path,
        rung,
        a_dot_cu="#include <cuda.h>\nstruct A { int cudaFree; };\nint f() { return cudaMalloc(0, 0); }\n",
    )["a.cu"]
    ref = only(file, "cudaMalloc")
    assert ref.proof is proof and ref.rung is rung


def test_c_files_are_read_as_c(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_c="#include <cuda_runtime.h>\nint new; cudaStream_t s;\nint f(void) { return cudaStreamCreate(&s); }\n",
    )["a.c"]
    assert only(file, "cudaStreamCreate").proof is Proof.PROVED
    assert only(file, "cudaStream_t").proof is Proof.PROVED


def test_unknown_names_of_cudas_shape_are_never_skipped(tmp_path: Path) -> None:
    file = scan(tmp_path, a_dot_cu="int f() { return cudaBrandNewThing(1); }\n")["a.cu"]
    ref = only(file, "cudaBrandNewThing")
    assert ref.library == "runtime" and not ref.user


def test_nested_macros_and_launches_in_macros(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="#define INNER(k) k<<<1, 1>>>()\n"
        "#define OUTER(k) do { INNER(k); cudaPeekAtLastError(); cudaDeviceSynchronize(); } while (0)\n"
        "__global__ void z() {}\nvoid f() { OUTER(z); }\n",
    )["a.cu"]
    assert len(file.facts.launches) == 1
    assert only(file, "cudaPeekAtLastError").context is Context.MACRO
    assert only(file, "cudaDeviceSynchronize").context is Context.MACRO


def test_calls_in_macros_without_a_semicolon_declare_nothing(tmp_path: Path) -> None:
    file = scan(
        tmp_path,
        a_dot_cu="""#ifdef ELSEWHERE
void f(int n) {
  CHECK( cudaMemcpy(to, from, n * sizeof(float), cudaMemcpyHostToDevice) )
  CHECK( cudaMemcpy(back, to, n * sizeof(float), cudaMemcpyDeviceToHost) )
}
#endif
""",
    )["a.cu"]
    assert [(r.name, r.user, r.proof) for r in file.references if r.name == "cudaMemcpy"] == [
        ("cudaMemcpy", False, Proof.LIKELY)
    ] * 2


def test_a_field_of_cudas_shape_in_an_inactive_branch(tmp_path: Path) -> None:
    text = "#ifdef ELSEWHERE\nvoid f(Activity *a) { use(a->cudaEventId); }\n#endif\n"
    assert only(scan(tmp_path, a_dot_cu=text)["a.cu"], "cudaEventId").proof is Proof.LIKELY
    own = "#ifdef ELSEWHERE\nstruct Mine { int cudaEventId; };\nvoid f(Mine *a) { use(a->cudaEventId); }\n#endif\n"
    assert Proof.LIKELY not in {
        r.proof for r in refs(scan(tmp_path, a_dot_cu=own)["a.cu"], "cudaEventId")
    }


def test_statements_of_a_file_that_is_included_into_a_function(tmp_path: Path) -> None:
    files = scan(
        tmp_path,
        a_dot_cu='#include <cuda_runtime.h>\nvoid f(int n) {\n#include "part.cu"\n}\n',
        part_dot_cu="  for (int i = 0; i < n; ++i) { n--; }\n  "
        "cudaDeviceSynchronize();\n#define X\n  cudaGetLastError();\n",
        own_dot_cu="extern int x;\nint cudaFree(void *);\nint y = cudaFree(nullptr);\n",
    )
    assert (
        not only(files["part.cu"], "cudaDeviceSynchronize").user
        and not only(files["part.cu"], "cudaGetLastError").user
    )
    assert all(r.user for r in refs(files["own.cu"], "cudaFree"))
