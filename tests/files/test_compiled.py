# SPDX-License-Identifier: Apache-2.0
"""Compiled tables: what they give is what the tables say, whatever became of the kept files."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.files import compiled
from portkit.files.compiled import Form, keep, kept_files
from portkit.model.words import Kind
from portkit.targets.target import Target, load_target
from portkit.vocab.data import mappings_folder
from portkit.vocab.packed import PackedRows
from portkit.vocab.tables import Rows
from portkit.vocab.vocabulary import Vocabulary
from specs import each_target

CUDA = mappings_folder() / "cuda"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled, "_SETTLED_SECONDS", -1e9)  # however fresh the checkout is
    monkeypatch.setattr(compiled, "_waiting", {})
    return tmp_path / "cache" / "portkit"


def small(folder: Path) -> Path:
    """Make a small vocabulary."""
    folder.mkdir()
    for name in ("vocabulary.toml", "curand.csv", "device.csv"):
        (folder / name).write_bytes((CUDA / name).read_bytes())
    return folder


def facts_of(vocabulary: Vocabulary) -> object:
    return (
        vocabulary.digest,
        {name: vocabulary.get(name) for name in sorted(vocabulary.names)},
        vocabulary.shape_of("cudaXyz"),
    )


def rows_of(target: Target) -> object:
    keys = [*target.table.lines, *target.table.bulk][::7]
    rows = [target.row(key.rpartition(":")[2], Kind.FUNCTION) for key in keys]
    return (
        target.digest,
        target.profile,
        target.facts,
        target.features,
        target.missing,
        target.sources,
        target.recipes,
        rows,
    )


def test_nothing_is_written_before_keep(cache: Path) -> None:
    Vocabulary(CUDA)
    load_target("musa")
    assert not cache.exists()
    keep()
    assert {"tables-vocabulary", "tables-target-musa"} <= {
        p.name.rpartition("-")[0] for p in kept_files()
    }


def test_a_whole_vocabulary_is_the_same_packed() -> None:
    read = Vocabulary(CUDA)
    keep()
    kept = Vocabulary(CUDA)
    assert isinstance(read._rows, Rows)
    assert isinstance(kept._rows, PackedRows)
    assert kept.digest == read.digest
    assert kept.names == read.names
    assert all(kept._rows.get(name) == read._rows.get(name) for name in read.names)
    assert not [
        name for name in ("", "a", "cudaNothing", "cudaMalloc,function", "\udc80") if name in kept
    ]


@pytest.mark.parametrize("spec", each_target())
def test_a_target_is_the_same_compiled(spec: str, cache: Path) -> None:
    read = load_target(spec)
    keep()
    assert any(p.name.startswith(f"tables-target-{spec}-") for p in kept_files())
    assert rows_of(load_target(spec)) == rows_of(read)


def test_what_an_sdk_proves_is_not_kept() -> None:
    target = load_target("maca")
    before = target.digest
    target.prove(["mcMalloc"], "digest", "an SDK", {})
    keep()
    again = load_target("maca")
    assert again.digest == before
    assert "sdk" not in again.sources


def test_a_changed_table_is_read_anew(tmp_path: Path) -> None:
    folder = small(tmp_path / "small")
    before = Vocabulary(folder)
    keep()
    table = folder / "curand.csv"
    lines = table.read_text(encoding="utf-8").split("\n")
    table.write_text("\n".join([lines[0], *lines[2:]]), encoding="utf-8", newline="\n")
    after = Vocabulary(folder)
    assert len(after.names) == len(before.names) - 1
    assert after.digest != before.digest
    (folder / "curand.csv").unlink()
    assert len(Vocabulary(folder).names) < len(after.names)


def test_a_table_that_changed_just_now_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_SETTLED_SECONDS", 1e9)
    Vocabulary(small(tmp_path / "small"))
    keep()
    assert not kept_files()


def spoil(make: Callable[[], object], times: int, seed: int) -> None:
    """Cut and change the kept files at random; `make` must give the same each time."""
    wanted = make()
    keep()
    whole = {p: p.read_bytes() for p in kept_files()}
    assert whole
    assert make() == wanted
    draw = random.Random(seed)
    for turn in range(times):
        for path, data in whole.items():
            broken = bytearray(data)
            start = draw.randrange(len(data))
            if turn % 2:
                del broken[start:]
            else:
                broken[start : start + 40] = draw.randbytes(40)
            path.write_bytes(broken)
        assert make() == wanted
        compiled._waiting.clear()


def test_a_vocabulary_cut_or_changed_anywhere_gives_the_same(tmp_path: Path) -> None:
    folder = small(tmp_path / "small")
    spoil(lambda: facts_of(Vocabulary(folder)), 100, 7)


def test_a_target_cut_or_changed_anywhere_gives_the_same() -> None:
    spoil(lambda: rows_of(load_target("biren@gen1")), 20, 8)


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", b"\x90", b"\xa1x", b"\xdf\xff\xff\xff\xff", b"\x94\x01\x02\x03\x04"]
)
def test_a_form_of_another_shape_is_not_there(tmp_path: Path, body: bytes) -> None:
    folder = small(tmp_path / "small")
    wanted = facts_of(Vocabulary(folder))
    keep()
    (path,) = kept_files()
    stamp = path.read_bytes()[: compiled._STAMP_BYTES]
    path.write_bytes(stamp + compiled._sum(body) + body)
    assert facts_of(Vocabulary(folder)) == wanted


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no POSIX permissions here")
def test_a_form_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("x")
    form = Form("thing", tmp_path, [source])
    form.remember(lambda: "kept")
    keep()
    (path,) = kept_files()
    assert Form("thing", tmp_path, [source]).recall(str) == "kept"
    path.chmod(0o622)
    assert Form("thing", tmp_path, [source]).recall(str) is None


def test_a_folder_that_cannot_be_made_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    Vocabulary(small(tmp_path / "small"))
    keep()
    assert not kept_files()
