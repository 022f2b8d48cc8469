# SPDX-License-Identifier: Apache-2.0
"""CUDA's names that stand nowhere in a file, or in a string: put together by macros, variables of
the environment, programs, source text.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from portkit.languages.cxx.letters.constructs import launches
from portkit.languages.cxx.letters.source import read_source
from portkit.model.reading import FileScan
from portkit.model.words import Context, Kind, Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.vocab.vocabulary import load_vocabulary


def scan(folder: Path, files: dict[str, str], rung: Rung = Rung.LEX) -> dict[str, FileScan]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=rung))
    return {f.path: f for f in tree.scan.files}


def made(file: FileScan, text: str) -> dict[int, set[str]]:
    """Return the names of a file's references that are put together, by line."""
    found: dict[int, set[str]] = {}
    for ref in file.references:
        if ref.context is Context.PASTE:
            line = text.count("\n", 0, ref.span.start) + 1
            found.setdefault(line, set()).add(ref.name)
    return found


def expected(text: str) -> dict[int, set[str]]:
    """Return what the comments `// -> a b` of a text say."""
    lines = (line.partition("// -> ") for line in text.split("\n"))
    return {n: set(said.split()) for n, (_, mark, said) in enumerate(lines, 1) if mark}


PASTES = """#define JOIN2(x, y) x##y
#define JOIN(x, y) JOIN2(x, y)
#define THREE(x, y, z) JOIN(JOIN(x, y), z)
#define RUNTIME cuda
#define DIRECT(n) cuda##n   // -> cuda
"""
USES = """#include "paste.h"
#define RT(n) JOIN(cuda, n)   // -> cuda
#define OUTSIDE(n) BOOST_PP_CAT(cuda, n)   // -> cuda
#define RELEASE JOIN(cuda, Free)   // -> cudaFree
#define SECOND(f) f##_v2
#define OWN(n) my_##n
#define TEXT(n) #n
#define CHECK(call) check(call, #call)
int use(void *p) {
  RT(Free)(p);   // -> cudaFree
  JOIN(cuda, Memset)(p, 0, 4);   // -> cudaMemset
  JOIN (cu,
        Init)(0);
  THREE(cuda, Device, Synchronize)();   // -> cudaDeviceSynchronize
  DIRECT(Malloc)(&p, 4);   // -> cudaMalloc
  BOOST_PP_CAT(cuda, Malloc)(&p, 4);   // -> cudaMalloc
  OUTSIDE(HostAlloc)(&p, 4, 0);   // -> cudaHostAlloc
  SECOND(cuMemAlloc)(0, 4);   // -> cuMemAlloc_v2
  RELEASE(p);
  OWN(Free)(p); JOIN(my, Free)(p); MIN(cuda, other); TEXT(cudaFree); CHECK(cudaFree(p));
  // JOIN(cuda, Free) in a comment
  puts("JOIN(cuda, Free)");
  return JOIN(RUNTIME, Success);   // -> cudaSuccess
}
"""


def test_names_that_macros_put_together_are_references(tmp_path: Path) -> None:
    found = scan(
        tmp_path, {"lib/paste.h": PASTES, "a.cpp": USES, "b.cpp": "int JOIN(cuda, Free);\n"}
    )
    assert made(found["lib/paste.h"], PASTES) == expected(PASTES)
    assert made(found["a.cpp"], USES) == {**expected(USES), 12: {"cuInit"}}
    # here nobody knows what the macro does, but the name that it would make is CUDA's
    assert made(found["b.cpp"], "") == {1: {"cudaFree"}}


LOADER = """#define TEXT(n) #n
#define LOAD(name, into) \\
  into = (t##name *)find(library, TEXT(name##_v2)); /* a body of several lines */ \\
  if (into == nullptr) { \\
    std::fprintf(stderr, "the driver that is installed has no function of this name: %s\\n", \\
                 TEXT(name##_v2)); \\
    std::fprintf(stderr, "this program was built for a later one and cannot go on without it\\n"); \\
    return false; \\
  }
bool load() {
  LOAD(cuMemAlloc, alloc);   // -> cuMemAlloc_v2
  LOAD(cuCtxCreate, create);   // -> cuCtxCreate_v2
  LOAD(myOwn, own);
  return true;
}
"""


def test_a_long_macro_that_pastes_is_followed(tmp_path: Path) -> None:
    assert made(scan(tmp_path, {"a.cpp": LOADER})["a.cpp"], LOADER) == expected(LOADER)


ENVIRONMENT = """#include <cstdlib>
static const char *kWhere = "NCCL_SOCKET_IFNAME";   // -> NCCL_SOCKET_IFNAME
void f(const char *v) {
  setenv("CUDA_VISIBLE_DEVICES", v, 1);   // -> CUDA_VISIBLE_DEVICES
  if (std::getenv ("CUDA_LAUNCH_BLOCKING")) unsetenv("NCCL_DEBUG");   // -> CUDA_LAUNCH_BLOCKING NCCL_DEBUG
  putenv((char *)"CUDA_DEVICE_ORDER=PCI_BUS_ID");   // -> CUDA_DEVICE_ORDER
  getenv("CUDA_NEW_SWITCH_OF_NEXT_YEAR");   // -> CUDA_NEW_SWITCH_OF_NEXT_YEAR
  putenv((char *)"NCCL_UNHEARD_OF=1"); unsetenv("CUDNN_TRY");   // -> NCCL_UNHEARD_OF CUDNN_TRY
  getenv("MY_CUDA_HOME"); getenv("PATH"); getenv(kWhere); getenv("CUDA_"); getenv("cuda_x");
  puts("CUDA_SOMETHING_ELSE"); getenv("CUDA_A and more"); const char *s = "NCCL_UNHEARD_OF";
  puts("set CUDA_VISIBLE_DEVICES first");
}
"""
WRAPPED = """int a = lib::GetEnv("NCCL_P2P_DISABLE", 1);   // -> NCCL_P2P_DISABLE
int b = ReadEnvInt(std::string("NCCL_DEBUG"));
void log(const char *); const char *c = "CUDA_HOME"; int d = (log("NCCL_DEBUG"), 1);
"""
COMMANDS = """#include <cstdlib>
void g() {
  system("nvcc -ptx k.cu && my-nvcc x");   // -> nvcc
  FILE *p = popen("/usr/bin/nvidia-smi -L", "r");   // -> nvidia-smi
  execlp("ncu", "ncu", 0);   // -> ncu
  dlopen("libcudart.so.12", 1); LoadLibraryA("cudart64_110.dll");   // -> libcudart.so.12 cudart64_110.dll
  dlopen("libnvidia-ml.so.1", 1); dlopen("libmine.so", 1);   // -> libnvidia-ml.so.1
  puts("run nvcc yourself"); system("make all"); system("envcc");
  system(("nvcc " + path).c_str()); system((("ptxas ") + path).c_str());   // -> nvcc ptxas
  std::string line = "cuobjdump -ptx " + path; system(line.c_str());   // -> cuobjdump
  puts("nvcc"); puts("nvcc: not found"); puts(("run nvcc " + path).c_str());
}
"""


@pytest.mark.parametrize("text", [ENVIRONMENT, WRAPPED, COMMANDS], ids=["own", "wrapped", "run"])
def test_names_in_strings_that_a_shell_knows_are_references(tmp_path: Path, text: str) -> None:
    file = scan(tmp_path, {"a.cpp": text})["a.cpp"]
    found: dict[int, set[str]] = {}
    for ref in file.references:
        if ref.context is Context.STRING:
            found.setdefault(text.count("\n", 0, ref.span.start) + 1, set()).add(ref.name)
    assert found == expected(text)
    variables = [r for r in file.references if r.name.isupper()]
    assert {r.kind for r in variables} <= {Kind.ENVIRONMENT, Kind.UNKNOWN}  # by its letters alone
    assert {r.library for r in variables if r.kind is Kind.UNKNOWN} <= {"environment"}


def test_source_text_is_one_piece_whatever_literals_it_is_made_of(tmp_path: Path) -> None:
    text = r"""#include <nvrtc.h>
const char *one = R"(__global__ void f(float *x) { x[threadIdx.x] = blockDim.x; })";
const char *two = "__global__ void g(float *x) {\n"  // a comment between
                  "  x[0] = __ldg(x); cudaFree(x);\n" "}";
const char *none = "call cudaFree yourself";
void b(nvrtcProgram p) { nvrtcCreateProgram(&p, one, "cudaFree.cu", 0, 0, 0); }
"""
    files = {"a.cpp": text, "b.cpp": text.replace("nvrtcCreateProgram", "compile")}
    found = scan(tmp_path, files)
    spans = [text[s.start : s.end] for s in found["a.cpp"].facts.sources]
    assert [s[:4] for s in spans] == ['R"(_', '"__g'] and spans[1].endswith('"}"')
    names = [r.name for r in found["a.cpp"].references if r.context is Context.STRING]
    assert names == ["__global__", "threadIdx", "blockDim", "__global__", "__ldg", "cudaFree"]
    assert not found["b.cpp"].facts.sources


LAUNCHES = [
    ("k<<< 1, 2 >>>(p);", ["<<< 1, 2 >>>"]),
    ("k<< <1, 2>> >(p);", ["<< <1, 2>> >"]),
    ("k<3> << <n >> 1, 2 >> > (p);", ["<< <n >> 1, 2 >> >"]),
    ("k<<\n <1, 2> >>\n(p);", ["<<\n <1, 2> >>"]),
    ("k<<<1, 2>> >(p); k<< <3, 4>>>(p);", ["<<<1, 2>> >", "<< <3, 4>>>"]),
    ("k<< <f(a, b), sizeof(V<W<int> >)>> >(p);", ["<< <f(a, b), sizeof(V<W<int> >)>> >"]),
    ("std::cout << n << x > (3);", []),
    ("template <class T> S &operator<< <T>(S &, T);", []),
    ("friend S &operator <<  <>(S &, T const &);", []),
    ("v<w<int> > a(3); b = a >> (1);", []),
    ('puts("k<< <1, 2>> >(p)"); // k<< <1, 2>> >(p)', []),
]


@pytest.mark.parametrize(("text", "found"), LAUNCHES)
def test_launches_whose_brackets_are_cut_are_launches(text: str, found: list[str]) -> None:
    source = read_source("a.cu", "a.cu", text.encode(), "utf-8", load_vocabulary())
    assert [text[x.span.start : x.span.end] for x in launches(source)] == found
    assert {x.kernel for x in launches(source)} <= {"k"}
    # what Clang reads is as long, and has each bracket in one piece
    assert len(source.masked) == len(text) and source.masked.count(b"<<<") >= len(found)


def names(file: FileScan) -> Iterable[str]:
    return [r.name for r in file.references if r.kind is Kind.DEVICE_FUNCTION and not r.user]


def test_mathematics_of_the_host_is_not_cudas(tmp_path: Path) -> None:
    """In device code by a word, a macro, a lambda, `constexpr`, or what may be one, it is."""
    text = """#include <cmath>
#include <cuda_runtime.h>
#define INL __device__ inline
namespace a { namespace b {
float loss(float x) { if (x > 0) { return logf(x); } return std::sqrt(x) + sqrtf(x); }
struct Host { float operator()(float x) const { return fmaxf(x, 1.f); } };
float own(float x) { return rsqrtf(x); }
}}
INL float dev(float x) { return expf(x); }
SOME_SPACE float maybe(float x) { return exp2f(x); }
__global__ void k(float *x) { x[0] = powf(x[0], 2.f); }
constexpr float c(float x) { return fabsf(x); }
struct Op { __device__ float operator()(float x) const { return tanhf(x); } };
void go() { auto f = [=] __device__ (float x) { return sinf(x); }; }
"""
    file = scan(tmp_path, {"a.cu": text, "b.cu": "#include <CL/cl.h>\n"}, Rung.CLANG)["a.cu"]
    assert names(file) == ["rsqrtf", "expf", "exp2f", "powf", "fabsf", "tanhf", "sinf"]


def test_what_an_alias_shows_is_one_reference_at_the_alias(tmp_path: Path) -> None:
    """Not through a macro that is CUDA's namespace, an alias of it, or its own name."""
    text = """#include <cuda/std/type_traits>
#define OUR_STD cuda::std
namespace cs = cuda::std;
namespace base { using OUR_STD::is_same; using cuda::std::is_void; }
template <class A> int f() { return base::is_same<A, int>::value + base::is_void<A>::value; }
template <class A> int g() { return OUR_STD::is_same<A, int>::value; }
template <class A> int h() { return cs::is_same<A, int>::value + cuda::std::is_same<A, int>::value; }
int i() { return f<int>() + g<int>() + h<int>(); }
"""
    file = scan(tmp_path, {"a.cu": text}, Rung.CLANG)["a.cu"]
    lines = [
        (r.name, text.count("\n", 0, r.span.start) + 1)
        for r in file.references
        if r.name in ("is_same", "is_void") and not r.user
    ]
    assert lines == [("is_same", 4), ("is_void", 4), ("is_same", 6), ("is_same", 7), ("is_same", 7)]
