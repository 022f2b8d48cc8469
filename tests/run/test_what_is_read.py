# SPDX-License-Identifier: Apache-2.0
"""Files that only an include makes C++, files that nobody reads, and what is said of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.model.reading import FileScan
from portkit.model.words import Parse, Rung
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree

MALLOC = "inline void take(void **p) { cudaMalloc(p, 8); }\n"


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def read(folder: Path, files: dict[str, str | bytes], rung: Rung = Rung.LEX, **more: Any) -> Tree:
    write(folder, files)
    return scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=rung, **more))


def by_path(tree: Tree) -> dict[str, FileScan]:
    return {f.path: f for f in tree.scan.files}


def test_what_a_source_includes_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    """Directly, through another such file, beside it, by a folder, in angles, by no suffix."""
    names = ["pool.def", "ops/table.x", "noext", "launch.impl", "gen/k.cuh.tmpl", "kernel.cl"]
    lines = [f'#include "{name}"\n' for name in names[:3]]
    lines += ["#  include <launch.impl>\n", '#include "k.cuh.tmpl"\n']
    files: dict[str, str | bytes] = {name: MALLOC for name in names}
    files["main.cu"] = "#include <cuda_runtime.h>\n" + "".join(lines)
    files["launch.impl"] = '#include "kernel.cl"\n' + MALLOC
    files |= {"free.def": MALLOC, "commented.x": MALLOC, "table.dat": "1, 2, 3\n"}
    files["host.cpp"] = 'int rows[] = {\n#include "table.dat"\n};\n'
    found = by_path(read(tmp_path, files, Rung.CLANG))
    assert set(names) <= found.keys() and "table.dat" in found and "free.def" not in found
    assert all(found[n].language == "cxx" for n in names)
    for name in names:
        assert [r.name for r in found[name].references] == ["cudaMalloc"], name
        assert found[name].parse is Parse.CLANG, name


def test_usual_suffixes_of_cxx_are_read_by_themselves(tmp_path: Path) -> None:
    names = ["a.tcc", "a.txx", "a.icc", "a.hu", "a.ixx", "a.cppm", "a.h++", "a.C++", "a.h.in"]
    names += ["b.cu.in", "b.cuh.in", "B.HPP.IN"]
    left = ["a.py.in", "a.cu.jinja", "a.in", "cu"]
    found = by_path(read(tmp_path, dict.fromkeys([*names, *left], MALLOC)))
    assert sorted(found) == sorted(names)


def test_an_include_leads_to_no_file_that_is_left_out(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.cu": "".join(f'#include "{n}"\n' for n in ("third_party/v.def", "x/out.def", "in.def")),
        "third_party/v.def": MALLOC,
        "x/out.def": MALLOC,
        "in.def": MALLOC,
        "b.py": '#include "only.py.def"\n',
        "only.py.def": MALLOC,
    }
    found = by_path(read(tmp_path, files, exclude=("x/",)))
    assert sorted(found) == ["a.cu", "in.def"]


def test_unread_files_with_cuda_are_counted_by_their_kind(tmp_path: Path) -> None:
    elf = b"\x7fELF\0\0.text\0.nv_fatbin\0"
    files: dict[str, str | bytes] = {
        "a.cu": MALLOC,
        "p/one.pyx": "cdef extern from 'cuda_runtime.h': int cudaMalloc(void **)\n",
        "p/two.pxd": "cublasHandle_t h\n",
        "p/host.pyx": "cdef int f(): return 1\n",
        "k.cu.jinja": "{{ t }} k() { __syncthreads(); }\n",
        "page.html.j2": "<p>CUDA is used here</p>\n",
        "k.ptx": ".version 7.0\n",
        "k.cubin": b"\x7fELF\0",
        "lib/libk.so.1.2": elf,
        "lib/libk.a": elf,
        "lib/libhost.so": b"\x7fELF\0.text\0",
        "dead.def": MALLOC,
        "mod.f90": "use cudafor\n",
        "names.f90": "real x\n",
        "mod.cudainc": MALLOC,
        "gen.m4": MALLOC,
        "cell.ipynb": '{"source": ["%%cu\\n", "int x;"]}',
        "mod.ccm": "export __global__ void k();\n",
        "plain.odd": "int cuda;\n",
        "kept.sqlite": b"SQLite\0 cudaMalloc __global__",
        "README": "__global__ is a word of CUDA's\n",
        "README.md": "call cudaMalloc\n",
        "notes.txt": "cudaMalloc\n",
    }
    tree = read(tmp_path, files)
    told = {u.kind: (u.files, u.words, u.paths) for u in tree.scan.unread}
    assert told == {
        "cython": (2, 3, ("p/one.pyx", "p/two.pxd")),
        "template": (1, 1, ("k.cu.jinja",)),
        "ptx": (1, 0, ("k.ptx",)),
        "device-binary": (1, 0, ("k.cubin",)),
        "library": (2, 0, ("lib/libk.a", "lib/libk.so.1.2")),
        "source": (3, 3, ("dead.def", "gen.m4", "mod.f90")),
        "notebook": (1, 0, ("cell.ipynb",)),
        "other": (2, 0, ("mod.ccm", "mod.cudainc")),
    }


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ({"a.cpp": "int x;\n"}, "Nothing to move.\n"),
        ({"a.cpp": "int x;\n", "k.ptx": ".version 7.0\n"}, "what was not read holds CUDA"),
        ({"a.cpp": "int x;\n", "a.pyx": "cudaFree(p)\n"}, "what was not read holds CUDA"),
        ({"a.cpp": "int x;\n", "vendor/v.cu": MALLOC}, "what was not read holds CUDA"),
        ({"a.cpp": "int x;\n", "vendor/v.cpp": "int y;\n"}, "Nothing to move.\n"),
        ({"k.jinja": "cudaFree(p)\n", "a.h": "\n"}, "what was not read holds CUDA"),
    ],
)
def test_there_is_never_nothing_to_move_over_unread_cuda(
    portkit: Callable[..., Any], tmp_path: Path, files: dict[str, str | bytes], verdict: str
) -> None:
    write(tmp_path / "t", files)
    out = portkit("report", "t", "--root", "t", "--to", "musa", cwd=tmp_path).stdout
    assert verdict in out


def test_every_report_says_what_was_not_read(portkit: Callable[..., Any], tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.cu": MALLOC,
        "vendor/v.cu": MALLOC * 2,
        "vendor/w.h": "\n",
        "gone/g.cu": MALLOC,
        "k.ptx": ".version 7.0\n",
    }
    write(tmp_path / "t", files)
    formats = [f"--format={f}=out.{f}" for f in ("text", "json", "html", "markdown")]
    asked = ("report", "t", "--root", "t", "--to", "musa", "--exclude", "gone/")
    portkit(*asked, *formats, cwd=tmp_path)
    said = {p.suffix[1:]: p.read_text() for p in tmp_path.glob("out.*")}
    line = "Not read: 1 excluded, 2 vendored, 1 PTX files, about 3 words of CUDA in them"
    assert line in said["text"] and line in said["markdown"]
    assert (
        '"left_out":{"excluded":1,"vendored":2},"unread":{"ptx":1},"unread_words":3' in said["json"]
    )
    assert "2 vendored" in said["html"] and "1 PTX files" in said["html"]
    chinese = portkit(*asked, "--lang", "zh", cwd=tmp_path).stdout
    for words in ("未读取", "被排除的文件 1 个", "第三方文件 2 个", "PTX 文件 1 个"):
        assert words in chinese
    assert "vendor` was not read: a vendored folder (2 files, 2 words of CUDA)" in said["json"]
    assert "1 PTX files hold CUDA and are not read: k.ptx" in said["json"]


def test_a_saved_scan_and_a_copy_hold_what_an_include_brought_in(
    portkit: Callable[..., Any], tmp_path: Path
) -> None:
    """Also: outside of git, what .gitignore names is read and copied."""
    files: dict[str, str | bytes] = {
        "a.cu": '#include <cuda_runtime.h>\n#include "lib/low.def"\n',
        "lib/low.def": MALLOC,
        "cfg/net.cfg": "x\n",
        ".gitignore": "lib/\ncfg/\n",
        "lib/.gitignore": "*\n",
    }
    write(tmp_path / "t", files)
    portkit("scan", "t", "--root", "t", "-o", "scan.json", cwd=tmp_path)
    asked = ("--root", "t", "--to", "musa")
    first = portkit("report", "t", *asked, cwd=tmp_path).stdout
    again = portkit("report", "--from-scan", "scan.json", "t", *asked, cwd=tmp_path).stdout
    assert first == again and "2 files, 3 lines, 2 CUDA references" in first
    portkit("migrate", "t", *asked, "--out-dir", "out", cwd=tmp_path)
    copied = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert {"a.cu", "lib/low.def", "cfg/net.cfg", ".gitignore"} <= copied
    assert "musaMalloc" in (tmp_path / "out/lib/low.def").read_text()
