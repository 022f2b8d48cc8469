# SPDX-License-Identifier: Apache-2.0
"""Who is affected through a call: the function that is meant, not one of the same name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BLOCKED = '__device__ int get() { int x; asm("prmt.b32 %0, 1, 2, 3;" : "=r"(x)); return x; }'
CLEAR = "__device__ int get() { return 1; }"
BOTH = f"namespace hard {{ {BLOCKED} }}\nnamespace soft {{ {CLEAR} }}\n"


@pytest.mark.parametrize(
    ("text", "affected"),
    [
        (BOTH + "__global__ void k(int *p) { *p = hard::get(); }", True),
        (BOTH + "__global__ void k(int *p) { *p = soft::get(); }", False),
        (BOTH + "namespace soft { __global__ void k(int *p) { *p = get(); } }", False),
        (BOTH + "namespace hard { __global__ void k(int *p) { *p = get(); } }", True),
        (BOTH + "using hard::get;\n__global__ void k(int *p) { *p = get(); }", True),
        (f"namespace a::b {{ {BLOCKED} }}\n__global__ void k(int *p) {{ *p = b::get(); }}", True),
        (
            f"namespace a {{ namespace b {{ {BLOCKED} }} {CLEAR} }}\n"
            "__global__ void k(int *p) { *p = a::get(); }",
            False,
        ),
        (f"namespace {{ {BLOCKED} }}\n__global__ void k(int *p) {{ *p = get(); }}", True),
        (f"{BLOCKED}\nnamespace a {{ __global__ void k(int *p) {{ *p = get(); }} }}", True),
    ],
)
def test_the_function_of_the_namespace_is_meant(
    portkit: Callable[..., Any], tmp_path: Path, text: str, affected: bool
) -> None:
    (tmp_path / "a.cu").write_text(f"#include <cuda_runtime.h>\n{text}\n")
    out = portkit("report", tmp_path, "--root", tmp_path, "--to", "musa", "--format", "json")
    (file,) = json.loads(out.stdout)["plans"][0]["files"]
    assert ("PK810" in {f["rule"] for f in file["findings"]}) is affected
