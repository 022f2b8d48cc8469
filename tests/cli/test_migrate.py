# SPDX-License-Identifier: Apache-2.0
"""The command line end to end: dry run, diff, folder, in place, second run, undo, exit codes."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from product import Product

Run = Callable[..., subprocess.CompletedProcess[bytes]]

SOURCE = b"""#include <cuda_runtime.h>\r
// cudaMalloc in a comment stays\r
int main() { void *p; cudaError_t e = cudaMalloc(&p, 8); return e == cudaSuccess; }\r
"""


@pytest.fixture
def run(portkit: Product) -> Run:
    return functools.partial(portkit.run, NO_COLOR="1")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_bytes(SOURCE)
    (folder / "a.cu").chmod(0o755)
    (folder / "notes.txt").write_text("kept\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
        cwd=folder,
        check=True,
    )
    return folder


def expected() -> bytes:
    text = SOURCE.replace(b"<cuda_runtime.h>", b"<musa_runtime.h>").replace(
        b"cudaError_t", b"musaError_t"
    )
    return text.replace(b"= cudaMalloc(", b"= musaMalloc(").replace(b"cudaSuccess", b"musaSuccess")


def test_dry_run_writes_nothing(run: Run, tree: Path) -> None:
    done = run("migrate", ".", "--to", "musa", cwd=tree)
    assert done.returncode == 0 and b"nothing written" in done.stderr
    assert (tree / "a.cu").read_bytes() == SOURCE


def test_diff_applies(run: Run, tree: Path) -> None:
    done = run("migrate", ".", "--to", "musa", "--diff", cwd=tree)
    assert done.returncode == 0
    subprocess.run(["git", "apply", "--whitespace=nowarn"], cwd=tree, input=done.stdout, check=True)
    assert (tree / "a.cu").read_bytes() == expected()


def test_in_place_twice_and_undo(run: Run, tree: Path) -> None:
    assert run("migrate", ".", "--to", "musa", "--in-place", cwd=tree).returncode == 0
    assert (tree / "a.cu").read_bytes() == expected()
    assert (tree / "a.cu").stat().st_mode & 0o777 == 0o755
    again = run("migrate", ".", "--to", "musa", "--in-place", "--exit-code", cwd=tree)
    assert again.returncode == 0 and (tree / "a.cu").read_bytes() == expected()
    assert run("migrate", ".", "--undo", cwd=tree).returncode == 0
    assert (tree / "a.cu").read_bytes() == SOURCE


def test_in_place_refuses_a_dirty_tree(run: Run, tree: Path) -> None:
    (tree / "a.cu").write_bytes(SOURCE + b"int changed;\r\n")
    done = run("migrate", ".", "--to", "musa", "--in-place", cwd=tree)
    assert (
        done.returncode == 2 and b"--allow-dirty" in done.stderr and b"Traceback" not in done.stderr
    )
    assert (
        run("migrate", ".", "--to", "musa", "--in-place", "--allow-dirty", cwd=tree).returncode == 0
    )


def test_out_dir_is_a_full_copy(run: Run, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("migrate", ".", "--to", "musa", "--out-dir", str(out), cwd=tree).returncode == 0
    assert (out / "a.cu").read_bytes() == expected() and (out / "notes.txt").read_text() == "kept\n"
    assert (tree / "a.cu").read_bytes() == SOURCE
    assert run("migrate", ".", "--to", "musa", "--out-dir", str(out), cwd=tree).returncode == 2


def test_rename_files_follows_includes(run: Run, tree: Path, tmp_path: Path) -> None:
    (tree / "b.cuh").write_text("#pragma once\ninline int twice(int x) { return 2 * x; }\n")
    (tree / "c.cu").write_text(
        '#include "b.cuh"\n#include <cuda_runtime.h>\nint y = twice(cudaFree(0));\n'
    )
    out = tmp_path / "out"
    assert (
        run(
            "migrate", ".", "--to", "musa", "--rename-files", "--out-dir", str(out), cwd=tree
        ).returncode
        == 0
    )
    assert sorted(p.name for p in out.glob("*.m*")) == ["a.mu", "b.muh", "c.mu"]
    assert (out / "c.mu").read_text().startswith('#include "b.muh"\n#include <musa_runtime.h>\n')


def test_user_rows_win(run: Run, tree: Path, tmp_path: Path) -> None:
    rows = tmp_path / "map.json"
    rows.write_text(json.dumps({"cudaMalloc": "my_alloc"}))
    done = run("migrate", ".", "--to", "musa", "--diff", "--map", str(rows), cwd=tree)
    assert b"= my_alloc(&p, 8)" in done.stdout


def test_report_json_counts_add_up(run: Run, tree: Path) -> None:
    done = run("report", ".", "--to", "musa", "--format", "json", cwd=tree)
    document = json.loads(done.stdout)
    plan = document["plans"][0]
    summary = plan["summary"]
    assert document["schema"] == "portkit/report/1"
    assert (
        summary["references"]
        == summary["edit"] + summary["manual"] + summary["keep"]
        == sum(len(f["references"]) for f in plan["files"])
    )
    for file in plan["files"]:
        data = (tree / file["path"]).read_bytes()
        for ref in file["references"]:
            assert data[ref["offset"] : ref["offset"] + ref["length"]].decode() == ref["name"]


def test_same_bytes_whatever_the_worker_count(run: Run, tree: Path) -> None:
    one = run("report", ".", "--to", "musa", "--format", "json", "-j", "1", cwd=tree).stdout
    four = run("report", ".", "--to", "musa", "--format", "json", "-j", "4", cwd=tree).stdout
    assert one == four and len(one) > 500


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["report", "nowhere", "--to", "musa"], 2),
        (["report", ".", "--to", "mosa"], 2),
        (["report", ".", "--to", "musa@mp_99"], 2),
        (["report", ".", "--to", "musa", "--accept", "exists=perhaps"], 2),
        (["report", ".", "--to", "musa", "--format", "nonsense"], 2),
        (["query", "cudaMalloc", "--to", "musa"], 0),
        (["query", "cudaMaloc", "--to", "musa"], 1),
        (["explain", "PK201"], 0),
        (["explain", "PK999"], 2),
        (["targets"], 0),
        (["rules"], 0),
        (["doctor"], 0),
        (["--version"], 0),
    ],
)
def test_exit_codes(run: Run, tree: Path, arguments: list[str], code: int) -> None:
    done = run(*arguments, cwd=tree)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr


def test_half_of_a_qualified_name_is_never_renamed(run: Run, tree: Path) -> None:
    (tree / "q.cu").write_text(
        "#include <cuda/barrier>\n__global__ void k(cuda::barrier<cuda::thread_scope_block> *b) { b->arrive(); }\n"
    )
    done = run("report", ".", "--to", "musa", "--format", "json", cwd=tree)
    file = next(f for f in json.loads(done.stdout)["plans"][0]["files"] if f["path"] == "q.cu")
    refs = sorted(file["references"], key=lambda r: r["offset"])
    for first, second in pairwise(refs):
        if (
            first["kind"] == "namespace"
            and second["offset"] == first["offset"] + first["length"] + 2
        ):
            assert not (first["decision"] == "edit" and second["decision"] == "manual"), (
                first,
                second,
            )
