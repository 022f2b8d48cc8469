# SPDX-License-Identifier: Apache-2.0
"""A vendor's code is known as such by every target, not by its own alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.targets.target import available_targets, default_specs, load_target
from portkit.targets.vendors import vendors
from portkit.vocab.data import mappings_folder

SPECS = [spec for name in available_targets() for spec in default_specs(name)]


@pytest.mark.parametrize("spec", SPECS)
def test_every_target_knows_the_guards_of_all(spec: str) -> None:
    every, target = vendors(mappings_folder()).macros, load_target(spec)
    assert target.vendor_macros | target.other_vendor_macros == every
    assert not target.vendor_macros & target.other_vendor_macros
    assert {"__HIP__", "USE_ROCM", "PADDLE_WITH_MUSA", "PADDLE_WITH_GCU", "ENABLE_SUPA"} <= every


@pytest.mark.parametrize(
    "guard", ["PADDLE_WITH_MUSA", "USE_GCU", "USE_MXMACA", "USE_SUDA", "USE_ROCM"]
)
@pytest.mark.parametrize("spec", ["maca", "biren@gen2", "musa"])
def test_a_branch_of_any_vendor_is_left_alone(
    guard: str, spec: str, tmp_path: Path, run_migrate: Callable[..., Path]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    branch = f"#ifdef {guard}\nvoid f(void *p) {{ cudaFree(p); }}\n#else\n"
    rest = "void f(void *p) { cudaFree(p); }\n#endif\n"
    (tree / "a.cu").write_text(f"#include <cuda_runtime.h>\n{branch}{rest}")
    out = run_migrate(tree, tmp_path / "out", "--root", str(tree), to=spec)
    text = (out / "a.cu").read_text()
    assert branch in text and rest not in text
