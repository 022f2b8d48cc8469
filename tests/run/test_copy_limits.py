# SPDX-License-Identifier: Apache-2.0
"""`--out-dir`: how large a file of the tree may be, holes, and what a killed run left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portkit.cli.main import run_line
from portkit.run import copy


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    (root / "a.cu").write_text("void f(void *p) { cudaFree(p); }\n")
    return root


def migrate(tree: Path) -> Path:
    out = tree.parent / "out"
    assert (
        run_line(
            [
                "migrate",
                str(tree),
                "--root",
                str(tree),
                "--to",
                "musa",
                "--out-dir",
                str(out),
                "-j",
                "1",
            ]
        )
        == 0
    )
    return out


def sparse(path: Path, size: int, **data: bytes) -> None:
    """Make a file of holes, with some bytes at `at_N`."""
    path.touch()
    os.truncate(path, size)
    with path.open("r+b") as file:
        for at, piece in data.items():
            file.seek(int(at.removeprefix("at_")))
            file.write(piece)


@pytest.mark.parametrize("name", ["model.bin", "sub/big.dat", "escape\x1b.bin"])
def test_a_file_over_the_limit_is_left_out_and_told(
    name: str, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sparse(tree / name, 6 << 30)
    out = migrate(tree)
    assert not (out / name).exists()
    assert (out / "a.cu").exists()
    said = capsys.readouterr().err
    assert "left out, larger than 1 GiB: " in said
    assert "\x1b" not in said


def test_several_are_counted(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        sparse(tree / f"{number}.bin", copy.LARGEST + 1)
    migrate(tree)
    assert "larger than 1 GiB: 0.bin (and 2 more)" in capsys.readouterr().err


CASES = {
    "nothing but a hole": (300 << 20, {}),
    "bytes at the start": (200 << 20, {"at_0": b"start"}),
    "bytes in the middle": (200 << 20, {"at_104857600": b"middle" * 9999}),
    "bytes at the end": ((200 << 20) + 3, {f"at_{200 << 20}": b"end"}),
}


@pytest.mark.parametrize("case", CASES)
def test_holes_stay_holes(case: str, tree: Path) -> None:
    size, data = CASES[case]
    sparse(tree / "s.bin", size, **data)
    copied = migrate(tree) / "s.bin"
    assert copied.stat().st_size == size
    assert copied.stat().st_blocks * 512 <= (tree / "s.bin").stat().st_blocks * 512 + (4 << 20)
    with copied.open("rb") as file:
        for at, piece in data.items():
            file.seek(int(at.removeprefix("at_")))
            assert file.read(len(piece)) == piece


def test_a_system_without_holes(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "SEEK_DATA", raising=False)
    monkeypatch.setattr(copy, "_AT_ONCE", 1 << 10)
    content = os.urandom((3 << 20) + 7)
    (tree / "d.bin").write_bytes(content)
    assert (migrate(tree) / "d.bin").read_bytes() == content


def test_what_a_killed_run_left_is_not_copied(tree: Path) -> None:
    left = [".portkit-0123456789abcdef.tmp", "sub/.portkit-fedcba9876543210.tmp"]
    kept = [
        ".portkit-notes.tmp",
        "portkit-0123456789abcdef.tmp",
        ".portkit-0123456789abcdef.tmp.cu",
    ]
    for name in (*left, *kept):
        (tree / name).write_text("x\n")
    out = migrate(tree)
    assert [name for name in left if (out / name).exists()] == []
    assert all((out / name).exists() for name in kept)
