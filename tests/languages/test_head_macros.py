# SPDX-License-Identifier: Apache-2.0
"""Functions whose heads a macro with parameters makes: `KERNEL(scale)(float *p) {...}`."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions


def kernels(folder: Path, files: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return name, space and body of each function of a.cu."""
    for name, text in files.items():
        (folder / name).write_text(text)
    tree = scan_paths([folder], ScanOptions(root=folder, jobs=1))
    file = next(f for f in tree.scan.files if f.path == "a.cu")
    return [(k.name, k.space, files["a.cu"][k.span.start : k.span.end]) for k in file.facts.kernels]


@pytest.mark.parametrize(
    ("macro", "use", "space"),
    [
        ("KERNEL(name) __global__ void name", "KERNEL(f)", "global"),
        (
            "DEVICE(type, name) static __device__ __forceinline__ type name",
            "DEVICE(int, f)",
            "device",
        ),
        ("NAMED(name, type) __device__ type *name", "NAMED(f, int)", "device"),
        ("BOUND(n, name) __global__ void __launch_bounds__(n) name", "BOUND(256, f)", "global"),
        ("KERNEL(name) GLOBAL void name\n#define GLOBAL __global__", "KERNEL( f )", "global"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_the_name_is_an_argument(
    macro: str, use: str, space: str, apart: bool, tmp_path: Path
) -> None:
    text = f"{use} (int *p) {{ p[0] = 1; }}\n__device__ int last() {{ return 1; }}\n"
    files = {"a.cu": text}
    if apart:
        files = {"a.cu": '#include "marks.h"\n' + text, "marks.h": f"#define {macro}\n"}
    else:
        files = {"a.cu": f"#define {macro}\n{text}"}
    first, last = kernels(tmp_path, files)
    assert first == ("f", space, "{ p[0] = 1; }")
    assert last[0] == "last"


@pytest.mark.parametrize(
    "text",
    [
        "#define LAUNCHED(name) __global__ void name(int *p);\nLAUNCHED(f)\n",  # a declaration
        "#define KERNEL(name) __global__ void name\nKERNEL(f)(int *p);\n",
        "#define CALL(name) name\nint CALL(f)(int *p) { return 1; }\n",  # of the host
        "#define KERNEL(name) __global__ void name##_k\nKERNEL(f)(int *p) { p[0] = 1; }\n",
    ],
)
def test_what_is_no_head_makes_no_kernel(text: str, tmp_path: Path) -> None:
    assert kernels(tmp_path, {"a.cu": text}) == []
