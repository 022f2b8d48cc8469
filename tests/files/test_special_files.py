# SPDX-License-Identifier: Apache-2.0
"""Pipes, devices and giants in the places of files: nothing waits, all is told."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.files.compdb import load_compile_database
from portkit.files.compflags import MOST_WORDS
from portkit.files.compiled import Form, keep
from portkit.files.discovery import Discovery
from portkit.files.discovery import discover as _discover
from portkit.files.patterns import MOST
from portkit.files.regular import PATTERNS_BYTES, RESPONSE_BYTES, SETTINGS_BYTES, SOURCE_BYTES
from portkit.files.roots import find_config
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.model.words import Parse
from portkit.rewrite.header import MARK, is_generated
from portkit.run.copy import Copied, write_out_dir
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"),
    reason="this system has no pipes with names",
)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("p.ipe"))
    path.symlink_to("p.ipe")


def giant(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 1 << 40)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "pipe": lambda path: os.mkfifo(path),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to a pipe": link_to_a_pipe,
    "folder": Path.mkdir,
    "giant": giant,
}
each = pytest.mark.parametrize("kind", SPECIAL)


def skipped(found: Discovery) -> set[tuple[str, str]]:
    return {(s.path, s.reason) for s in found.skipped}


@each
@pytest.mark.parametrize("name", ["portkit.toml", "pyproject.toml"])
def test_settings_that_are_no_file_are_an_error_at_once(
    tmp_path: Path,
    name: str,
    kind: str,
) -> None:
    from portkit.config.load import load_config

    SPECIAL[kind](tmp_path / name)
    with pytest.raises(
        PortkitError,
        match=r"cannot read the configuration|cannot be read|is a link out of the tree",
    ) as caught:
        found = find_config(tmp_path)
        assert found is not None
        load_config(found)
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_the_limit_of_settings_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"#" * (SETTINGS_BYTES + 1))
    with pytest.raises(PortkitError, match="larger than 1 MiB"):
        find_config(tmp_path)


@each
@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_lists_of_a_tree_that_git_cannot_tell_of_are_passed_by_and_told(
    tmp_path: Path,
    name: str,
    kind: str,
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub" / "a.cu").write_text("x")
    (tmp_path / "sub" / ".gitignore").write_text("gone.cu\n")
    (tmp_path / "sub" / "gone.cu").write_text("x")
    SPECIAL[kind](tmp_path / name)
    found = discover([tmp_path], root=tmp_path)
    assert [f.rel for f in found.files] == ["sub/a.cu"]
    # a folder is no list: the names in it are files like others
    expected = set() if kind == "folder" and name == ".gitattributes" else {(name, "unreadable")}
    assert skipped(found) == {*expected, (".git", "unreadable")}


def test_an_ignore_file_that_is_a_link_is_not_followed_as_with_git(tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text("x")
    (tmp_path / "list").write_text("*.cu\n")
    (tmp_path / ".gitignore").symlink_to("list")
    (tmp_path / ".git").mkdir()
    found = discover([tmp_path], root=tmp_path)
    assert [f.rel for f in found.files] == ["a.cu"]
    assert skipped(found) == {(".git", "unreadable"), (".gitignore", "unreadable")}


TOO_LONG = {"bytes": b"#" * (PATTERNS_BYTES + 1), "patterns": b"x\n" * (MOST + 1)}


@pytest.mark.parametrize("data", TOO_LONG.values(), ids=TOO_LONG)
def test_an_ignore_file_that_is_too_long_is_told_and_its_files_are_read(
    tmp_path: Path,
    data: bytes,
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "x" / "a.cu").write_text("x")
    (tmp_path / "x" / ".gitignore").write_bytes(data)
    found = discover([tmp_path / "x"], root=tmp_path)
    assert [f.rel for f in found.files] == ["x/a.cu"]
    assert skipped(found) == {("x/.gitignore", "unreadable")}


@pytest.mark.parametrize(
    "lines",
    ["[z-a]", "!", "\\", "/", "[", "a\0b\n\0", "[[:nope:]]", "\\\n!\n[z-a]\n"],
)
def test_a_pattern_of_a_tree_that_git_passes_by_is_passed_by(tmp_path: Path, lines: str) -> None:
    (tmp_path / "k.cu").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / "gone.cu").write_text("x")
    (tmp_path / "made.cu").write_text("x")
    (tmp_path / ".gitignore").write_text(f"{lines}\ngone.cu\n")
    (tmp_path / ".gitattributes").write_text(
        f"{lines} linguist-generated\nmade.cu linguist-generated\n",
    )
    found = discover([tmp_path], root=tmp_path)
    assert [f.rel for f in found.files] == ["k.cu"]
    assert skipped(found) == {(".git", "unreadable"), ("made.cu", "generated")}


@each
def test_a_response_file_that_is_none_is_left_out_and_told(tmp_path: Path, kind: str) -> None:
    SPECIAL[kind](tmp_path / "x.rsp")
    (tmp_path / "y.rsp").write_text("-DY")
    (tmp_path / "compile_commands.json").write_text(
        '[{"file": "a.cu", "command": "nvcc @x.rsp @y.rsp -DZ"}]',
    )
    known = load_compile_database(tmp_path)
    flags = known.flags_for(tmp_path / "a.cu")
    assert flags.defines == ("Y", "Z") and flags.ignored == ("@x.rsp",)
    assert list(known.unread) == [str(tmp_path / "x.rsp")]


@each
def test_a_compile_database_that_is_none_is_an_error(tmp_path: Path, kind: str) -> None:
    SPECIAL[kind](tmp_path / "compile_commands.json")
    with pytest.raises(PortkitError, match="cannot read the compile database"):
        load_compile_database(tmp_path)


def test_response_files_that_name_each_other_many_times_are_read_once(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.rsp").write_text(
            f"-D{'ABCDEFG'[number]} " + f"@{number + 1}.rsp " * 100,
        )
    (tmp_path / "7.rsp").write_text("-DH")
    (tmp_path / "compile_commands.json").write_text('[{"file": "a.cu", "command": "nvcc @0.rsp"}]')
    known = load_compile_database(tmp_path)
    assert known.flags_for(tmp_path / "a.cu").defines == tuple("ABCDEFGH") and not known.unread


def test_a_command_that_is_far_too_long_is_cut_and_told(tmp_path: Path) -> None:
    (tmp_path / "x.rsp").write_text("-DA " * MOST_WORDS)
    assert (tmp_path / "x.rsp").stat().st_size < RESPONSE_BYTES
    (tmp_path / "compile_commands.json").write_text(
        '[{"file": "a.cu", "command": "nvcc -DB @x.rsp -DC"}]',
    )
    known = load_compile_database(tmp_path)
    assert known.flags_for(tmp_path / "a.cu").defines == ("B", "A")
    assert list(known.unread.values()) == [f"more than {MOST_WORDS} words"]


def test_a_source_over_the_limit_is_a_finding_of_severity_error(tmp_path: Path) -> None:
    (tmp_path / "big.cu").write_bytes(b"")
    os.truncate(tmp_path / "big.cu", SOURCE_BYTES + 1)
    (tmp_path / "big.py").write_bytes(b"")
    os.truncate(tmp_path / "big.py", SOURCE_BYTES + 1)
    (tmp_path / "a.cu").write_text("int x;\n")
    os.mkfifo(tmp_path / "p.cu")
    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1))
    files = {f.path: f for f in tree.scan.files}
    assert {path: f.parse for path, f in files.items()} == {
        "a.cu": Parse.CLANG,
        "big.cu": Parse.FAILED,
        "big.py": Parse.FAILED,
    }
    for name in ("big.cu", "big.py"):
        assert files[name].size == SOURCE_BYTES + 1
        assert [(i.rule, i.args["reason"]) for i in files[name].issues] == [
            ("PK900", "larger than 64 MiB"),
        ]
        assert tree.read(name) == b""
    assert [(s.path, s.reason) for s in tree.scan.skipped] == [("p.cu", "unreadable")]


def test_a_source_that_becomes_a_pipe_while_portkit_runs_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from portkit.run import pipeline
    from portkit.run.tree_files import find_files

    (tmp_path / "a.cu").write_text("int x;\n")
    found = find_files([tmp_path], ScanOptions(root=tmp_path))
    (tmp_path / "a.cu").unlink()
    os.mkfifo(tmp_path / "a.cu")
    monkeypatch.setattr(pipeline, "find_files", lambda paths, options: found)
    tree = scan_paths([tmp_path], ScanOptions(root=tmp_path, jobs=1))
    assert tree.scan.files == () and [(s.path, s.reason) for s in tree.scan.skipped] == [
        ("a.cu", "unreadable"),
    ]


def test_a_copy_holds_regular_files_and_says_what_it_leaves_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from portkit.run import copy

    monkeypatch.setattr(copy, "_AT_ONCE", 100)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.cu").write_text("int x;\n")
    (tree / "data.bin").write_bytes(bytes(range(256)) * 3)
    (tree / "data.bin").chmod(0o640)
    os.mkfifo(tree / "p.cu")
    os.mkfifo(tree / "p.txt")
    (tree / "link").symlink_to("data.bin")
    made = write_out_dir(tmp_path / "out", discover([tree], root=tree), (), ())
    assert made == Copied(3, ("p.cu", "p.txt"))
    assert (tmp_path / "out" / "data.bin").read_bytes() == bytes(range(256)) * 3
    assert (tmp_path / "out" / "data.bin").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.cu", "data.bin", "link"]


@each
def test_a_header_of_ours_is_told_by_a_regular_file_only(tmp_path: Path, kind: str) -> None:
    SPECIAL[kind](tmp_path / "x.h")
    assert not is_generated(tmp_path / "x.h")
    (tmp_path / "y.h").write_text(MARK)
    assert is_generated(tmp_path / "y.h")


@each
def test_a_table_in_the_cache_that_is_no_file_is_as_good_as_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = tmp_path / "source"
    source.write_text("x")
    os.utime(source, (1, 1))
    monkeypatch.setattr("portkit.files.compiled._SETTLED_SECONDS", -1e9)
    Form("test", tmp_path, [source]).remember(lambda: [1, 2])
    keep()
    (kept,) = (tmp_path / "portkit").glob("tables-*.bin")
    assert Form("test", tmp_path, [source]).recall(list[int]) == [1, 2]
    kept.unlink()
    SPECIAL[kind](kept)
    assert Form("test", tmp_path, [source]).recall(list[int]) is None
