# SPDX-License-Identifier: Apache-2.0
"""Which libclang is loaded: releases are told apart by their version lines, and a library that is
named must be there.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from portkit.languages.cxx.clang.libclang import ENVIRONMENT, Clang


@pytest.mark.parametrize(
    ("line", "major"),
    [
        ("clang version 18.1.1", 18),
        ("Debian clang version 14.0.6", 14),
        ("Ubuntu clang version 16.0.6 (15)", 16),
        ("", 0),
    ],
)
def test_the_release_is_read_off_the_version_line(line: str, major: int) -> None:
    assert Clang(None, line, "wheel").major == major


def test_a_named_library_that_is_missing_is_a_mistake_of_the_user() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portkit", "scan", "--no-cache", __file__],
        env={**os.environ, ENVIRONMENT: "/nowhere/libclang.so"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no such libclang" in done.stderr and "Traceback" not in done.stderr
