# SPDX-License-Identifier: Apache-2.0
"""Inline PTX that a CUDA function does exactly: the edit is offered; what is only similar gets
none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def fix(tmp_path: Path, run_report: Any) -> Any:
    def run(statement: str) -> str | None:
        tree = tmp_path / "tree"
        tree.mkdir(exist_ok=True)
        source: str = (
            f"__global__ void k(unsigned *p, unsigned i, float x) {{\n  unsigned r, "
            f"s[2];\n  {statement}\n}}\n"
        )
        (tree / "a.cu").write_text(source)
        (finding,) = (f for f in run_report(tree)["files"][0]["findings"] if f["rule"] == "PK401")
        if "fix" not in finding:
            return None
        (edit,) = finding["fix"]["edits"]
        assert finding["fix"]["applicability"] == "safe"
        start = edit["offset"]
        text: str = source[:start] + edit["new"] + source[start + edit["length"] :]
        return text.splitlines()[2].strip()

    return run


@pytest.mark.parametrize(
    ("statement", "fixed"),
    [
        ('asm("popc.b32 %0, %1;" : "=r"(r) : "r"(p[i]));', "r = __popc(p[i]);"),
        (
            'asm volatile("brev.b32 %0, %1;\\n\\t" : "=r"(s[0]) : "r"(i + 1u));',
            "s[0] = __brev((i + 1u));",
        ),
        ('asm volatile("membar.gl;" ::: "memory");', "__threadfence();"),
        ('asm volatile("bar.sync 0;");', "__syncthreads();"),
        (
            'asm("mul.hi.u32 %0, %1, %2;" : "=r"(r) : "r"(f(i, 2)), "r"(i));',
            "r = __umulhi((f(i, 2)), i);",
        ),
    ],
)
def test_one_instruction_with_an_exact_form(fix: Any, statement: str, fixed: str) -> None:
    assert fix(statement) == fixed


@pytest.mark.parametrize(
    "statement",
    [
        'asm volatile("bar.sync 1, 64;");',  # a named barrier
        'asm("@p popc.b32 %0, %1;" : "=r"(r) : "r"(i));',  # only under a predicate
        'asm("popc.b32 %0, 7;" : "=r"(r));',  # an operand that is no expression
        'asm("popc.b32 %0, %1; popc.b32 %0, %0;" : "=r"(r) : "r"(i));',
        'asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(x) : "f"(x));',  # the function rounds otherwise
        'asm("popc.b32 %0, %3;" : "=r"(r) : "r"(i));',
        # what only the naming rule has is no name to write
        'asm("shf.l.wrap.b32 %0, %1, %2, %3;" : "=r"(r) : "r"(i), "r"(i), "r"(r));',
    ],
)
def test_anything_else_is_left(fix: Any, statement: str) -> None:
    assert fix(statement) is None


LAMBDAS = """#include <cuda_runtime.h>
__global__ void k(unsigned *p);
auto one = [] __device__(int x) { asm("trap;"); return x; };
void h(unsigned *p) {
  auto two = [=] __host__ __device__(int i) mutable -> int { if (i) { asm("exit;"); } return 1; };
  auto three = [=] __device__ { k<<<1, 1>>>(p); };
  auto host = [](int i) { asm("pause"); k<<<1, 1>>>(0); return i; };
  asm("nop");
}
__global__ void lanes(unsigned *p) { asm("activemask.b32 %0;" : "=r"(p[0])); }
"""


def test_a_lambda_of_the_device_is_device_code_and_a_set_of_lanes_is_not_cut(
    portkit: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.cu").write_text(LAMBDAS)
    line = "report", tmp_path, "--root", tmp_path, "--format", "json", "-j", "1"
    document = json.loads(portkit(*line, "--to", "maca", "--to", "musa").stdout)
    maca, musa = (plan["files"][0]["findings"] for plan in document["plans"])
    assert [f["line"] for f in maca if f["rule"] == "PK401"] == [3, 5, 10]
    assert [f["line"] for f in maca if f["rule"] == "PK504"] == [6]
    (cut,) = (f["fix"]["applicability"] for f in maca if f["rule"] == "PK401" and f["line"] == 10)
    (same,) = (f["fix"]["applicability"] for f in musa if f["rule"] == "PK401" and f["line"] == 10)
    assert (cut, same) == ("unsafe", "safe")
