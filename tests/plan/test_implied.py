# SPDX-License-Identifier: Apache-2.0
"""What nvcc includes by itself is written into files that rely on it, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portkit.targets.target import Target, load_target

USE = "int f(void **p) { return cudaMalloc(p, 4); }\n"
LINE = "#include <musa_runtime.h>\n"


def migrated(portkit: Any, tmp_path: Path, files: dict[str, str], *more: str) -> dict[str, str]:
    """Migrate files for MUSA, and once more: the second run must change nothing."""
    tree = tmp_path / "tree"
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    outs = tmp_path / "one", tmp_path / "two"
    for source, out in zip((tree, outs[0]), outs, strict=True):
        portkit("migrate", source, "--to", "musa", "--out-dir", out, "-j", "1", *more)
    found = [{name: (out / name).read_bytes().decode() for name in files} for out in outs]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("before", "lead"),
    [
        (USE, LINE),
        (
            f"/* whose\n   it is */\n// and more\n\n{USE}",
            f"/* whose\n   it is */\n// and more\n\n{LINE}",
        ),
        (f"#include <vector>\n{USE}", f"{LINE}#include <vector>\n"),
        (f"#define N 4\n#ifdef A\n#include <a.h>\n#endif\n{USE}", f"{LINE}#define N 4\n"),
        (f"\ufeff{USE}", f"\ufeff{LINE}"),
        (USE.replace("\n", "\r\n"), LINE.replace("\n", "\r\n")),
        (f"#include <cuda.h>\n{USE}", f"{LINE}#include <musa.h>\n"),
        (f"#if 0\n#include <cuda_runtime.h>\n#endif\n{USE}", f"{LINE}#if 0\n"),
    ],
)
def test_the_include_comes_before_all_code(
    portkit: Any, tmp_path: Path, before: str, lead: str
) -> None:
    assert migrated(portkit, tmp_path, {"a.cu": before})["a.cu"].startswith(lead)


@pytest.mark.parametrize(
    "files",
    [
        {"a.cu": f"#include <cuda_runtime.h>\n{USE}"},
        {"a.cu": f"#include <cublas_v2.h>\n{USE}"},
        {"a.cu": f'#include "own.h"\n{USE}', "own.h": "#include <cuda_runtime_api.h>\n"},
        {"a.cpp": USE},
        {"a.cuh": USE},
        {"a.cu": "int main() { return 0; }\n"},
        {"a.cu": "void cudaFoo(int); int x = (cudaFoo(1), 0);\n"},
        {"a.cu": f"#ifdef USE_ROCM\n{USE}#endif\n"},
        {"a.cu": f"#include <hip/hip_runtime.h>\n{USE}"},
        {"a.mu": USE},
    ],
)
def test_nothing_is_added_where_it_is_not_needed(
    portkit: Any, tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in migrated(portkit, tmp_path, files).items():
        assert text.count("#include") == files[name].count("#include")


def test_headers_are_left_and_those_who_include_them_have_the_line(
    portkit: Any, tmp_path: Path
) -> None:
    files = {
        "a.cu": '#include "k.cuh"\nint g(void **p) { return f(p); }\n__device__ int x;\n',
        "k.cuh": f"inline {USE}",
    }
    found = migrated(portkit, tmp_path, files)
    assert found["a.cu"].startswith(f'{LINE}#include "k.cuh"')
    assert found["k.cuh"].startswith("inline int f")


def test_steps_end_as_one_run_does(portkit: Any, tmp_path: Path) -> None:
    code = "#include <cublas_v3.h>\n__global__ void k() {}\n" + USE
    whole = migrated(portkit, tmp_path, {"a.cu": code})["a.cu"]
    at = tmp_path / "step"
    at.mkdir()
    (at / "a.cu").write_text(code)
    for number, library in enumerate(("cublas", "device", "runtime")):
        out = tmp_path / f"step{number}"
        portkit("migrate", at, "--to", "musa", "--out-dir", out, "-j", "1", "--only", library)
        at = out
    assert (at / "a.cu").read_text() == whole


def test_it_is_said_once_a_file_and_not_where_headers_rename(portkit: Any, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.cu").write_text(USE)
    done = portkit("report", tree, "--to", "musa", "--format", "json", "-j", "1")
    file = json.loads(done.stdout)["plans"][0]["files"][0]
    said = [f for f in file["findings"] if f["rule"] == "PK702"]
    assert [f["severity"] for f in said] == ["info"] and "musa_runtime.h" in said[0]["message"]
    out = tmp_path / "out"
    portkit("migrate", tree, "--to", "musa", "--strategy", "header", "--out-dir", out, "-j", "1")
    assert (out / "a.cu").read_text() == USE


def test_a_compiler_that_does_the_same_needs_no_line(tmp_path: Path) -> None:
    target: Target = load_target("musa")
    assert target.implies_header == "", "write this test with a target that needs the line"
    from plans_by_hand import make_plan
    from portkit.plan.decide import Policy
    from portkit.run.pipeline import scan_paths
    from portkit.run.scan_options import ScanOptions
    from portkit.vocab.vocabulary import load_vocabulary

    (tmp_path / "a.cu").write_text(USE)
    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1))
    for ids, count in (("", 2), ("doc", 1)):
        target.implies_header = ids
        plan = make_plan(tree.scan, target, load_vocabulary(), Policy(), tree.read)
        assert len(plan.files[0].edits) == count


def test_on_the_way_back_nvcc_does_it_again(portkit: Any, tmp_path: Path) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    (tree / "a.cu").write_text("int f(void **p) { return musaMalloc(p, 4); }\n")
    portkit("migrate", tree, "--from", "musa", "--to", "cuda", "--out-dir", out, "-j", "1")
    assert (out / "a.cu").read_text() == USE


LATE = "__global__ void k(float *p) { p[threadIdx.x] = 1; }\n"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"a.cu": f"{LATE}#include <cuda_runtime.h>\n{USE}"}, True),
        ({"a.cu": f'#include "k.h"\n#include <cuda_runtime.h>\n{USE}', "k.h": LATE}, True),
        ({"a.cu": f'#include "r.h"\n#include "k.h"\n{USE}',
          "k.h": LATE, "r.h": "#include <cuda_runtime.h>\n"}, False),
        ({"a.cu": f'#include "k.h"\n{USE}', "k.h": f"#include <cuda_runtime.h>\n{LATE}"}, False),
        ({"a.cu": '#include "k.h"\nint main() { return 0; }\n', "k.h": LATE}, True),
        ({"a.cu": f"#define N cudaFree\n#include <cuda_runtime.h>\n{USE}"}, False),
        ({"a.cu": f"// cudaFree\n#include <cuda_runtime.h>\n{USE}"}, False),
    ],
)  # fmt: skip
def test_a_header_behind_the_first_word_comes_too_late(
    portkit: Any, tmp_path: Path, files: dict[str, str], wanted: bool
) -> None:
    assert migrated(portkit, tmp_path, files)["a.cu"].startswith(LINE) is wanted


def test_a_header_whose_counterpart_brings_no_runtime_does_not_count(
    portkit: Any, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.cu").write_text(f"#include <cooperative_groups.h>\n{USE}", encoding="utf-8")
    (tree / "b.cu").write_text(f"#include <curand_kernel.h>\n{USE}", encoding="utf-8")
    portkit("migrate", tree, "--to", "hip", "--out-dir", tmp_path / "out", "-j", "1")
    texts = [(tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("a.cu", "b.cu")]
    assert [t.count("<hip/hip_runtime.h>") for t in texts] == [1, 0]
