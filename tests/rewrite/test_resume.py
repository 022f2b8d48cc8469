# SPDX-License-Identifier: Apache-2.0
"""A run that was cut off: who may finish it, how to get out of it, and whose journal it is."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.model.errors import PortkitError
from portkit.rewrite import transaction
from portkit.rewrite.change import Change
from portkit.rewrite.clone import Clone, identify
from portkit.rewrite.journal import Journal
from portkit.rewrite.records import Records

NAMES = ("a.cu", "b.cu", "c.cu")
OLD, NEW = b"old\n", b"new\n"
MUSA = ("--to musa@mp_31",)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / name).write_bytes(OLD)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "tree")


def contents(root: Path) -> list[bytes]:
    return [(root / name).read_bytes() for name in NAMES]


def write(root: Path, *names: str) -> None:
    Journal(root).write("musa", [Change(name, OLD, NEW) for name in names or NAMES], command=MUSA)


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run something that is killed before it writes the file `at`."""

    def run(action: Callable[[], object], at: str = "b.cu") -> None:
        real = vars(transaction)["replace"]

        def replace(path: Path, *rest: object) -> None:
            if path.name == at:
                raise SystemExit
            real(path, *rest)

        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(transaction, "replace", replace)
            patch.setattr(transaction, "_give_up", lambda *_: None)
            action()

    return run


@pytest.fixture
def pending(root: Path, cut_off: Callable[..., None]) -> Journal:
    """A journal with a run of which the first file is written."""
    cut_off(lambda: write(root))
    assert contents(root) == [NEW, OLD, OLD]
    return Journal(root)


# --- who may finish it
# ------------------------------------------------------------------------------------------------


def test_the_same_command_finishes_it(pending: Journal) -> None:
    assert pending.resume(MUSA) == 3
    assert contents(pending.root) == [NEW, NEW, NEW]


@pytest.mark.parametrize(
    "command",
    [
        ("--to maca@native",),
        ("--to musa@mp_22",),
        ("--to musa@mp_31", "--comments"),
        ("--to musa@mp_31", "--accept exists=rule"),
        ("--from musa@mp_31",),
        (),
    ],
)
def test_another_command_is_refused_and_both_are_named(
    pending: Journal, command: tuple[str, ...]
) -> None:
    with pytest.raises(PortkitError) as error:
        pending.resume(command)
    said = str(error.value)
    assert "`migrate --to musa@mp_31`" in said and f"`{' '.join(('migrate', *command))}`" in said
    assert "--undo" in said and "--abandon" in said and str(Records(pending.root).folder) in said
    assert contents(pending.root) == [NEW, OLD, OLD]
    with pytest.raises(PortkitError, match="cut off"):
        write(pending.root, "b.cu")
    pending.undo()
    assert contents(pending.root) == [OLD, OLD, OLD]


def test_an_undo_that_was_cut_off_is_not_finished_by_a_migration(
    root: Path, cut_off: Callable[..., None]
) -> None:
    write(root)
    cut_off(lambda: Journal(root).undo())
    assert contents(root) == [OLD, NEW, NEW]
    with pytest.raises(PortkitError, match="`migrate --undo` was cut off"):
        Journal(root).resume(MUSA)
    assert contents(root) == [OLD, NEW, NEW]
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_a_run_that_left_nothing_in_the_tree_is_dropped(pending: Journal) -> None:
    """Killed before its first file, or git brought the files back and other versions of some since."""
    (pending.root / "a.cu").write_bytes(b"another version\n")
    assert pending.resume(("--to maca@native",)) == 0
    assert pending.state() == (False, ())
    assert contents(pending.root) == [b"another version\n", OLD, OLD]


def test_a_run_of_a_root_below_or_above_is_seen(
    tmp_path: Path, cut_off: Callable[..., None]
) -> None:
    top, below, beside = make(tmp_path / "t"), make(tmp_path / "t/below"), make(tmp_path / "tt")
    cut_off(lambda: write(below))
    for action in (lambda: Journal(top).resume(MUSA), lambda: write(top)):
        with pytest.raises(PortkitError) as error:
            action()
        assert str(below) in str(error.value) and "cut off" in str(error.value)
    assert contents(top) == [OLD, OLD, OLD]
    write(beside)
    Journal(below).undo()
    write(top)
    assert contents(top) == [NEW, NEW, NEW]


# --- ways out
# ---------------------------------------------------------------------------------------------------------


def test_an_edited_file_stops_all_but_abandon(pending: Journal) -> None:
    (pending.root / "b.cu").write_bytes(b"mine\n")
    for action in (lambda: pending.resume(MUSA), pending.undo):
        with pytest.raises(PortkitError) as error:
            action()
        assert "b.cu" in str(error.value) and "--abandon" in str(error.value)
        assert str(Records(pending.root).folder) in str(error.value)
    done = pending.abandon()
    assert (done.files, done.written) == (3, 1)
    assert contents(pending.root) == [NEW, b"mine\n", OLD]
    assert [path.name for path in done.places] == ["000001.abandoned.json"] and done.places[
        0
    ].is_file()
    assert pending.state() == (False, (1,))
    assert list(pending.known_clean()) == ["a.cu"]
    write(pending.root, "c.cu")
    pending.undo()
    assert contents(pending.root) == [OLD, b"mine\n", OLD]


def test_an_edited_file_that_was_written_is_left_alone(pending: Journal) -> None:
    (pending.root / "a.cu").write_bytes(b"new and mine\n")
    assert pending.abandon().written == 0
    assert pending.state() == (False, ())
    with pytest.raises(PortkitError, match="nothing to undo"):
        pending.undo()
    assert contents(pending.root) == [b"new and mine\n", OLD, OLD]


@pytest.mark.parametrize("kind", ["folder", "link", "gone"])
def test_a_file_that_became_something_else_stops_all_but_abandon(
    pending: Journal, tmp_path: Path, kind: str
) -> None:
    path = pending.root / "b.cu"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "victim").write_bytes(OLD)
        path.symlink_to(tmp_path / "victim")
    for action in (lambda: pending.resume(MUSA), pending.undo):
        with pytest.raises(PortkitError, match="--abandon"):
            action()
    assert pending.abandon().written == 1
    pending.undo()
    assert (pending.root / "a.cu").read_bytes() == OLD
    assert kind != "link" or (tmp_path / "victim").read_bytes() == OLD


def test_a_renaming_run_is_abandoned_and_taken_back(
    root: Path, cut_off: Callable[..., None]
) -> None:
    changes = [Change(name, OLD, NEW, f"new/{name[0]}.mu") for name in NAMES]
    cut_off(lambda: Journal(root).write("musa", changes, command=MUSA), at="b.mu")
    assert (root / "new/a.mu").is_file() and (root / "a.cu").is_file()
    assert Journal(root).abandon().written == 1
    Journal(root).undo()
    assert sorted(path.name for path in root.rglob("*")) == list(NAMES)


def test_an_undo_is_abandoned_and_what_is_left_of_the_run_can_be_undone(
    root: Path, cut_off: Callable[..., None]
) -> None:
    write(root, "a.cu", "b.cu")
    Journal(root).write(
        "musa", [Change("c.cu", OLD, NEW), Change("b.cu", NEW, b"newer\n")], command=MUSA
    )
    cut_off(lambda: Journal(root).undo(), at="c.cu")
    assert contents(root) == [NEW, OLD, NEW]
    (root / "c.cu").write_bytes(b"mine\n")
    done = Journal(root).abandon()
    assert (done.files, done.written) == (3, 1)
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, b"mine\n"] and Journal(root).state() == (False, ())


def test_abandon_twice_and_abandon_of_nothing(pending: Journal, tmp_path: Path) -> None:
    pending.abandon()
    with pytest.raises(PortkitError, match="no run to abandon"):
        pending.abandon()
    with pytest.raises(PortkitError, match="no run to abandon"):
        Journal(make(tmp_path / "never")).abandon()
    assert contents(pending.root) == [NEW, OLD, OLD]


@pytest.mark.parametrize("state", ["pending", "done"])
def test_a_damaged_journal_is_set_aside(pending: Journal, state: str) -> None:
    if state == "done":
        pending.resume(MUSA)
    records = Records(pending.root)
    records.path(1, state).write_bytes(b'{"schema":')
    with pytest.raises(PortkitError, match=r"damaged.*--abandon"):
        pending.undo()
    assert pending.abandon().places == (records.path(1, "abandoned"),)
    write(make(pending.root))
    assert contents(pending.root) == [NEW, NEW, NEW]


# --- a crafted journal
# ------------------------------------------------------------------------------------------------


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def crafted(root: Path, **changes: Any) -> Journal:
    """Return the journal of a run that was cut off before its first file, with parts of it changed
    by hand.
    """
    path = Records(root).path(1, "pending")
    document = json.loads(path.read_bytes())
    entry = document["entries"][1]
    entry.update(
        {key: value for key, value in changes.items() if key in ("name", "before", "after", "twin")}
    )
    document.update({key: value for key, value in changes.items() if key in ("folders", "schema")})
    path.write_text(json.dumps(document))
    return Journal(root)


SHA = "fa2c8cc4f28176bbeed4b736df569a34c79cd3723e9ec42f9674b4d46ac6b8b8"  # of other bytes


@pytest.mark.parametrize(
    "changes",
    [
        {"folders": [b"../made".hex()]},
        {"folders": [b"in/../../made".hex()]},
        {"folders": [b"made".hex(), b"/tmp/portkit-made".hex()]},
        {"folders": [b"link/made".hex()]},
        {"folders": ["zz"]},
        {"folders": [b"a\0b".hex()]},
        {"name": b"../outside.cu".hex()},
        {"name": b"/etc/outside.cu".hex()},
        {"name": "2e"},
        {"name": "nothex"},
        {"twin": b"../outside.cu".hex()},
        {"after": {"sha256": SHA, "mode": 0o644, "packed": packed(NEW)}},
        {"after": {"sha256": SHA, "mode": 0o644, "packed": "????"}},
        {"after": {"sha256": SHA, "mode": 0o644, "packed": base64.b64encode(b"no zlib").decode()}},
        {"after": {"sha256": SHA, "mode": "rw", "packed": ""}},
        {"schema": "portkit/journal/9"},
    ],
)
def test_a_crafted_journal_touches_nothing(
    pending: Journal, tmp_path: Path, changes: dict[str, Any]
) -> None:
    (pending.root / "link").symlink_to(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PortkitError):
        crafted(pending.root, **changes).resume(MUSA)
    assert sorted(tmp_path.rglob("*")) == before and contents(pending.root) == [NEW, OLD, OLD]
    assert not Path("/tmp/portkit-made").exists()


@pytest.mark.parametrize("folder", ["../beside", "link/beside"])
def test_a_crafted_folder_outside_is_not_removed(
    pending: Journal, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "beside").mkdir()
    (pending.root / "link").symlink_to(tmp_path)
    with contextlib.suppress(PortkitError):
        crafted(pending.root, folders=[folder.encode().hex()]).undo()
    assert (tmp_path / "beside").is_dir()


@pytest.mark.parametrize(
    "name",
    ["²2.pending.json", "x.pending.json", "1.pending.json.bak", ".pending.json", "-1.pending.json"],
)
def test_odd_names_in_the_journals_folder_are_no_runs(root: Path, name: str) -> None:
    write(root)
    (Records(root).folder / name).write_text("{}")
    assert Journal(root).state() == (False, (1,))
    Journal(root).undo()


# --- journals of before
# -----------------------------------------------------------------------------------------------


def aged(root: Path) -> Journal:
    """Return the journal as portkit wrote it until it knew clones, commands and tokens."""
    folder = Records(root).folder
    (folder / "clone.json").unlink()
    for path in folder.glob("*.json"):
        document = json.loads(path.read_bytes())
        document["meta"] = {"target": "musa@mp_31"}
        document.pop("token", None)
        path.write_text(json.dumps(document))
    return Journal(root)


def test_a_done_run_of_before_is_undone(root: Path) -> None:
    write(root)
    journal = aged(root)
    assert set(journal.known_clean()) == set(NAMES)
    journal.undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_a_pending_run_of_before_is_refused_clearly_and_taken_back(pending: Journal) -> None:
    journal = aged(pending.root)
    with pytest.raises(PortkitError, match=r"`migrate --to musa@mp_31` was cut off"):
        journal.resume(MUSA)
    journal.undo()
    assert contents(pending.root) == [OLD, OLD, OLD]


# --- whose journal it is
# ----------------------------------------------------------------------------------------------


def git(*words: str, cwd: Path) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", *identity, *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = make(tmp_path / "origin")
    git("init", "-q", cwd=folder)
    git("add", "-A", cwd=folder)
    git("commit", "-qm", "x", cwd=folder)
    return folder


def nothing_inherited(root: Path) -> None:
    journal = Journal(root)
    assert (
        journal.state() == (False, ())
        and journal.known_clean() == {}
        and journal.resume(("--to maca@native",)) == 0
    )
    with pytest.raises(PortkitError, match="another clone stood at this path"):
        journal.undo()


@pytest.mark.parametrize("again", ["folder", "contents"])
def test_a_clone_made_anew_inherits_nothing(
    tmp_path: Path, origin: Path, cut_off: Callable[..., None], again: str
) -> None:
    """A CI agent removes the workspace, or only what is in it, and clones to the same path."""
    root = tmp_path / "workspace"
    git("clone", "-q", str(origin), str(root), cwd=tmp_path)
    write(root, "c.cu")
    cut_off(lambda: write(root, "a.cu", "b.cu"))
    if again == "folder":
        shutil.rmtree(root)
    else:
        for path in root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    git("clone", "-q", str(origin), str(root), cwd=tmp_path)
    (root / "c.cu").write_bytes(NEW)  # as ported in the first one
    (root / "a.cu").write_bytes(NEW)
    nothing_inherited(root)
    write(root, "b.cu")
    Journal(root).undo()
    assert contents(root) == [NEW, OLD, NEW]


def test_a_folder_made_anew_without_git_inherits_nothing(root: Path) -> None:
    if not identify(root).birth:
        pytest.skip("this file system has no birth times")
    write(root)
    shutil.rmtree(root)
    make(root)
    nothing_inherited(root)


@pytest.mark.parametrize("with_git", [True, False])
def test_a_renamed_clone_keeps_its_journal(
    tmp_path: Path, origin: Path, root: Path, cut_off: Callable[..., None], with_git: bool
) -> None:
    clone = origin if with_git else root
    if not identify(clone).birth:
        pytest.skip("this file system has no birth times")
    cut_off(lambda: write(clone))
    moved = clone.rename(tmp_path / "moved")
    assert Journal(moved).resume(MUSA) == 3
    Journal(moved).undo()
    assert contents(moved) == [OLD, OLD, OLD]


def test_a_copy_beside_does_not_take_the_journal(tmp_path: Path, origin: Path) -> None:
    write(origin)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(origin), str(copy)], check=True)
    assert Journal(copy).state() == (False, ())
    Journal(origin).undo()
    assert contents(origin) == [OLD, OLD, OLD] and contents(copy) == [NEW, NEW, NEW]


def test_another_folder_of_the_repository_does_not_take_the_journal(origin: Path) -> None:
    one, two = make(origin / "one"), make(origin / "two")
    write(one)
    shutil.rmtree(one)
    assert Journal(two).state() == (False, ())


def test_two_clones_take_turns_at_one_path(tmp_path: Path, origin: Path) -> None:
    """Containers that share a home and mount their clones at the same path."""
    path, first, second = tmp_path / "work", tmp_path / "first", tmp_path / "second"
    for clone in (first, second):
        git("clone", "-q", str(origin), str(clone), cwd=tmp_path)
    for clone in (first, second):
        clone.rename(path)
        write(path)
        path.rename(clone)
    for clone in (first, second):
        clone.rename(path)
        Journal(path).undo()
        assert contents(path) == [OLD, OLD, OLD]
        path.rename(clone)


def test_a_repository_made_afterwards_keeps_the_journal(root: Path) -> None:
    write(root)
    git("init", "-q", cwd=root)
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_a_work_tree_of_git_has_a_journal_of_its_own(tmp_path: Path, origin: Path) -> None:
    other = tmp_path / "other"
    git("worktree", "add", "-q", str(other), cwd=origin)
    write(other)
    assert Journal(origin).state() == (False, ())
    git("worktree", "remove", "--force", str(other), cwd=origin)
    git("worktree", "add", "-q", "--force", str(other), "HEAD", cwd=origin)
    nothing_inherited(other)


def test_work_with_git_does_not_make_another_clone(origin: Path) -> None:
    write(origin)
    git("add", "-A", cwd=origin)
    git("commit", "-qm", "ported", cwd=origin)
    git("checkout", "-q", "-b", "more", cwd=origin)
    git("gc", "-q", cwd=origin)
    git("config", "user.name", "other", cwd=origin)
    Journal(origin).undo()
    assert contents(origin) == [OLD, OLD, OLD]


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (Clone("00", "description 1", 5, 7), True),
        (Clone("00", "description 1", 6, 8), True),  # copied with its times to another file system
        (Clone("00", "description 2", 5, 7), False),
        (Clone("00", "", 5, 8), True),
        (Clone("00", "", 6, 7), False),  # the inode is used again
        (Clone("00", "", 0, 7), True),
        (Clone("00", "", 0, 8), False),
        (Clone("01", "description 1", 5, 7), False),
    ],
)
def test_what_tells_a_clone(now: Clone, same: bool) -> None:
    assert Clone("00", "description 1", 5, 7).is_still(now) is same


@pytest.mark.parametrize("text", ["", "gitdir: nowhere", "no such line", "gitdir: "])
def test_an_odd_git_file_is_no_repository(root: Path, text: str) -> None:
    (root / ".git").write_text(text)
    write(root)
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_a_pipe_for_a_repository_does_not_hang(root: Path) -> None:
    os.mkfifo(root / ".git")
    assert identify(root).git == ""


def test_a_damaged_clone_file_is_told_and_another_ones_is_no_matter(
    root: Path, tmp_path: Path
) -> None:
    write(root)
    beside = make(tmp_path / "beside")
    write(beside)
    (Records(beside).folder / "clone.json").write_text("{")
    Journal(root).undo()
    with pytest.raises(PortkitError, match="journal cannot be read"):
        Journal(beside).undo()
