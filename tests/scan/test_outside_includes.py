# SPDX-License-Identifier: Apache-2.0
"""Clang opens files of the tree only: what an include finds elsewhere on the machine changes no report."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.scan.cxx.libclang import load_clang

pytestmark = pytest.mark.skipif(load_clang() is None, reason="no libclang here")
USE = "void f(void *p) { cudaFree(p); }\n"
OWN = "int cudaFree(void *);\n"  # read, it would make the name the project's own


def decision(plan: dict[str, Any], path: str = "a.cu") -> str:
    (file,) = (f for f in plan["files"] if f["path"] == path)
    used = [r for r in file["references"] if r["name"] == "cudaFree"]
    return str(used[-1]["decision"])


def told(plan: dict[str, Any]) -> bool:
    return any(f["rule"] == "PK906" for file in plan["files"] for f in file["findings"])


@pytest.mark.parametrize(
    ("include", "said"),
    [
        ('#include "{outside}"', True),
        ("#include <{outside}>", True),
        ('#include "../outside.h"', True),
        ('#include "link.h"', True),
        ('#define H "{outside}"\n#include H', False),
        ('#if __has_include("{outside}")\nint cudaFree(void *);\n#endif', False),
    ],
)
def test_files_outside_do_not_take_part(include: str, said: bool, tmp_path: Path, run_report: Callable[..., dict[str, Any]]) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside.h"
    tree.mkdir()
    outside.write_text(OWN)
    (tree / "link.h").symlink_to(outside)
    (tree / "a.cu").write_text(f"#include <cuda_runtime.h>\n{include.format(outside=outside)}\n{USE}")
    plan = run_report(tree, "--root", str(tree), "--no-cache")
    assert decision(plan) == "edit"
    if said:
        assert told(plan)


def test_a_header_of_the_tree_takes_part(tmp_path: Path, run_report: Callable[..., dict[str, Any]]) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "own.h").write_text(OWN)
    (tmp_path / "tree" / "sub" / "a.cu").write_text(f'#include "../own.h"\n{USE}')
    plan = run_report(tmp_path / "tree", "--root", str(tmp_path / "tree"), "--no-cache")
    assert decision(plan, "sub/a.cu") == "keep"


def test_a_folder_that_the_user_names_takes_part(tmp_path: Path, run_report: Callable[..., dict[str, Any]]) -> None:
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    tree.mkdir()
    elsewhere.mkdir()
    (elsewhere / "own.h").write_text(OWN)
    (tree / "a.cu").write_text(f"#include <own.h>\n{USE}")
    plan = run_report(tree, "--root", str(tree), "--no-cache", "-I", str(elsewhere))
    assert decision(plan) == "keep"


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/random", "pipe.h", "."])
def test_what_is_no_file_is_not_opened(name: str, tmp_path: Path, run_report: Callable[..., dict[str, Any]]) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    os.mkfifo(tree / "pipe.h")
    (tree / "a.cu").write_text(f'#include <cuda_runtime.h>\n#include "{name}"\n{USE}')
    plan = run_report(tree / "a.cu", "--root", str(tree), "--no-cache")
    assert decision(plan) == "edit"
    assert [f["parse"] for f in plan["files"]] == ["clang"]
