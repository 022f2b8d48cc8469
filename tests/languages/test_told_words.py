# SPDX-License-Identifier: Apache-2.0
"""Plain words that count where a file speaks of their library: PyTorch's device names in C++."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.reading import FileScan
from portkit.model.words import Context, Kind, Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.targets.target import load_target
from portkit.vocab.vocabulary import load_vocabulary
from specs import all_profiles

LIBRARY = "pytorch"

USES = """#include <torch/cuda.h>   // -> torch/cuda.h
#include <ATen/native/cuda/Loops.cuh>   // -> ATen/native/cuda/Loops.cuh
#include <THC/THCDeviceUtils.cuh>   // -> THC/THCDeviceUtils.cuh
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>   // -> torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp
#define ON_DEVICE(t) TORCH_CHECK(t.is_cuda(), #t)   // -> is_cuda
#define HERE (c10::DeviceType::CUDA)   // -> DeviceType.CUDA
using namespace torch;
bool asks(const at::Tensor &t, Tensor *q) {
  bool far = t.is_cuda() || t.device().is_cuda();   // -> is_cuda is_cuda
  far = far && q->is_cuda() && q   ->   cuda().defined();   // -> is_cuda cuda
  auto d = t.device().type();
  far |= d == at::kCUDA || d == c10::kCUDA || d == ::torch::kCUDA;   // -> at.kCUDA c10.kCUDA torch.kCUDA
  far |= d == kCUDA;   // -> torch.kCUDA
  switch (d) {
  case at::DeviceType::CUDA: return true;   // -> DeviceType.CUDA
  case torch::DeviceType::CUDA: return true;   // -> DeviceType.CUDA
  case DeviceType::CUDA: return far;   // -> DeviceType.CUDA
  }
  auto k = c10::DispatchKey::AutogradCUDA;   // -> DispatchKey.AutogradCUDA
  return k == DispatchKey::SparseCUDA;   // -> DispatchKey.SparseCUDA
}
__global__ void adds(float *p) {
  gpuAtomicAdd(p, 1.f);   // -> gpuAtomicAdd
  gpuAtomicAddNoReturn(p + threadIdx.x % C10_WARP_SIZE, 1.f);   // -> gpuAtomicAddNoReturn C10_WARP_SIZE
}
TORCH_LIBRARY_IMPL(mine, CUDA, m) { m.impl("f", asks); }   // -> DispatchKey.CUDA
TORCH_LIBRARY_IMPL(mine,
                   AutocastCUDA,   // -> DispatchKey.AutocastCUDA
                   m) {}
STABLE_TORCH_LIBRARY_IMPL(mine, CUDA, m) {}   // -> DispatchKey.CUDA
TORCH_LIBRARY_IMPL( _ , AutogradPrivateUse1 , m) {}
TORCH_LIBRARY_IMPL(mine, NobodysCUDA, m) {}   // -> NobodysCUDA
TORCH_LIBRARY_IMPL(mine, CPU, m) {}
TORCH_LIBRARY_FRAGMENT(mine, m) { m.impl("g", torch::kCUDA, asks); }   // -> torch.kCUDA
c10::intrusive_ptr<c10d::ProcessGroupNCCL> group;   // -> c10d.ProcessGroupNCCL
// t.is_cuda(); at::kCUDA
const char *said = "t.is_cuda() at::kCUDA";
"""

# the project's own words, and code that has nothing of PyTorch's
OWN = """#include <torch/extension.h>
struct Place { bool is_cuda() const; Place cuda() const; int cuda_; };
enum class Backend { CPU, CUDA };
namespace mine { enum class DeviceType { CPU, CUDA }; constexpr int kCUDA = 3; }
int own(Place p, mine::DeviceType t) {
  if (p.is_cuda() && t == mine::DeviceType::CUDA) return mine::kCUDA;
  return Backend::CUDA == Backend::CPU ? p.cuda().cuda_ : 0;
}
"""
ELSE = """#include <vector>
bool asks(Array &a) { return a.is_cuda() || a.ctx == DeviceType::CUDA || a.at(0) == kCUDA; }
Array moved(Array &a) { return a.cuda(); }
"""


def scan(folder: Path, text: str, rung: Rung, name: str = "a.cu") -> FileScan:
    (folder / name).write_text(text)
    (file,) = scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=rung)).scan.files
    return file


def said(file: FileScan, text: str) -> dict[int, list[str]]:
    """Return the library's references by line, with the last part of a value's scope."""
    found: dict[int, list[str]] = {}
    for ref in file.references:
        if ref.library == LIBRARY and not ref.user and ref.kind is not Kind.NAMESPACE:
            line = text.count("\n", 0, ref.span.start) + 1
            scope = ref.qualifier.rpartition("::")[2]
            scoped = scope and ref.kind not in (Kind.FIELD, Kind.UNKNOWN)
            found.setdefault(line, []).append(f"{scope}.{ref.name}" if scoped else ref.name)
    return found


def expected(text: str) -> dict[int, list[str]]:
    lines = (line.partition("// -> ") for line in text.split("\n"))
    return {n: words.split() for n, (_, mark, words) in enumerate(lines, 1) if mark}


def test_device_names_are_references(tmp_path: Path) -> None:
    assert said(scan(tmp_path, USES, Rung.CLANG), USES) == expected(USES)


@pytest.mark.parametrize("text", [OWN, ELSE], ids=["own", "another library"])
def test_other_peoples_words_are_none(tmp_path: Path, text: str) -> None:
    assert said(scan(tmp_path, text, Rung.CLANG), text) == {}


@pytest.mark.parametrize("rung", [Rung.LEX, Rung.SYNTAX])
def test_words_alone_tell_them_too(tmp_path: Path, rung: Rung) -> None:
    text = (
        '#include "torch/all.h"\nbool f(at::Tensor t) { return t.is_cuda() && g(at::kCUDA); }\n'
        "TORCH_LIBRARY_IMPL(a, CUDA, m) {}\n"
    )
    assert said(scan(tmp_path, text, rung), text) == {
        2: ["is_cuda", "at.kCUDA"],
        3: ["DispatchKey.CUDA"],
    }


def test_a_members_name_in_a_macro_is_a_reference_of_the_macro(tmp_path: Path) -> None:
    file = scan(tmp_path, USES, Rung.CLANG)
    contexts = {r.context for r in file.references if r.name == "is_cuda"}
    assert contexts == {Context.MACRO, Context.MEMBER}


@pytest.mark.parametrize("spec", all_profiles())
@pytest.mark.parametrize("name", ["cuda", "is_cuda", "philox_cuda_state"])
def test_a_member_function_is_no_part_of_a_struct(spec: str, name: str) -> None:
    """A target's structs keep the names of their parts; that says nothing of these."""
    (entity, *_) = (e for e in load_vocabulary().get(name) if e.kind is Kind.FIELD)
    row = load_target(spec).row(name, Kind.FIELD, entity.library, entity.qualifier)
    assert row is None or not row.derived


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ("musa", {"CUDA": "PrivateUse1", "kCUDA": "kPrivateUse1", "is_cuda": "is_privateuseone"}),
        ("enflame", {"CUDA": "PrivateUse1", "kCUDA": "kPrivateUse1"}),
        ("biren@gen2", {"CUDA": "PrivateUse1", "kCUDA": "kPrivateUse1"}),
        ("maca", {"CUDA": "CUDA", "kCUDA": "kCUDA", "is_cuda": "is_cuda"}),
    ],
)
def test_targets_decide_them(spec: str, names: dict[str, str]) -> None:
    target = load_target(spec)
    for name, new in names.items():
        for e in load_vocabulary().get(name):
            # no source says what became of c10::Backend
            if e.library == LIBRARY and not ("stable" in e.qualifier or "Backend" in e.qualifier):
                row = target.row(name, e.kind, e.library, e.qualifier)
                assert row is not None and row.target.rpartition("::")[2] == new, e
