# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

import pytest

from portkit.files.discovery import Discovery, dirty_files
from portkit.files.discovery import discover as _discover
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n")


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture(params=["git", "plain"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    if request.param == "git":
        git(root, "init", "-q")
    return root


def rels(found: Discovery) -> list[str]:
    return [file.rel for file in found.files]


def test_suffixes_ignores_and_vendored(tree: Path) -> None:
    make(tree, "a.cu", "B.CU", "c.txt", "build/x.cu", "third_party/lib/v.cu", "third_party/lib/w.h")
    make(tree, "中 文.cuh", "k/i.cu", "k/keep.gen.cu", "k/gone.gen.cu")
    (tree / ".gitignore").write_text("build/\n*.gen.cu\n")
    (tree / "k/.gitignore").write_text("!keep.gen.cu\n")
    found = discover([tree])
    with_git = (tree / ".git").exists()
    kept_out = set() if not with_git else {"build/x.cu", "k/gone.gen.cu"}
    named = ["B.CU", "a.cu", "build/x.cu", "k/gone.gen.cu", "k/i.cu", "k/keep.gen.cu", "中 文.cuh"]
    assert rels(found) == [name for name in named if name not in kept_out]
    told = [(s.path, s.reason, s.files) for s in found.skipped]
    assert told == [(".", "ignored", 2)] * with_git + [("third_party", "vendored", 2)]
    assert "third_party/lib/w.h" in found.tree
    assert "c.txt" in found.tree


def test_named_paths_win(tree: Path) -> None:
    make(tree, "third_party/v.cu", "c.txt", "build/x.cu", "a.cu")
    (tree / ".gitignore").write_text("build/\n")
    assert rels(discover([tree / "c.txt"], root=tree)) == ["c.txt"]
    assert rels(discover([tree / "third_party"], root=tree)) == ["third_party/v.cu"]
    assert rels(discover([tree / "build"], root=tree)) == ["build/x.cu"]  # ignored, but named
    assert rels(discover([tree / "build/x.cu"], root=tree)) == ["build/x.cu"]


def test_include_exclude_generated(tree: Path) -> None:
    make(
        tree,
        "a.cu",
        "gen/g.cu",
        "gen/h.cu",
        "b/x.cu",
        "k.jinja",
        "third_party/mine/m.cu",
        "third_party/o.cu",
    )
    (tree / ".gitattributes").write_text(
        "gen/* linguist-generated=true\ngen/h.cu -linguist-generated\n"
    )
    found = discover([tree], include=["*.jinja", "third_party/mine/**"], exclude=["b/"])
    assert rels(found) == ["a.cu", "gen/h.cu", "k.jinja", "third_party/mine/m.cu"]
    assert [(s.path, s.reason, s.files) for s in found.skipped] == [
        ("b/", "excluded", 1),
        ("gen/g.cu", "generated", 1),
        ("third_party", "vendored", 1),
    ]


def test_contents_say_which_files_of_a_suffix_count(tree: Path) -> None:
    make(tree, "a.cu", "plain.py", "third_party/kernel.py")
    plain = discover([tree])
    (tree / "gen.py").write_text("K = 'needle'")
    (tree / "third_party" / "kernel.py").write_text("K = 'needle'")
    (tree / "link.py").symlink_to(tree / "gen.py")

    class Needles(Reads):
        def wants(self, name: str, data: bytes) -> bool:
            return b"needle" in data

    search = functools.partial(discover, reads=Needles(load_vocabulary()))
    found = search([tree])
    assert rels(discover([tree])) == rels(plain)
    assert rels(found) == sorted([*rels(plain), "gen.py"])
    assert found.skipped == plain.skipped
    assert rels(search([tree], exclude=["gen.py"])) == rels(plain)
    assert "plain.py" in rels(search([tree], include=["plain.py"]))
    assert rels(search([tree / "plain.py"])) == ["plain.py"]


def test_links(tree: Path, tmp_path: Path) -> None:
    make(tmp_path, "outside/o.cu")
    make(tree, "a.cu", "impl.txt")
    (tree / "again.cu").symlink_to("a.cu")
    (tree / "impl.cu").symlink_to("impl.txt")
    (tree / "out.cu").symlink_to(tmp_path / "outside/o.cu")
    (tree / "outdir").symlink_to(tmp_path / "outside")
    (tree / "dead.cu").symlink_to("nowhere")
    (tree / "loop.cu").symlink_to("loop.cu")
    found = discover([tree])
    assert rels(found) == ["a.cu", "impl.txt"]
    assert {(s.path, s.reason) for s in found.skipped} == {
        ("out.cu", "symlink-outside"),
        ("outdir", "symlink-outside"),
        ("dead.cu", "unreadable"),
        ("loop.cu", "unreadable"),
    }
    assert ("again.cu", "a.cu") in found.links
    named = discover([tree / "outdir"], root=tree)
    assert (rels(named), named.skipped[0].reason) == ([], "symlink-outside")


def test_odd_names(tree: Path) -> None:
    raw = os.fsencode(tree) + b"/k\xff.cu"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    (file,) = discover([tree]).files
    assert (file.rel, bytes.fromhex(file.rel_bytes)) == ("k\\xff.cu", b"k\xff.cu")
    assert file.path.read_bytes() == b"x"
    assert (tree / file.fs_rel).read_bytes() == b"x"


def test_root_rule(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    make(top, "src/deep/a.cu", "src/b.cu")
    assert (discover([top / "src/deep/a.cu"]).root, discover([top / "src"]).path_base) == (
        top / "src/deep",
        "argument",
    )
    assert discover([top / "src/deep", top / "src/b.cu"]).root == top / "src"
    git(top, "init", "-q")
    assert (discover([top / "src"]).root, discover([top / "src"]).path_base) == (top, "git")
    (top / "src/pyproject.toml").write_text("[tool.portkit]\n")
    assert (discover([top / "src/deep"]).root, discover([top / "src/deep"]).path_base) == (
        top / "src",
        "config",
    )
    with pytest.raises(PortkitError, match="outside of the root"):
        discover([top / "src/b.cu"], root=top / "src/deep")
    with pytest.raises(PortkitError, match="no such file"):
        discover([top / "none"])


def test_submodule_and_embedded_repository(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    make(top, "a.cu", "sub/s.cu")
    git(top, "init", "-q")
    git(top / "sub", "init", "-q")
    found = discover([top])
    assert rels(found) == ["a.cu"]
    assert [(s.path, s.reason, s.files) for s in found.skipped] == [("sub", "submodule", 1)]
    assert rels(discover([top / "sub"])) == ["s.cu"]


def test_a_hooks_environment_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "one/a.cu", "two/b.cu")
    git(tmp_path / "one", "init", "-q")
    git(tmp_path / "two", "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "two/.git"))
    assert rels(discover([tmp_path / "one"])) == ["a.cu"]


def test_dirty_files(tmp_path: Path) -> None:
    make(tmp_path, "s/a.cu", "s/b.cu", "s/c.cu", "d.cu", "s/new.cu", "s/other.txt", "s/ignored.cu")
    assert dirty_files(tmp_path / "s") is None
    (tmp_path / ".gitignore").write_text("ignored.cu\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "s/a.cu", "s/b.cu", "s/c.cu", "d.cu")
    git(tmp_path, "commit", "-qm", "x")
    among = ["a.cu", "new.cu", "ignored.cu", "absent.cu"]
    assert dirty_files(tmp_path / "s", among) == ["ignored.cu", "new.cu"]
    (tmp_path / "s/b.cu").write_text("y\n")
    (tmp_path / "s/c.cu").unlink()
    (tmp_path / "d.cu").write_text("y\n")
    assert dirty_files(tmp_path / "s") == ["b.cu", "c.cu"]
    assert dirty_files(tmp_path) == ["d.cu", "s/b.cu", "s/c.cu"]


@pytest.mark.parametrize(
    ("names", "read", "skipped"),
    [
        # all sources lie in such a folder: they are the project
        (["vendor/a/x.cu", "vendor/b/y.h", "setup.py"], ["vendor/a/x.cu", "vendor/b/y.h"], []),
        (["pkg/external/cuda/std/copy.h"], ["pkg/external/cuda/std/copy.h"], []),
        # one source beside it is enough
        (["vendor/a/x.cu", "main.cpp"], ["main.cpp"], [("vendor", 1)]),
        (["external_libs/a/x.cu", "m.h"], ["m.h"], [("external_libs", 1)]),
        (["inc/_cccl/cub/x.cuh", "inc/_CCCL/y.h", "m.h"], ["m.h"],
         [("inc/_CCCL", 1), ("inc/_cccl", 1)]),
        (["_cccl/cub/x.cuh", "_cccl/thrust/y.h"], ["_cccl/cub/x.cuh", "_cccl/thrust/y.h"], []),
        (["own_cccl/x.cuh", "cccl/y.cuh", "m.h"], ["cccl/y.cuh", "m.h", "own_cccl/x.cuh"], []),
        # of folders within such folders the outer one is the project then
        (["vendor/p/x.cu", "vendor/p/third_party/q/y.cu"], ["vendor/p/x.cu"],
         [("vendor/p/third_party", 1)]),
        (["vendor/third_party/x.cu"], ["vendor/third_party/x.cu"], []),
        # what a program put there is never the project's own
        (["node_modules/m/x.cu"], [], [("node_modules", 1)]),
        (["build/_deps/cub/x.cuh"], [], [("build/_deps", 1)]),
        (["build/_deps/cccl-src/_cccl/x.cuh", "m.cu"], ["m.cu"], [("build/_deps", 1)]),
        (["venv/lib/site-packages/torch/x.h", "vendor/y.cu"], ["vendor/y.cu"],
         [("venv/lib/site-packages", 1)]),
    ],
)  # fmt: skip
def test_vendored_folders_are_left_out_beside_other_sources(
    tmp_path: Path, names: list[str], read: list[str], skipped: list[tuple[str, int]]
) -> None:
    make(tmp_path, *names)
    found = discover([tmp_path], root=tmp_path)
    assert rels(found) == read
    assert [(s.path, s.files) for s in found.skipped if s.reason == "vendored"] == skipped


def test_in_git_what_is_tracked_counts_and_what_is_ignored_is_counted(tmp_path: Path) -> None:
    """Tracked though a pattern matches; ignored: a file, a folder, what a program put there."""
    git(tmp_path, "init", "-q")
    make(tmp_path, "a.cu", "gen/kept.cu", "gen/more.cu", "out.cu", "notes.txt")
    make(tmp_path, "node_modules/m.cu", "build/_deps/x.cu")
    (tmp_path / "gen/more.cu").write_text("cudaFree(p); cudaMalloc(p, 1);\n")
    (tmp_path / ".gitignore").write_text("gen/\nout.cu\nnode_modules/\nbuild/\n*.txt\n")
    git(tmp_path, "add", "-f", "a.cu", "gen/kept.cu")
    found = discover([tmp_path])
    assert rels(found) == ["a.cu", "gen/kept.cu"]
    assert [(s.path, s.reason, s.files, s.words) for s in found.skipped] == [(".", "ignored", 2, 2)]
