# SPDX-License-Identifier: Apache-2.0
"""Reading what a tree names: regular files within a limit, and nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.files.compflags import MOST_WORDS
from portkit.files.patterns import MOST
from portkit.files.regular import (
    BASELINE_BYTES,
    DATABASE_BYTES,
    MAP_BYTES,
    PATTERNS_BYTES,
    RESPONSE_BYTES,
    SCAN_BYTES,
    SETTINGS_BYTES,
    SOURCE_BYTES,
    NotRegularError,
    TooLargeError,
    open_regular,
    read_regular,
    read_start,
    shown_size,
)

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
LIMIT = 100


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(path))


KINDS: dict[str, Callable[[Path], object]] = {
    "a pipe": pipe,
    "a socket": listen,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
}


@posix
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_named_and_not_waited_for(
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    KINDS[kind](Path("it"))
    for read in (lambda p: read_regular(p, LIMIT), lambda p: read_start(p, 1), open_regular):
        with pytest.raises(NotRegularError, match=f"{kind}, not a regular file"):
            read(Path("it"))
    Path("link").symlink_to("it")
    with pytest.raises(NotRegularError, match=kind):
        read_regular("link", LIMIT)


@posix
def test_a_file_that_becomes_a_pipe_between_look_and_open_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "it").write_bytes(b"x")
    real = os.open

    def swapped(path: str, flags: int, *more: int) -> int:
        (tmp_path / "it").unlink()
        os.mkfifo(tmp_path / "it")
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(NotRegularError, match="a pipe"):
        read_regular(tmp_path / "it", LIMIT)


def test_the_limit_holds_to_the_byte(tmp_path: Path) -> None:
    for size in (0, 1, LIMIT - 1, LIMIT):
        (tmp_path / "it").write_bytes(b"x" * size)
        assert read_regular(tmp_path / "it", LIMIT) == b"x" * size
    (tmp_path / "it").write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(TooLargeError, match="larger than 100 bytes") as caught:
        read_regular(tmp_path / "it", LIMIT)
    assert caught.value.size == LIMIT + 1
    with pytest.raises(TooLargeError, match="larger than 2 KiB"):
        os.truncate(tmp_path / "it", 1 << 40)
        read_regular(tmp_path / "it", 2048)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="this system has no /proc")
def test_a_file_that_does_not_know_its_size_is_read_to_its_end_or_the_limit() -> None:
    assert os.stat("/proc/self/status").st_size == 0  # noqa: PTH116
    assert b"Name:" in read_regular("/proc/self/status", 1 << 20)
    with pytest.raises(TooLargeError):
        read_regular("/proc/self/status", 10)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000])
def test_a_name_that_no_file_can_have_is_an_error_of_the_system(name: str) -> None:
    with pytest.raises(OSError):
        read_regular(name, LIMIT)


def test_links_are_followed_unless_not_wanted(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"x")
    (tmp_path / "link").symlink_to("it")
    assert read_regular(tmp_path / "link", LIMIT) == b"x"
    with pytest.raises(NotRegularError, match="a link"):
        read_regular(tmp_path / "link", LIMIT, follow=False)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError):
        read_regular(tmp_path / "loop", LIMIT)


@pytest.mark.parametrize("page", ["limits.md", "limits.zh.md"])
def test_the_limits_are_those_of_the_page(repository: Path, page: str) -> None:
    text = (repository / "docs" / page).read_text(encoding="utf-8")
    rows = [row.split("|") for row in text.splitlines()]
    told = [row[2].strip() for row in rows if len(row) == 4 and "iB" in row[2]]
    sizes = (
        SOURCE_BYTES,
        SETTINGS_BYTES,
        PATTERNS_BYTES,
        MAP_BYTES,
        BASELINE_BYTES,
        DATABASE_BYTES,
        RESPONSE_BYTES,
        SCAN_BYTES,
    )
    assert len(told) == len(sizes)
    assert all(text.startswith(shown_size(size)) for text, size in zip(told, sizes, strict=True))
    assert str(MOST) in told[2] and str(MOST_WORDS) in told[6]


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"x" * 200)
    probe = os.open(tmp_path, os.O_RDONLY)
    os.close(probe)
    for _ in range(3):
        with pytest.raises(TooLargeError):
            read_regular(tmp_path / "it", LIMIT)
        with pytest.raises(NotRegularError):
            read_regular(tmp_path, LIMIT)
        assert read_start(tmp_path / "it", 3) == b"xxx"
    again = os.open(tmp_path, os.O_RDONLY)
    os.close(again)
    assert again == probe
