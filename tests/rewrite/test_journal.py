# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.rewrite.change import Change
from portkit.rewrite.journal import Journal

FILES = 40
# Writes, and is killed at the event of Python's (opening, renaming, removing...) that has the
# number it is given; counts them.
_CHILD = """
import os, signal, sys
from pathlib import Path
from portkit.rewrite.change import Change
from portkit.rewrite.journal import Journal
root = Path(sys.argv[1])
changes = []
for at in range(int(sys.argv[2])):
    before = (root / f"{at}.cu").read_bytes()
    changes.append(Change(f"{at}.cu", before, before.replace(b"old", b"newer"), f"{at}.mu" if at % 4 == 0 else ""))
last, count = int(sys.argv[3]), 0
def happened(event, arguments):
    global count
    count += 1
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(happened)
Journal(root).write("t", changes)
os.write(1, str(count).encode())
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def write(root: Path, rel: str, after: bytes, new_rel: str = "") -> None:
    Journal(root).write("t", [Change(rel, (root / rel).read_bytes(), after, new_rel)])


def killed_run(root: Path, event: int) -> int:
    """Start a writing run and have it killed at an event of its own; return how many there were
    when it came to the end.
    """
    command = [sys.executable, "-c", _CHILD, str(root), str(FILES), str(event)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    return int(done.stdout or 0)


def test_killed_at_random_moments(root: Path, tmp_path: Path) -> None:
    bodies = [b"\xff\xfe\r\nold %d \xc4\xe3\n" % at * (1 + at * 50) for at in range(FILES)]

    def fresh() -> None:
        for path in root.iterdir():
            path.unlink()
        for at, body in enumerate(bodies):
            (root / f"{at}.cu").write_bytes(body)
            (root / f"{at}.cu").chmod(0o640 if at % 2 else 0o755)

    fresh()
    first = snapshot(root)
    whole = killed_run(root, 0)
    assert whole > FILES
    last = snapshot(root)
    assert len(last) == FILES
    Journal(root).undo()
    assert snapshot(root) == first
    chance, partly = random.Random(7), 0
    for attempt in range(25):
        killed_run(root, chance.randint(1, whole))
        seen = {
            name: found for name, found in snapshot(root).items() if not name.startswith(".portkit")
        }
        for name, found in seen.items():
            assert found in (first.get(name), last.get(name)), name
        for at in range(FILES):  # nothing is lost: the file is there under one name at least
            assert f"{at}.cu" in seen or f"{at}.mu" in seen
        partly += seen not in (first, last)
        if attempt % 2:
            Journal(root).resume()
            assert snapshot(root) in (first, last)
            if snapshot(root) == first:
                continue
            Journal(root).undo()
        elif seen != first:
            Journal(root).undo()
        else:
            # may have been killed before or just after the journal was written
            Journal(root).resume()
            if snapshot(root) != first:
                Journal(root).undo()
        assert snapshot(root) == first, attempt
    assert partly > 2


def test_undo_collapses_runs(root: Path) -> None:
    (root / "a.cu").write_bytes(b"1\r\n")
    (root / "a.cu").chmod(0o751)
    first = snapshot(root)
    write(root, "a.cu", b"2\r\n")
    write(root, "a.cu", b"3\r\n", "b.mu")
    write(root, "b.mu", b"4\r\n")
    assert (root / "b.mu").stat().st_mode & 0o777 == 0o751
    Journal(root).undo()
    assert snapshot(root) == first
    with pytest.raises(PortkitError, match="nothing to undo"):
        Journal(root).undo()


def test_undo_never_takes_the_users_work(root: Path) -> None:
    for name in ("a.cu", "b.cu"):
        (root / name).write_bytes(b"1")
        write(root, name, b"2")
    (root / "a.cu").write_bytes(b"mine")
    try:
        Journal(root).undo()
    except PortkitError as error:
        assert "a.cu" in str(error)
    assert (root / "a.cu").read_bytes() == b"mine"


def test_work_between_two_runs_stays(root: Path) -> None:
    (root / "a.cu").write_bytes(b"1")
    write(root, "a.cu", b"2")
    (root / "a.cu").write_bytes(b"2 and my own work")
    write(root, "a.cu", b"3 and my own work")
    Journal(root).undo()
    assert (root / "a.cu").read_bytes() == b"2 and my own work"


def test_a_changed_file_stops_resume_and_nothing_is_lost(root: Path) -> None:
    for at in range(FILES):
        (root / f"{at}.cu").write_bytes(b"old %d" % at * 2000)
    whole = killed_run(root, 0)
    Journal(root).undo()
    first = snapshot(root)
    caught = 0
    for event in range(whole // 8, whole, whole // 8):
        killed_run(root, event)
        last = (root / "39.cu").read_bytes()
        begun = {
            name: found for name, found in snapshot(root).items() if not name.startswith(".portkit")
        } != first
        if begun and last == first["39.cu"][0]:
            caught += 1
            (root / "39.cu").write_bytes(b"mine")
            before = snapshot(root)
            with pytest.raises(PortkitError, match=r"39\.cu"):
                Journal(root).resume()
            assert snapshot(root) == before
            (root / "39.cu").write_bytes(last)
        Journal(root).resume()
        if snapshot(root) != first:
            Journal(root).undo()
        assert snapshot(root) == first
    assert caught, "no run was caught half-way"


def test_links(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.cu").write_bytes(b"1")
    (root / "out.cu").symlink_to(tmp_path / "outside.cu")
    (root / "real.cu").write_bytes(b"1")
    (root / "in.cu").symlink_to("real.cu")
    with pytest.raises(PortkitError):
        write(root, "out.cu", b"2")
    assert (tmp_path / "outside.cu").read_bytes() == b"1"
    assert Journal(root).resume() == 0  # a refused run leaves nothing to finish
    write(root, "in.cu", b"2")
    assert (root / "in.cu").is_symlink()
    assert (root / "real.cu").read_bytes() == b"2"


def test_a_refusal_writes_nothing(root: Path) -> None:
    for name in ("a.cu", "b.cu", "b.mu"):
        (root / name).write_bytes(b"1")
    before = snapshot(root)
    with pytest.raises(PortkitError):  # a name is taken
        Journal(root).write("t", [Change("a.cu", b"1", b"2"), Change("b.cu", b"1", b"2", "b.mu")])
    assert snapshot(root) == before
    with pytest.raises(PortkitError):  # changed since it was read
        Journal(root).write("t", [Change("a.cu", b"1", b"2"), Change("b.cu", b"0", b"2")])
    assert snapshot(root) == before
    assert Journal(root).resume() == 0
    assert snapshot(root) == before


def test_no_edits_no_entry(root: Path) -> None:
    (root / "a.cu").write_bytes(b"1")
    Journal(root).write("t", [Change("a.cu", b"1", b"1")])
    with pytest.raises(PortkitError, match="nothing to undo"):
        Journal(root).undo()


def test_odd_names(root: Path) -> None:
    rel = os.fsdecode(b"k\xff.cu")
    (root / rel).write_bytes(b"1")
    write(root, rel, b"2")
    assert (root / rel).read_bytes() == b"2"
    assert list(Journal(root).known_clean()) == [rel]
    Journal(root).undo()
    assert (root / rel).read_bytes() == b"1"


def test_new_folder_of_a_moved_file_goes_with_undo(root: Path) -> None:
    (root / "a.cu").write_bytes(b"1")
    write(root, "a.cu", b"2", "new/deep/a.mu")
    Journal(root).undo()
    assert [path.name for path in root.rglob("*")] == ["a.cu"]
