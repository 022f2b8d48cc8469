# SPDX-License-Identifier: Apache-2.0
"""The cache: what it keeps, what makes an entry worthless, and that a broken file changes no
result.
"""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import msgspec
import pytest

from depth import many
from portkit.languages.cxx.project import keys
from portkit.model.reading import Scan
from portkit.model.words import Rung
from portkit.run.cache import NAME, Cache, cache_folder
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.run.tree import Tree
from portkit.vocab.vocabulary import load_vocabulary

KERNEL = """#include "common.h"
__global__ void scale(float *x) { x[threadIdx.x] *= FACTOR; }
int main() { float *d; cudaMalloc(&d, 4); scale<<<1, 1>>>(d); return 0; }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in "abc":
        (tree / f"{name}.cu").write_text(KERNEL.replace("scale", f"scale_{name}"))
    (tree / "other.cu").write_text("int main() { return cudaDeviceSynchronize(); }\n")
    (tree / "common.h").write_text("#pragma once\n#define FACTOR 2\n")
    return tree


def read(folder: Path, cache: bool = True, rung: Rung = Rung.CLANG) -> Tree:
    return scan_paths([folder], ScanOptions(root=folder, jobs=1, rung=rung, cache=cache))


def encoded(scan: Scan) -> bytes:
    return msgspec.msgpack.encode(scan)


def test_second_run_takes_every_file_from_the_cache(folder: Path) -> None:
    first, second = read(folder), read(folder)
    assert (first.reused, second.reused) == (0, 5)
    assert encoded(first.scan) == encoded(second.scan) == encoded(read(folder, cache=False).scan)


def test_no_cache_neither_reads_nor_writes(folder: Path) -> None:
    read(folder, cache=False)
    assert not cache_folder().exists()
    read(folder)
    assert read(folder, cache=False).reused == 0


def test_changed_header_reads_itself_and_its_includers_again(folder: Path) -> None:
    read(folder)
    (folder / "common.h").write_text("#pragma once\n#define FACTOR 2\n#define MORE\n")
    again = read(folder)
    assert again.parsed == ("a.cu", "b.cu", "c.cu")
    assert again.reused == 4  # what Clang said of the three is what it said before
    (folder / "common.h").write_text("#pragma once\n#define FACTOR 3\ntypedef int cudaError_t;\n")
    again = read(folder)
    assert again.parsed == ("a.cu", "b.cu", "c.cu") and "other.cu" not in again.parsed
    assert encoded(again.scan) == encoded(read(folder, cache=False).scan)


def test_changed_file_reads_only_itself_again(folder: Path) -> None:
    assert read(folder).parsed == ("a.cu", "b.cu", "c.cu", "other.cu")
    (folder / "other.cu").write_text("int main() { return cudaDeviceReset(); }\n")
    again = read(folder)
    assert (again.reused, again.parsed) == (4, ("other.cu",))


def test_copy_of_the_tree_elsewhere_finds_its_results(folder: Path, tmp_path: Path) -> None:
    read(folder)
    folder.rename(tmp_path / "moved")
    assert read(tmp_path / "moved").reused == 5


def test_header_that_appears_where_it_was_looked_for_counts(folder: Path, tmp_path: Path) -> None:
    """The header lies outside of what is scanned: only Clang meets it."""
    (folder / "a.cu").write_text(
        '#include "../late.h"\nvoid f() { cudaStream_t s; cudaFree(s); }\n'
    )
    read(folder)
    assert read(folder).reused == 5
    (tmp_path / "late.h").write_text("typedef int cudaStream_t;\n")
    late = read(folder)
    assert (late.reused, late.parsed) == (4, ("a.cu",))
    (tmp_path / "late.h").write_text("typedef long cudaStream_t;\n")
    assert read(folder).parsed == ("a.cu",)
    assert encoded(read(folder).scan) == encoded(read(folder, cache=False).scan)


def test_rung_and_flags_are_part_of_the_key(folder: Path) -> None:
    from portkit.languages.cxx.values.reading import UnitFlags

    read(folder)
    assert read(folder, rung=Rung.LEX).reused == 0
    options = ScanOptions(root=folder, jobs=1, cache=True, flags=UnitFlags(defines=("FACTOR=5",)))
    assert scan_paths([folder], options).parsed == ("a.cu", "b.cu", "c.cu", "other.cu")


def test_cache_truncated_anywhere_gives_the_same_output(folder: Path) -> None:
    wanted = encoded(read(folder, rung=Rung.LEX).scan)
    file = cache_folder() / NAME
    whole, draw = file.read_bytes(), random.Random(7)
    for _ in range(many(60)):
        for extra in cache_folder().iterdir():
            extra.unlink()
        file.write_bytes(whole[: draw.randrange(len(whole))])
        assert encoded(read(folder, rung=Rung.LEX).scan) == wanted


def test_cache_with_bytes_changed_gives_the_same_output(folder: Path) -> None:
    wanted = encoded(read(folder, rung=Rung.LEX).scan)
    file = cache_folder() / NAME
    whole, draw = file.read_bytes(), random.Random(8)
    for _ in range(60):
        for extra in cache_folder().iterdir():
            extra.unlink()
        broken = bytearray(whole)
        start = draw.randrange(len(whole))
        broken[start : start + 40] = draw.randbytes(40)
        file.write_bytes(broken[: len(whole)])
        assert encoded(read(folder, rung=Rung.LEX).scan) == wanted


def test_locked_cache_stops_no_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portkit.run.cache._WAIT_SECONDS", 0.05)
    wanted = encoded(read(folder).scan)
    holder = sqlite3.connect(cache_folder() / NAME, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert encoded(read(folder).scan) == wanted
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_cache_folder_that_cannot_be_made_stops_no_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert read(folder).reused == 0


def test_bound_evicts_what_was_not_used_for_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000_000]
    monkeypatch.setattr("portkit.run.cache.time.time", lambda: clock[0])
    monkeypatch.setenv("PORTKIT_CACHE_BYTES", "400000")
    keys = [bytes([i]) * 16 for i in range(8)]
    for key in keys:
        clock[0] += 100_000
        cache = Cache(tmp_path)
        cache.put({key: key * 5000})
        cache.get([keys[0]])
        cache.close()
    cache = Cache(tmp_path)
    kept = cache.get(keys)
    assert keys[0] in kept and keys[-1] in kept and keys[1] not in kept
    assert all(value == key * 5000 for key, value in kept.items())
    assert cache.info().size <= 400_000
    cache.close()


def test_two_writers_at_once(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    for i in range(50):
        one.put({b"one%d" % i: b"1"})
        two.put({b"two%d" % i: b"2"})
    assert (
        len(one.get([b"one%d" % i for i in range(50)]))
        == len(one.get([b"two%d" % i for i in range(50)]))
        == 50
    )
    one.close()
    two.close()


def test_info_and_clear(folder: Path) -> None:
    read(folder)
    cache = Cache()
    info = cache.info()
    assert info.entries > 0 and info.size > 0
    assert cache.clear() > 0
    assert Cache().info().entries == 0


def test_another_grammar_is_another_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the syntax rung says depends on its grammar: scans of another version are not taken."""
    found = keys.grammar()
    assert [n.split("-")[0] for n in found] == ["tree_sitter", "tree_sitter_cuda"]
    before = keys.scan_stamp(load_vocabulary(), "", "syntax")
    monkeypatch.setattr(keys, "grammar", lambda: ("tree_sitter-0.0.1.dist-info", found[1]))
    assert keys.scan_stamp(load_vocabulary(), "", "syntax") != before
