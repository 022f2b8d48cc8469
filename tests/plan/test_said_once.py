# SPDX-License-Identifier: Apache-2.0
"""Notes that no source says something are said once for a tree, where more than one file would
repeat them; what stands in one file alone is said at its place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from product import Product

DRAWS = """#include <cuda_runtime.h>
void show(int n) { cudaGLSetGLDevice(n); cudaGLSetGLDevice(n + 1); }
"""


def plan(portkit: Product, tree: Path, *more: str) -> Any:
    done = portkit("report", tree, "--root", tree, "--format", "json", "--no-cache", *more)
    return json.loads(done.stdout)["plans"][0]


def notes(of: Any, rule: str) -> tuple[list[Any], list[Any]]:
    """Return the notes of a rule in files and of the tree."""
    files = [f for file in of["files"] for f in file["findings"]]
    return [f for f in files if f["rule"] == rule], [f for f in of["findings"] if f["rule"] == rule]


def test_what_two_files_would_repeat_is_one_note_of_the_tree(
    portkit: Product, tmp_path: Path
) -> None:
    for name in ("a.cu", "b.cu", "c.cu"):
        (tmp_path / name).write_text(DRAWS)
    (tmp_path / "other.cu").write_text(
        "#include <cuda_runtime.h>\nint f(cudaExternalMemory_t m);\n"
    )
    got = plan(portkit, tmp_path, "--to", "maca")
    here, whole = notes(got, "PK614")
    args = {f["args"]["feature"]: f["args"] for f in whole}
    assert args.keys() == {"graphics-interop"}
    interop = args["graphics-interop"]
    assert (interop["files"], interop["path"], interop["case"]) == ("3", "a.cu", "unknown-files")
    assert (interop["count"], interop["names"]) == ("6", "cudaGLSetGLDevice")
    assert [f["args"]["feature"] for f in here] == ["external-memory"]  # one file: at its place
    assert not any(f["blocking"] or f["severity"] != "info" for f in whole)
    assert "6 uses in 3 files, first in a.cu" in whole[0]["message"]


def test_one_file_keeps_its_note(portkit: Product, tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text(DRAWS + DRAWS.replace("show", "show_all"))
    here, whole = notes(plan(portkit, tmp_path, "--to", "maca"), "PK614")
    assert (len(here), whole) == (1, [])
    assert here[0]["line"] == 2


def test_what_is_silenced_is_neither_joined_nor_lost(portkit: Product, tmp_path: Path) -> None:
    for name in ("a.cu", "b.cu"):
        (tmp_path / name).write_text(DRAWS)
    (tmp_path / "c.cu").write_text("// portkit: ignore-file[PK614] known\n" + DRAWS)
    here, whole = notes(plan(portkit, tmp_path, "--to", "maca"), "PK614")
    assert [f["args"]["files"] for f in whole] == ["2"]
    assert len(here) == 1 and here[0]["suppressed"]
    here, whole = notes(plan(portkit, tmp_path, "--to", "maca", "--ignore", "PK614"), "PK614")
    assert whole == [] and all(f["suppressed"] for f in here) and len(here) == 3


def test_what_a_source_says_stays_at_its_place(portkit: Product, tmp_path: Path) -> None:
    """Another target, of which a source says what of it is there."""
    for name in ("a.cu", "b.cu"):
        (tmp_path / name).write_text(DRAWS)
    here, whole = notes(plan(portkit, tmp_path, "--to", "enflame"), "PK614")
    assert whole == [] and {f["args"]["case"] for f in here} == {"none"}
    assert len(here) == 2


def test_names_that_only_a_table_has_are_one_note(portkit: Product, tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text("#include <curand.h>\n#include <cufft.h>\n")
    here, whole = notes(plan(portkit, tmp_path, "--to", "musa"), "PK104")
    assert (len(here), whole) == (1, [])
    assert (here[0]["line"], here[0]["args"]["names"], len(here[0]["references"])) == (1, "2", 2)
    (tmp_path / "b.cu").write_text("#include <curand.h>\n")
    here, whole = notes(plan(portkit, tmp_path, "--to", "musa"), "PK104")
    assert here == []
    args = whole[0]["args"]
    assert (args["case"], args["files"], args["names"], args["count"]) == ("files", "2", "2", "3")
    assert args["name"] == "curand.h, cufft.h" and "known from: table" in whole[0]["message"]


def test_a_second_run_from_the_cache_says_the_same(portkit: Product, tmp_path: Path) -> None:
    for name in ("a.cu", "b.cu"):
        (tmp_path / name).write_text(DRAWS)
    where = ("report", tmp_path, "--root", tmp_path, "--to", "maca", "--format", "json")
    assert portkit(*where).stdout == portkit(*where).stdout


def test_uses_of_one_kind_in_one_file_are_one_note_at_the_first(
    portkit: Product, tmp_path: Path
) -> None:
    wide = "__device__ unsigned long f{0}(unsigned __int128 v) {{ return v >> {0}; }}\n"
    (tmp_path / "a.cu").write_text("".join(wide.format(n) for n in range(1, 5)))
    here, whole = notes(plan(portkit, tmp_path, "--to", "biren@gen1"), "PK601")
    assert (len(here), whole) == (1, [])
    assert (here[0]["line"], here[0]["args"]["count"], here[0]["args"]["case"]) == (
        1,
        "4",
        "unknown",
    )
