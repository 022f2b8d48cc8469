# SPDX-License-Identifier: Apache-2.0
"""The folder of a run: gone with it, kept while it lives, removed by a later run when it is dead,
and only then.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from portkit.run.scratch import Scratch, clear_leftovers

DIE = (
    "import os; from portkit.run.scratch import Scratch; one = Scratch(); print(one.folder, "
    "flush=True); os.kill(os.getpid(), 9)"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def dead() -> Path:
    """Return the folder of a run that was killed."""
    return Path(
        subprocess.run([sys.executable, "-c", DIE], stdout=subprocess.PIPE, check=False)
        .stdout.decode()
        .strip()
    )


def test_it_is_ones_own_and_gone_at_the_end(place: Path) -> None:
    scratch = Scratch()
    assert scratch.folder.parent == place and stat.S_IMODE(scratch.folder.stat().st_mode) == 0o700
    (scratch.folder / "a").mkdir()
    (scratch.folder / "a" / "b").write_text("x")
    scratch.close()
    scratch.close()
    assert list(place.iterdir()) == []


def test_the_dead_go_and_the_living_stay(place: Path) -> None:
    living, left = Scratch(), dead()
    (left / "portkit-x").mkdir()
    clear_leftovers()
    assert list(place.iterdir()) == [living.folder]
    living.close()


def test_a_run_lives_while_one_of_its_processes_does(place: Path) -> None:
    """A worker that has not ended yet still writes there."""
    code = DIE.replace("os.kill", "os.fork() or (os.read(0, 1), os._exit(0)); os.kill")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        folder = Path(process.stdout.readline().decode().strip())
        process.wait()
        clear_leftovers()
        assert folder.is_dir()
        process.stdin.close()
        process.stdout.read()  # ends with the last process
    clear_leftovers()
    assert not folder.exists()


def test_what_belongs_to_others_or_is_no_folder_of_a_run_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "kept").write_text("x")
    (place / "portkit-run-link").symlink_to(place / "elsewhere")
    (place / "portkit-run-file").write_text("x")
    (place / "portkit-else").mkdir()
    (place / "portkit-new-young").mkdir()
    before = sorted(place.rglob("*"))
    clear_leftovers()
    assert sorted(place.rglob("*")) == before
    left = dead()
    monkeypatch.setattr(os, "getuid", lambda: left.stat().st_uid + 1)
    clear_leftovers()
    assert left.is_dir()


def test_a_run_that_was_killed_while_it_made_its_folder(place: Path) -> None:
    folder = place / "portkit-new-old"
    folder.mkdir()
    os.utime(folder, (1, 1))
    clear_leftovers()
    assert not folder.exists()


def test_a_lock_that_is_a_pipe_or_a_link_holds_nobody_up(place: Path) -> None:
    for name in ("pipe", "link"):
        (place / f"portkit-run-{name}").mkdir()
    os.mkfifo(place / "portkit-run-pipe" / "lock")
    (place / "portkit-run-link" / "lock").symlink_to("/dev/zero")
    left = dead()
    clear_leftovers()
    assert not left.exists()


def test_no_place_for_temporary_files_is_no_error(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portkit.run.pool import _scratch

    monkeypatch.setattr(tempfile, "tempdir", str(place / "none"))
    clear_leftovers()
    assert _scratch() is None
