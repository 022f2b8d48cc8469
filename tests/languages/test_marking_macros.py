# SPDX-License-Identifier: Apache-2.0
"""Functions of the device whose heads say so by a macro: of the file, of what it includes, or of
whoever includes it.
"""

from __future__ import annotations

from pathlib import Path

from portkit.model.words import Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

FILES = {
    "early.h": "#if defined(__CUDACC__)\n#define ANY __host__ __device__\n#else\n#define ANY\n#endif\n",
    "middle.h": '#include "early.h"\n#include "late.h"\n#define CHAIN static DEV2\n#include "chained.h"\n',
    "late.h": "ANY\ninline int twice(int n) { return 2 * n; }\n",
    "chained.h": "template <class T> struct V {\n  CHAIN void fill(T v) { x = v; }\n  T x;\n};\n",
    "main.cu": '#define DEV2 __device__\n#include "middle.h"\n__global__ void k(int *p) { *p = 1; }\n',
    "alone.h": "ANY int nobody() { return 1; }\n",
    "own.h": "#define ANY\nANY int host() { return 1; }\n",
    "other.cpp": '#include "own.h"\nint main() { return host(); }\n',
    "names.cuh": (
        "__device__ float __make(float a) { return a; }\n"
        "__global__ void __launch_bounds__(64) bounded(int n) { n = 1; }\n"
        "__device__ __align__(8) int table[2] = {1, 2};\n"
    ),
}


def test_who_is_of_the_device(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1, rung=Rung.LEX))
    found = {f.path: [k.name for k in f.facts.kernels] for f in tree.scan.files}
    assert found["late.h"] == ["twice"]  # the macro stands in a file that its reader reads first
    assert found["chained.h"] == ["fill"]  # and here in the reader itself
    assert found["names.cuh"] == ["__make", "bounded"]
    assert not found.get("alone.h") and not found.get("own.h")
