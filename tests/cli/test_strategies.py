# SPDX-License-Identifier: Apache-2.0
"""The ways of rewriting: a compat header instead of edits, comments, renamed files, a copy of the
whole tree.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

MAIN = """#include <cuda_runtime.h>
#include "sub/own.cuh"
// cudaMalloc is explained at https://docs.example/cudaMalloc and in docs/cudaFree.md; see also cudaMemcpy().
/* CUDA_VERSION, and cudaStream_t */
struct Pool { int cudaFree; };
#ifdef __CUDACC__
int twice(Pool &p) { return p.cudaFree; }
#endif
#if CUDA_VERSION >= 12000
#endif
cudaError_t take(void **p) { cudaFree(nullptr); return cudaMalloc(p, 8); }
"""
OWN = "#pragma once\n#include <cuda_fp16.h>\ninline half one() { return __float2half(1.f); }\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    for name in ("sub", ".hidden/deep", "third_party/lib"):
        (folder / name).mkdir(parents=True)
    (folder / "main.cu").write_text(MAIN)
    (folder / "sub" / "own.cuh").write_text(OWN)
    (folder / "plain.cu").write_text("cudaError_t last() { return cudaGetLastError(); }\n")
    (folder / ".hidden" / "deep" / "data.bin").write_bytes(bytes(range(256)))
    (folder / "third_party" / "lib" / "x.cu").write_text("int y = cudaFree(0);\n")
    (folder / "script.sh").write_text("#!/bin/sh\n")
    (folder / "script.sh").chmod(0o755)
    (folder / os.fsdecode(b"odd\xff.cu")).write_text("int z = cudaFree(0);\n")
    (folder / "link.cu").symlink_to("main.cu")
    (folder / "linked").symlink_to("sub")
    (folder / "away").symlink_to("/etc")
    return folder


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    found = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {p.relative_to(folder).as_posix(): (p.read_bytes(), p.stat().st_mode) for p in found}


def test_the_copy_is_whole(portkit: Run, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    portkit("migrate", tree, "--to", "musa", "--out-dir", out, "-q")
    before, after = snapshot(tree), snapshot(out)
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"main.cu", "sub/own.cuh", "plain.cu", os.fsdecode(b"odd\xff.cu")}
    assert {name: mode for name, (_, mode) in before.items()} == {
        name: mode for name, (_, mode) in after.items()
    }
    assert (out / "link.cu").readlink() == Path("main.cu") and (out / "linked").readlink() == Path(
        "sub"
    )
    assert not (out / "away").is_symlink()
    assert "musaFree" in (out / os.fsdecode(b"odd\xff.cu")).read_text()


def test_a_copy_that_fails_leaves_nothing(portkit: Run, tree: Path, tmp_path: Path) -> None:
    (tree / "big.bin").write_bytes(bytes(4_000_000))
    python = shlex.quote(sys.executable)
    script = f"ulimit -f 2000; exec {python} -m portkit migrate tree --to musa --out-dir a/b -q"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "a").exists()


def test_names_in_comments(portkit: Run, tree: Path, tmp_path: Path) -> None:
    quiet, told = tmp_path / "quiet", tmp_path / "told"
    portkit("migrate", tree, "--to", "musa", "--out-dir", quiet, "-q")
    portkit("migrate", tree, "--to", "musa", "--out-dir", told, "-q", "--comments")
    line = (
        "// cudaMalloc is explained at https://docs.example/cudaMalloc and in "
        "docs/cudaFree.md; see also cudaMemcpy()."
    )
    assert line in (quiet / "main.cu").read_text()
    text = (told / "main.cu").read_text()
    assert (
        "// musaMalloc is explained at https://docs.example/cudaMalloc and in docs/cudaFree.md; see also musaMemcpy()."
        in text
    )
    # what guards compare is never merely renamed
    assert "/* CUDA_VERSION, and musaStream_t */" in text
    portkit(
        "migrate",
        told,
        "--to",
        "musa",
        "--in-place",
        "--allow-dirty",
        "--comments",
        "--exit-code",
        "-q",
    )


def test_the_sources_stay_and_a_header_renames(portkit: Run, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = portkit(
        "migrate",
        tree,
        "--to",
        "musa",
        "--strategy",
        "header",
        "--out-dir",
        out,
        "--format",
        "json",
        "-o",
        tmp_path / "r.json",
    )
    made = out / "portkit_compat" / "musa"
    assert "-I portkit_compat/musa" in done.stderr
    before = snapshot(tree)
    assert {
        name: state
        for name, state in snapshot(out).items()
        if not name.startswith("portkit_compat/")
    } == before
    names = (made / "portkit_musa_names.h").read_text()
    assert "#define cudaMalloc musaMalloc\n" in names
    # a member of the project has that name: a macro would rename it too
    assert "#define cudaFree" not in names
    assert "CUDA_VERSION" not in names
    assert "#ifdef __MUSACC__\n#define __CUDACC__ __MUSACC__\n#endif\n" in names
    assert (
        (made / "cuda_runtime.h")
        .read_text()
        .endswith('#include <musa_runtime.h>\n#include "portkit_musa_names.h"\n')
    )
    assert (made / "cuda_fp16.h").is_file() and (made / "cuda_runtime_api.h").is_file()
    report = (tmp_path / "r.json").read_text()
    assert '"compat-header"' in report and "PK903" in report
    again = tmp_path / "again"
    portkit("migrate", out, "--to", "musa", "--strategy", "header", "--out-dir", again, "-q")
    assert snapshot(again) == snapshot(out)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C preprocessor")
def test_the_header_as_a_preprocessor_reads_it(portkit: Run, tree: Path, tmp_path: Path) -> None:
    out, vendor = tmp_path / "out", tmp_path / "vendor"
    portkit("migrate", tree, "--to", "musa", "--strategy", "header", "--out-dir", out, "-q")
    vendor.mkdir()
    for name in ("musa_runtime.h", "musa_runtime_api.h", "musa_fp16.h"):
        (vendor / name).write_text(
            "typedef int musaError_t;\nint musaMalloc(void **, unsigned long);\n#define __MUSACC__ 1\n"
        )
    folders = ["-I", str(out / "portkit_compat" / "musa"), "-I", str(vendor)]
    done = subprocess.run(
        ["cc", "-E", "-P", "-x", "c++", *folders, str(out / "main.cu")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "musaError_t take(void **p)" in done.stdout and "return musaMalloc(p, 8);" in done.stdout
    assert "int cudaFree;" in done.stdout and "twice" in done.stdout


def test_a_header_in_place_is_made_again_and_undone(
    portkit: Run, tree: Path, tmp_path: Path
) -> None:
    before = snapshot(tree)
    arguments = (
        "migrate",
        tree,
        "--to",
        "musa",
        "--strategy",
        "header",
        "--in-place",
        "--allow-dirty",
        "-q",
    )
    portkit(*arguments)
    first = snapshot(tree)
    portkit(*arguments)
    assert snapshot(tree) == first
    (tree / "plain.cu").write_text("cudaError_t last() { return cudaPeekAtLastError(); }\n")
    portkit(*arguments)
    names = (tree / "portkit_compat" / "musa" / "portkit_musa_names.h").read_text()
    assert (
        "#define cudaPeekAtLastError " in names
        and "#define cudaMalloc " in names
        and "#define cudaGetLastError " not in names
    )
    (tree / "plain.cu").write_bytes(before["plain.cu"][0])
    portkit("migrate", tree, "--undo")
    assert snapshot(tree) == before
    (tree / "portkit_compat" / "musa").mkdir(parents=True)
    (tree / "portkit_compat" / "musa" / "cuda_runtime.h").write_text("mine\n")
    done = portkit(*arguments, code=2)
    assert "portkit did not make it" in done.stderr


def test_a_header_as_a_patch(portkit: Run, tree: Path) -> None:
    done = portkit("migrate", tree, "--to", "musa", "--strategy", "header", "--diff", "-q")
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tree, input=done.stdout, text=True, check=True)
    assert (tree / "portkit_compat" / "musa" / "cuda_runtime.h").is_file()


def test_renamed_files_take_their_includes_along(portkit: Run, tree: Path, tmp_path: Path) -> None:
    done = portkit("migrate", tree, "--to", "musa", "--rename-files", "--diff", "-q")
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tree, input=done.stdout, text=True, check=True)
    assert '#include "sub/own.muh"' in (tree / "main.mu").read_text()
    assert not (tree / "main.cu").exists() and (tree / "sub" / "own.muh").is_file()
    assert (tree / os.fsdecode(b"odd\xff.mu")).is_file()


def test_a_taken_name_stops_the_renaming(portkit: Run, tree: Path) -> None:
    (tree / "main.mu").write_text("")
    before = snapshot(tree)
    done = portkit(
        "migrate",
        tree,
        "--to",
        "musa",
        "--rename-files",
        "--in-place",
        "--allow-dirty",
        "-q",
        code=2,
    )
    assert "main.mu" in done.stderr and snapshot(tree) == before


def test_what_portkit_wrote_counts_as_clean(portkit: Run, tree: Path) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t")
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=tree, check=True)
    before = snapshot(tree)
    arguments = ("migrate", tree, "--to", "musa", "--rename-files", "--in-place", "-q")
    portkit(*arguments)
    first = snapshot(tree)
    assert "main.mu" in first and "main.cu" not in first
    portkit(*arguments, "--exit-code")
    assert snapshot(tree) == first
    (tree / "main.mu").write_text("mine\n")
    assert "main.mu" in portkit("migrate", tree, "--undo", code=2).stderr
    (tree / "main.mu").write_bytes(first["main.mu"][0])
    portkit("migrate", tree, "--undo")
    assert snapshot(tree) == before
