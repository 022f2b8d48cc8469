# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import random
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls import calls_of
from portkit.rewrite.change import Change
from portkit.rewrite.diff import unified_diff

_LINE = st.sampled_from(
    [
        b"a\n",
        b"b\r\n",
        b"\n",
        b"c d \t\n",
        b"\xc4\xe3\n",
        b"\xff\0\n",
        b"--- x\n",
        b"@@ -1 +1 @@\n",
        b"\r",
        b"tail",
    ]
)
_CONTENT = st.lists(_LINE, max_size=14).map(b"".join)


def git_apply(folder: Path, patch: bytes) -> None:
    done = subprocess.run(
        ["git", "apply", "-"], cwd=folder, input=patch, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr, patch)


@settings(max_examples=60, deadline=None)
@given(_CONTENT, _CONTENT, st.booleans())
def test_git_takes_it(before: bytes, after: bytes, moved: bool) -> None:
    if before == after and not moved:
        assert unified_diff([Change("f", before, after)]) == b""
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "f x").write_bytes(before)
        change = Change("f x", before, after, "sub/g" if moved else "")
        git_apply(folder, unified_diff([change]))
        assert (folder / change.destination).read_bytes() == after
        assert not moved or not (folder / "f x").exists()


@pytest.mark.parametrize(
    "name",
    [
        b"a b.cu",
        "核.cu".encode(),
        b'q"u\\o.cu',
        b"tab\tnl\n.cu",
        b"odd\xff.cu",
        b" lead ",
        b"d r/a b",
    ],
)
def test_names(tmp_path: Path, name: bytes) -> None:
    rel = os.fsdecode(name)
    (tmp_path / rel).parent.mkdir(exist_ok=True)
    (tmp_path / rel).write_bytes(b"1\n2\n")
    git_apply(tmp_path, unified_diff([Change(rel, b"1\n2\n", b"1\n3\n")]))
    assert (tmp_path / rel).read_bytes() == b"1\n3\n"
    git_apply(tmp_path, unified_diff([Change(rel, b"1\n3\n", b"1\n4\n", rel + ".mu")]))
    assert (tmp_path / (rel + ".mu")).read_bytes() == b"1\n4\n"


def test_mode_stays(tmp_path: Path) -> None:
    (tmp_path / "x.cu").write_bytes(b"1\n")
    (tmp_path / "x.cu").chmod(0o755)
    git_apply(tmp_path, unified_diff([Change("x.cu", b"1\n", b"2\n", "x.mu")]))
    assert (tmp_path / "x.mu").stat().st_mode & 0o777 == 0o755


def test_a_big_file_takes_a_few_calls_a_line(tmp_path: Path) -> None:
    chance = random.Random(1)
    old = [
        b"line %d of %d;\n" % (chance.randrange(3000), chance.randrange(9)) for _ in range(60_000)
    ]
    new = [b"call();\n" if chance.random() < 0.05 else line for line in old]
    new[10:10] = [b"#include <one>\n"]
    before, after = b"".join(old), b"".join(new)
    patch, calls = calls_of(lambda: unified_diff([Change("big.cu", before, after)]))
    assert calls < 8 * len(old)
    (tmp_path / "big.cu").write_bytes(before)
    git_apply(tmp_path, patch)
    assert (tmp_path / "big.cu").read_bytes() == after
