# SPDX-License-Identifier: Apache-2.0
"""A cache that others could have written, or made to hurt: it is not believed, that is said once,
and no result changes.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from portkit.model.reading import FileScan
from portkit.model.words import Rung
from portkit.run import cache as module
from portkit.run.cache import BOUND_BYTES, NAME, Cache, bound, cache_folder
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions

as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cache that knows a tree; the tree lies beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(module, "_said", set())
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.cu").write_text("int main() { return cudaDeviceSynchronize(); }\n")
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    return cache_folder()


def names(tmp_path: Path) -> list[str]:
    """Return what a run finds in the tree."""
    tree = tmp_path / "tree"
    return [
        r.name
        for f in scan_paths(
            [tree], ScanOptions(root=tree, rung=Rung.LEX, jobs=1, cache=True)
        ).scan.files
        for r in f.references
    ]


def poison(folder: Path) -> None:
    """Have every scan of a file say that it holds nothing."""
    db = sqlite3.connect(folder / NAME)
    with db:
        for key, value in db.execute("SELECT key, value FROM entries").fetchall():
            try:
                scan = msgspec.msgpack.decode(value[8:], type=FileScan)
            except msgspec.MsgspecError:
                continue
            emptied = msgspec.msgpack.encode(msgspec.structs.replace(scan, references=()))
            db.execute(
                "UPDATE entries SET value = ? WHERE key = ?",
                (module._check(key, emptied) + emptied, key),
            )
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]


def test_the_poison_works_where_it_is_believed(folder: Path, tmp_path: Path) -> None:
    poison(folder)
    assert names(tmp_path) == []


@pytest.mark.parametrize("mode", [0o666, 0o660, 0o602])
def test_a_file_that_others_can_write_begins_anew(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    poison(folder)
    (folder / NAME).chmod(mode)
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    assert said(caplog) == [f"the cache begins anew: {folder / NAME} can be written by others"]
    caplog.clear()
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    assert said(caplog) == [] and Cache().info().unused == ""


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_a_file_beside_it_counts_as_much(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    poison(folder)
    (folder / (NAME + end)).touch()
    (folder / (NAME + end)).chmod(0o666)
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    assert said(caplog) == [
        f"the cache begins anew: {folder / (NAME + end)} can be written by others"
    ]


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_folder_that_others_can_write_is_not_used(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    poison(folder)
    before = (folder / NAME).read_bytes()
    folder.chmod(mode)
    for _ in range(2):
        assert names(tmp_path) == ["cudaDeviceSynchronize"]
    why = f"{folder} can be written by others (chmod go-w)"
    assert said(caplog) == [f"the cache is not used: {why}"]
    assert Cache().info().unused == why
    assert (folder / NAME).read_bytes() == before


@as_root
@pytest.mark.parametrize("what", ["file", "folder", "link", "above"])
def test_what_belongs_to_another_user(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    poison(folder)
    place = {"file": folder / NAME, "folder": folder, "above": folder.parent}.get(what)
    if place is None:
        (tmp_path / "theirs").symlink_to(tmp_path / "xdg")
        os.environ["XDG_CACHE_HOME"] = str(tmp_path / "theirs")
        place = tmp_path / "theirs"
    os.chown(place, 65534, 65534, follow_symlinks=False)
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    assert (
        len(said(caplog)) == 1
        and "another user" in said(caplog)[0]
        and str(place) in said(caplog)[0]
    )


@as_root
def test_a_folder_that_somebody_made_first_in_a_place_for_all(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(folder)
    place = tmp_path / "for-all"
    place.mkdir()
    place.chmod(0o1777)
    folder.rename(place / "portkit")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    for path in (place / "portkit", *(place / "portkit").iterdir()):
        os.chown(path, 65534, 65534)
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    for path in (place / "portkit", *(place / "portkit").iterdir()):
        os.chown(path, 0, 0)
    assert names(tmp_path) == []  # one's own there is as good as elsewhere


def make_view(db: sqlite3.Connection) -> None:
    db.execute("DROP TABLE entries")
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
        "randomblob(16), randomblob(99), i FROM n"
    )
    db.execute(f"CREATE VIEW entries (key, value, used) AS {endless}")


def make_trigger(db: sqlite3.Connection) -> None:
    db.execute("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END")


def make_other_table(db: sqlite3.Connection) -> None:
    db.execute("DROP TABLE entries")
    db.execute("CREATE TABLE entries (key, value, used)")


def make_virtual_table(db: sqlite3.Connection) -> None:
    db.execute("DROP TABLE entries")
    db.execute("CREATE VIRTUAL TABLE entries USING fts5(key, value, used)")


def make_huge_value(db: sqlite3.Connection) -> None:
    db.execute("UPDATE entries SET value = zeroblob(?)", (module._MOST_BYTES + 1,))


def make_words(db: sqlite3.Connection) -> None:
    db.execute("UPDATE entries SET value = 7, used = 'x'")


def make_deep(db: sqlite3.Connection) -> None:
    deep = b"\x91" * 100_000 + b"\xc0"
    for (key,) in db.execute("SELECT key FROM entries").fetchall():
        db.execute(
            "UPDATE entries SET value = ? WHERE key = ?", (module._check(key, deep) + deep, key)
        )


@pytest.mark.parametrize(
    "make",
    [
        make_view,
        make_trigger,
        make_other_table,
        make_virtual_table,
        make_huge_value,
        make_words,
        make_deep,
    ],
    ids=lambda f: f.__name__,
)
def test_a_file_of_ones_own_with_something_else_in_it(
    folder: Path, tmp_path: Path, make: Callable[[sqlite3.Connection], None]
) -> None:
    db = sqlite3.connect(folder / NAME)
    make(db)
    db.commit()
    db.close()
    for _ in range(2):
        assert names(tmp_path) == ["cudaDeviceSynchronize"]
    assert Cache().info().entries > 0


@pytest.mark.parametrize("end", ["", "-wal", "-journal"])
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_is_neither_read_nor_written(
    folder: Path, tmp_path: Path, kind: str, end: str
) -> None:
    path, other = folder / (NAME + end), tmp_path / "other"
    other.write_text("somebody's")
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(other)
    assert names(tmp_path) == ["cudaDeviceSynchronize"]
    assert other.read_text() == "somebody's" and stat.S_ISREG((folder / NAME).lstat().st_mode)


def test_no_more_is_read_than_the_cache_may_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [bytes([n]) * 16 for n in range(20)]
    cache = Cache(tmp_path)
    cache.put({key: key * 1000 for key in keys})
    cache.close()
    monkeypatch.setenv("PORTKIT_CACHE_BYTES", "100000")
    assert 0 < len(Cache(tmp_path).get(keys)) < 7


def test_an_entry_larger_than_any_honest_one_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 1000)
    cache = Cache(tmp_path)
    cache.put({b"a" * 16: b"x" * 2000, b"b" * 16: b"y"})
    assert cache.get([b"a" * 16, b"b" * 16]) == {b"b" * 16: b"y"}
    cache.close()


def test_a_question_without_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    cache.put({n.to_bytes(16): b"x" for n in range(5000)})
    monkeypatch.setattr(module, "_MOST_SECONDS", -1.0)
    monkeypatch.setattr(module, "_STEPS", 1)
    again = Cache(tmp_path)
    assert again.get([n.to_bytes(16) for n in range(5000)]) == {}
    monkeypatch.undo()
    assert len(Cache(tmp_path).get([n.to_bytes(16) for n in range(5000)])) == 5000


@pytest.mark.parametrize("umask", [0, 0o002, 0o077])
def test_new_files_are_ones_own_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    usual = os.umask(umask)
    try:
        cache = Cache()
        cache.put({b"k": b"v"})
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in cache_folder().iterdir()}
        cache.close()
    finally:
        os.umask(usual)
    assert {NAME, NAME + "-wal", NAME + "-shm"} <= modes.keys() and set(modes.values()) == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (cache_folder(), cache_folder().parent)} == {
        0o700
    }


@pytest.mark.parametrize(
    "text", ["²", "x", "-1", "1e9", "1_000", "10GB", "0x10", "٣", "9" * 5000, "1.5", "1 000"]
)
def test_a_bound_that_is_no_number_is_said_and_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    monkeypatch.setenv("PORTKIT_CACHE_BYTES", text)
    monkeypatch.setattr(module, "_said", set())
    assert bound() == bound() == BOUND_BYTES
    assert said(caplog) == [
        f"PORTKIT_CACHE_BYTES is no number of bytes; the cache may take {BOUND_BYTES}"
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", BOUND_BYTES), ("  ", BOUND_BYTES), ("0", 0), (" 500 ", 500), ("007", 7)],
)
def test_a_bound_that_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str, wanted: int
) -> None:
    monkeypatch.setenv("PORTKIT_CACHE_BYTES", text)
    assert bound() == wanted
    assert said(caplog) == []


def test_the_command_says_why(folder: Path, tmp_path: Path, portkit: Callable[..., object]) -> None:
    home = {"XDG_CACHE_HOME": str(tmp_path / "xdg")}
    assert "unused" not in portkit("cache", **home).stdout  # type: ignore[attr-defined]
    folder.chmod(0o777)
    out = portkit("cache", **home).stdout  # type: ignore[attr-defined]
    assert out.splitlines()[-1] == f"unused   {folder} can be written by others (chmod go-w)"
    said = portkit("check", tmp_path / "tree", "--to", "musa", **home).stderr  # type: ignore[attr-defined]
    assert (
        said == f"portkit: the cache is not used: {folder} can be written by others (chmod go-w)\n"
    )
    folder.chmod(0o700)
    (folder / NAME).chmod(0o666)
    assert "begins anew" in portkit("check", tmp_path / "tree", "--to", "musa", **home).stderr  # type: ignore[attr-defined]
    assert portkit("check", tmp_path / "tree", "--to", "musa", **home).stderr == ""  # type: ignore[attr-defined]
