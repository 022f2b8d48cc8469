# SPDX-License-Identifier: Apache-2.0
"""Readings that are kept by the bytes of a file."""

from __future__ import annotations

from portkit.languages.kept import kept_by_bytes
from portkit.languages.make.makefile import read_makefile


def test_equal_bytes_are_read_once_and_of_large_files_the_last_is_kept() -> None:
    asked = list[int]()

    @kept_by_bytes
    def read(data: bytes) -> int:
        asked.append(len(data))
        return len(data)

    small, large, other = b"x", b"x" * (20 << 10), b"y" * (20 << 10)
    assert [read(d) for d in (small, bytes(bytearray(small)), large, large)] == [1, 1, 20480, 20480]
    assert asked == [1, 20480]
    assert [read(d) for d in (other, large, small)] == [20480, 20480, 1]
    assert asked == [1, 20480, 20480, 20480]


def test_a_makefile_is_read_once_for_its_reading_and_its_plans() -> None:
    data = b"CC = nvcc\nall: a.cu\n\t$(CC) -o $@ $<\n"
    assert read_makefile(data) is read_makefile(bytes(bytearray(data)))
