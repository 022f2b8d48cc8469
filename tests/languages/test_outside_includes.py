# SPDX-License-Identifier: Apache-2.0
"""Clang opens files of the tree only: what an include finds elsewhere on the machine changes no
report.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.languages.cxx.clang.libclang import load_clang

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
def test_files_outside_do_not_take_part(
    include: str, said: bool, tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside.h"
    tree.mkdir()
    outside.write_text(OWN)
    (tree / "link.h").symlink_to(outside)
    (tree / "a.cu").write_text(
        f"#include <cuda_runtime.h>\n{include.format(outside=outside)}\n{USE}"
    )
    plan = run_report(tree, "--root", str(tree), "--no-cache")
    assert decision(plan) == "edit"
    if said:
        assert told(plan)


def test_a_header_of_the_tree_takes_part(
    tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "own.h").write_text(OWN)
    (tmp_path / "tree" / "sub" / "a.cu").write_text(f'#include "../own.h"\n{USE}')
    plan = run_report(tmp_path / "tree", "--root", str(tmp_path / "tree"), "--no-cache")
    assert decision(plan, "sub/a.cu") == "keep"


def test_a_folder_that_the_user_names_takes_part(
    tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    tree.mkdir()
    elsewhere.mkdir()
    (elsewhere / "own.h").write_text(OWN)
    (tree / "a.cu").write_text(f"#include <own.h>\n{USE}")
    plan = run_report(tree, "--root", str(tree), "--no-cache", "-I", str(elsewhere))
    assert decision(plan) == "keep"


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/random", "pipe.h", "."])
def test_what_is_no_file_is_not_opened(
    name: str, tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    os.mkfifo(tree / "pipe.h")
    (tree / "a.cu").write_text(f'#include <cuda_runtime.h>\n#include "{name}"\n{USE}')
    plan = run_report(tree / "a.cu", "--root", str(tree), "--no-cache")
    assert decision(plan) == "edit"
    assert [f["parse"] for f in plan["files"]] == ["clang"]


@pytest.mark.parametrize(
    "line",
    ["#include_next <own.h>", "#define OWN <own.h>\n#include OWN", "%:include <own.h>"],
)
def test_any_way_to_include_a_file_outside_finds_nothing(
    line: str, tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    """The folder that the compile database names holds a link that leads out of all that it names."""
    tree, named, outside = tmp_path / "tree", tmp_path / "tree" / "inc", tmp_path / "outside.h"
    named.mkdir(parents=True)
    outside.write_text(OWN)
    (named / "own.h").symlink_to(outside)
    (tree / "a.cu").write_text(f"#include <cuda_runtime.h>\n{line}\n{USE}")
    plan = run_report(tree / "a.cu", "--root", str(tree), "--no-cache", "-I", str(named))
    assert decision(plan) == "edit"


def test_include_next_leads_on_within_the_tree(
    tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    tree = tmp_path / "tree"
    for folder in ("first", "second"):
        (tree / folder).mkdir(parents=True)
    (tree / "first" / "own.h").write_text("#include_next <own.h>\n")
    (tree / "second" / "own.h").write_text(OWN)
    (tree / "a.cu").write_text(f"#include <own.h>\n{USE}")
    options = ("-I", str(tree / "first"), "-I", str(tree / "second"))
    plan = run_report(tree, "--root", str(tree), "--no-cache", *options)
    assert decision(plan) == "keep"


def test_embed_of_a_device_does_not_hang(
    tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    embed = '#if 1\nconst char all[] = {\n#embed "/dev/zero"\n};\n#endif\n'
    (tree / "a.cu").write_text(f"#include <cuda_runtime.h>\n{embed}{USE}")
    plan = run_report(tree, "--root", str(tree), "--no-cache")
    assert decision(plan) == "edit"


@pytest.mark.parametrize(("place", "means"), [("tree/own.h", "keep"), ("outside.h", "keep")])
def test_a_header_that_a_compile_command_forces_takes_part(
    place: str, means: str, tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    """What a database names outside of the tree is the user's word where they named it."""
    tree, header = tmp_path / "tree", tmp_path / place
    tree.mkdir()
    header.write_text(OWN)
    (tree / "a.cu").write_text(USE)
    command = f"nvcc -include {header} -c a.cu"
    entry = {"directory": str(tree), "file": "a.cu", "command": command}
    database = tmp_path / "compile_commands.json"
    database.write_text(json.dumps([entry]))
    plan = run_report(tree, "--root", str(tree), "--no-cache", "-p", str(database))
    assert decision(plan) == means


@pytest.mark.parametrize("name", ["/dev/zero", "/etc/passwd", "../outside.h"])
def test_a_header_that_the_tree_s_own_database_forces_stays_outside(
    name: str, tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tmp_path / "outside.h").write_text(OWN)
    (tree / "a.cu").write_text(f"#include <cuda_runtime.h>\n{USE}")
    entry = {"directory": str(tree), "file": "a.cu", "command": f"nvcc -include {name} -c a.cu"}
    (tree / "compile_commands.json").write_text(json.dumps([entry]))
    plan = run_report(tree, "--root", str(tree), "--no-cache")
    assert decision(plan) == "edit"


@pytest.mark.parametrize("beside", [True, False])
def test_a_folder_that_becomes_a_link_out_is_seen_by_the_cache(
    beside: bool, tmp_path: Path, run_report: Callable[..., dict[str, Any]]
) -> None:
    """What the cache holds of a tree is no answer for one whose folder leads elsewhere by now."""
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    for folder in (tree / "a", outside):
        folder.mkdir(parents=True)
        if beside:
            (folder / "x.h").write_text(OWN)
    (tree / "inc").symlink_to("a")
    (tree / "m.cu").write_text(f'#include <cuda_runtime.h>\n#include "inc/x.h"\n{USE}')
    before = run_report(tree / "m.cu", "--root", str(tree))
    assert decision(before, "m.cu") == ("keep" if beside else "edit")
    (tree / "inc").unlink()
    (tree / "inc").symlink_to(outside)
    cached = run_report(tree / "m.cu", "--root", str(tree))
    fresh = run_report(tree / "m.cu", "--root", str(tree), "--no-cache")
    assert cached["files"] == fresh["files"]
    assert decision(cached, "m.cu") == "edit" and told(cached)
