# SPDX-License-Identifier: Apache-2.0
"""Trees, folders and macros whose bytes are no UTF-8, as GBK: Clang reads them like others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.files.encodable import encodable, native
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.file_ref import FileRef
from portkit.languages.jobs import encode
from portkit.printable import printable_name

GBK = os.fsdecode("中文".encode("gbk"))
ODD = os.fsdecode(b"d\xff\\x")


@pytest.fixture(params=["root", "inside"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A tree in, or with, a folder whose name is GBK: its root, and how names begin there."""
    top = tmp_path / GBK
    try:
        (top / "inc").mkdir(parents=True)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 only")
    for name, text in {
        "inc/h.h": "inline int h(void* p) { return (int)cudaFree(p); }\n",
        "ext/t.txt": "typedef int own_t;\n",
        "src/own.h": "inline int o(void* p) { return (int)cudaFreeHost(p); }\n",
        "src/a.cu": '#include "h.h"\n#include "own.h"\nint f(void* p) { return h(p) + o(p) + '
        "(int)cudaMalloc(&p, 1); }\n",
        "src/b.cu": '#include "t.txt"\n#ifdef FAST\nvoid q() { own_t x = 0; cudaDeviceSynchronize(); }\n#endif\n',
    }.items():
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_text(text)
    shown = os.fsencode(GBK).decode("utf-8", "backslashreplace")
    return (top, "") if request.param == "root" else (tmp_path, f"{shown}/")


def proofs(
    portkit: Callable[..., Any],
    root: Path,
    *options: str | Path,
    **env: str,
) -> dict[str, dict[str, str]]:
    """Return path -> name -> "how read, proof" of a report."""
    given = ("report", ".", "--root", ".", "--to", "musa", "--format", "json", "--fail-on", "none")
    done = portkit(*given, *options, cwd=root, **env)
    assert "fault of portkit" not in done.stderr and "a job failed" not in done.stderr
    files = json.loads(done.stdout)["plans"][0]["files"]
    return {
        f["path"]: {r["name"]: f"{f['parse']}, {r['proof']}" for r in f["references"]}
        for f in files
    }


def test_includes_of_the_tree_are_found(
    portkit: Callable[..., Any],
    tree: tuple[Path, str],
) -> None:
    root, prefix = tree
    found = proofs(portkit, root)
    assert found[f"{prefix}src/a.cu"] == {"cudaMalloc": "clang, proved"}
    assert found[f"{prefix}src/own.h"] == {"cudaFreeHost": "clang, proved"}
    assert found[f"{prefix}inc/h.h"] == {"cudaFree": "clang, proved"}
    assert proofs(portkit, root) == found  # from the cache


def test_folders_and_macros_of_every_place_reach_clang(
    portkit: Callable[..., Any],
    tree: tuple[Path, str],
) -> None:
    root, prefix = tree
    top = root / GBK if prefix else root
    name, proved = f"{prefix}src/b.cu", {"cudaDeviceSynchronize": "clang, proved"}
    assert proofs(portkit, root)[name] == {"cudaDeviceSynchronize": "clang, likely"}
    assert proofs(portkit, root, "-I", top / "ext", "-D", "FAST")[name] == proved
    (root / "x.rsp").write_bytes(
        b'-DFAST -DNAME="' + os.fsencode(GBK) + b'" -I' + os.fsencode(top) + b"/ext\n",
    )
    entry = b'[{"directory": "%b", "file": "src/b.cu", "command": "nvcc @%b/x.rsp -c src/b.cu"}]'
    (root / "compile_commands.json").write_bytes(entry % (os.fsencode(top), os.fsencode(root)))
    assert proofs(portkit, root, "-p", ".")[name] == proved
    entry = b'[{"directory": "%b", "file": "src/b.cu", "arguments": ["nvcc", "-DFAST", "-Iext"]}]'
    (root / "compile_commands.json").write_bytes(entry % os.fsencode(top))
    assert proofs(portkit, root, "-p", ".")[name] == proved
    config = top / "portkit.toml"
    config.write_text(
        'include-dirs = ["ext"]\n[[overrides]]\npaths = ["b.cu"]\ndefines = ["FAST"]\n',
    )
    given = ("report", top, "--to", "musa", "--format", "json")
    files = json.loads(portkit(*given).stdout)["plans"][0]["files"]
    assert {f["path"]: [r["proof"] for r in f["references"]] for f in files}["src/b.cu"] == [
        "proved",
    ]


def test_a_header_outside_of_the_list_makes_a_kept_result_worthless(
    portkit: Callable[..., Any],
    tree: tuple[Path, str],
) -> None:
    root, prefix = tree
    top = root / GBK if prefix else root
    options = ("-I", top / "ext", "-D", "FAST", "-j", "1")
    name = f"{prefix}src/b.cu"
    assert proofs(portkit, root, *options)[name] == {"cudaDeviceSynchronize": "clang, proved"}
    (top / "ext" / "t.txt").write_text("typedef int own_t;\nvoid cudaDeviceSynchronize();\n")
    assert proofs(portkit, root, *options)[name] == {"cudaDeviceSynchronize": "clang, None"}


@pytest.mark.workers
def test_a_temporary_folder_with_such_a_name_serves(
    portkit: Callable[..., Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.cu").write_text("void f(void* p) { cudaFree(p); }\n")
    try:
        (tmp_path / GBK).mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 only")
    found = proofs(portkit, tmp_path / "tree", TMPDIR=str(tmp_path / GBK))
    assert found["a.cu"] == {"cudaFree": "clang, proved"}


@pytest.mark.parametrize("name", ["", "plain", "中文", GBK, ODD, "a\\xd6", "\\0"])
def test_any_name_can_be_sent_and_comes_back(name: str) -> None:
    encode(encodable(name))
    assert native(encodable(name)) == name
    assert (encodable(name) == name) is (name not in (GBK, ODD))


def test_flags_are_sent_whole() -> None:
    flags = UnitFlags((GBK, "b"), (ODD,), (f"A={GBK}",), (GBK,), (ODD,), GBK)
    encode([flags.encodable()])
    assert flags.encodable().native() == flags
    assert FileRef(printable_name(GBK), "", "", "", 0, 0).fs_rel == GBK
