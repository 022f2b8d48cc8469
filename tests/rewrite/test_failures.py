# SPDX-License-Identifier: Apache-2.0
"""When the system refuses in the middle of writing: nothing is lost, and what is said is true."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.cli.written import WRITTEN, writing
from portkit.model.errors import PortkitError
from portkit.rewrite import recovery, transaction, writer
from portkit.rewrite.change import Change
from portkit.rewrite.journal import Journal
from portkit.rewrite.records import Records

NAMES = ("a.cu", "b.cu", "c.cu")
OLD, NEW = b"old\n", b"new\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTKIT_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(OLD)
    return folder


def contents(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(root.iterdir())]


def write(root: Path) -> None:
    Journal(root).write("t", [Change(name, OLD, NEW) for name in NAMES])


def failing(
    real: Callable[..., object], code: int, when: Callable[[Path], bool]
) -> Callable[..., object]:
    """Return `real`, but refused by the system for the paths that `when` names."""

    def call(path: Path, *rest: object, **more: object) -> object:
        if when(path):
            raise OSError(code, os.strerror(code), str(path))
        return real(path, *rest, **more)

    return call


@pytest.mark.parametrize(
    "code", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.EACCES, errno.ENOTDIR]
)
@pytest.mark.parametrize("way", ["again", "undo", "abandon"])
def test_files_that_cannot_be_read_back_keep_the_journal(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int, way: str
) -> None:
    broken: list[bool] = []
    real = vars(writer)["replacing"]

    def replacing(path: Path, *rest: object, **more: object) -> object:
        if path.name == "b.cu":
            broken.append(True)
            raise OSError(code, os.strerror(code))
        return real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(writer, "replacing", replacing)
        patch.setattr(
            writer,
            "status",
            failing(
                vars(writer)["status"], code, lambda path: bool(broken) and path.suffix == ".cu"
            ),
        )
        with pytest.raises(PortkitError) as error:
            write(root)
    assert "1 of 3 files were written, perhaps b.cu too, and not all could be taken back" in str(
        error.value
    )
    assert "--abandon" in str(error.value) and str(Records(root).folder) in str(error.value)
    assert contents(root) == [NEW, OLD, OLD]
    journal = Journal(root)
    assert journal.state() == (True, ())
    if way == "again":
        assert journal.resume() == 3 and contents(root) == [NEW, NEW, NEW]
    elif way == "abandon":
        assert journal.abandon().written == 1 and contents(root) == [NEW, OLD, OLD]
    journal.undo()
    assert contents(root) == [OLD, OLD, OLD] and journal.state() == (False, ())


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_refused_write_is_taken_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            writer,
            "replacing",
            failing(vars(writer)["replacing"], code, lambda path: path.name == "c.cu"),
        )
        with pytest.raises(PortkitError, match=r"c\.cu: cannot be written"):
            write(root)
    assert contents(root) == [OLD, OLD, OLD]
    assert Journal(root).state() == (False, ())


def test_removing_a_temporary_file_is_never_fatal(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = failing(Path.unlink, errno.EROFS, lambda path: path.name.endswith(".tmp"))
    monkeypatch.setattr(
        Path, "unlink", lambda self, missing_ok=False: unlink(self, missing_ok=missing_ok)
    )
    write(root)
    assert contents(root) == [NEW, NEW, NEW]
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_a_temporary_file_that_stays_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = failing(Path.unlink, errno.EIO, lambda path: path.name.endswith(".tmp"))
    rename = failing(Path.replace, errno.EIO, lambda path: path.parent == root)
    monkeypatch.setattr(
        Path, "unlink", lambda self, missing_ok=False: unlink(self, missing_ok=missing_ok)
    )
    monkeypatch.setattr(Path, "replace", lambda self, target: rename(self, target))
    with pytest.raises(PortkitError) as error:
        write(root)
    (left,) = (path.name for path in root.glob(".portkit-*"))
    assert left in str(error.value)
    assert [(root / name).read_bytes() for name in NAMES] == [OLD, OLD, OLD]


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_taken_temporary_name_blocks_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Should somebody guess the name: another one is taken, and what stands there stays."""
    place = writer.temporary(root / "b.cu", "guessed")
    if kind == "folder":
        (place / "keep").mkdir(parents=True)
    elif kind == "file":
        place.write_bytes(b"theirs")
    else:
        place.symlink_to(tmp_path / "outside")
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "new_token", lambda: "guessed")
        write(root)
    assert [(root / name).read_bytes() for name in NAMES] == [NEW, NEW, NEW]
    assert not (tmp_path / "outside").exists()
    assert (place / "keep").is_dir() or kind != "folder"


def test_names_of_before_cannot_block_writing(root: Path) -> None:
    """The name that portkit took until there were tokens, which a tree could hold."""
    (writer.temporary(root / "a.cu", "") / "keep").mkdir(parents=True)
    write(root)
    assert (root / "a.cu").read_bytes() == NEW


@pytest.mark.parametrize("step", ["numbers", "read"])
def test_an_undo_whose_journal_cannot_be_read_at_the_end_says_that_all_is_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write(root)
    real = getattr(Records, step)

    def refused(self: Records, *rest: object) -> object:
        if contents(root) == [OLD, OLD, OLD]:
            raise PortkitError("the journal cannot be read: Input/output error")
        return real(self, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Records, step, refused)
        with pytest.raises(PortkitError, match="all 3 files are brought back, but the journal"):
            Journal(root).undo()
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD] and Journal(root).state() == (False, ())


@pytest.mark.parametrize("way", ["again", "undo"])
def test_a_journal_that_cannot_be_closed_says_that_all_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Records, "commit", failing(Records.commit, errno.EIO, lambda _: True))
        with pytest.raises(PortkitError, match="all 3 files are written, but the journal") as error:
            write(root)
    assert "--undo works too" in str(error.value)
    assert contents(root) == [NEW, NEW, NEW]
    if way == "again":
        assert Journal(root).resume() == 3 and Journal(root).state() == (False, (1,))
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_an_undo_that_cannot_be_closed_says_that_all_is_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root)
    with monkeypatch.context() as patch:
        patch.setattr(Records, "forget", failing(Records.forget, errno.EIO, lambda _: True))
        with pytest.raises(PortkitError, match="all 3 files are brought back, but the journal"):
            Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]
    assert Journal(root).undo().runs == 1
    assert Journal(root).state() == (False, ())


def test_an_undo_that_fails_half_way_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root)
    with monkeypatch.context() as patch:
        patch.setattr(
            writer,
            "replacing",
            failing(vars(writer)["replacing"], errno.ENOSPC, lambda path: path.name == "b.cu"),
        )
        with pytest.raises(
            PortkitError,
            match=r"1 of 3 files were brought back, perhaps b\.cu too; the journal knows",
        ):
            Journal(root).undo()
    assert contents(root) == [OLD, NEW, NEW]
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_a_file_changed_while_writing_keeps_its_first_bytes_in_the_journal(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = vars(transaction)["replace"]

    def replace(path: Path, *rest: object) -> None:
        if path.name == "b.cu":
            (root / "a.cu").write_bytes(b"mine\n")
            raise PortkitError("cannot be written", "b.cu")
        real(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(transaction, "replace", replace)
        with pytest.raises(
            PortkitError, match=r"all was taken back but what was changed meanwhile: a\.cu"
        ) as error:
            write(root)
    assert contents(root) == [b"mine\n", OLD, OLD]
    assert "000001.abandoned.json" in str(error.value)
    assert Journal(root).state() == (False, ())


# --- interruptions: what is said must hold whenever they come
# ---------------------------------------------------------


def interrupted(root: Path, monkeypatch: pytest.MonkeyPatch, *, at: str, again: bool) -> list[str]:
    """Write, press Ctrl-C at the file `at`, once more while that is taken back if `again`; return
    what would be said.
    """
    WRITTEN.clear()  # of what this process ran before
    real = vars(writer)["replacing"]
    pressed: list[bool] = []

    def replacing(path: Path, *rest: object, **more: object) -> object:
        if (path.name == at and not pressed) or (again and pressed):
            pressed.append(True)
            raise KeyboardInterrupt
        return real(path, *rest, **more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(writer, "replacing", replacing)
        with writing(Journal(root).state, "half", "done"):
            write(root)
    said = list(WRITTEN)
    WRITTEN.clear()
    return said


def test_one_interrupt_takes_all_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert interrupted(root, monkeypatch, at="c.cu", again=False) == []
    assert contents(root) == [OLD, OLD, OLD]


def test_a_second_interrupt_is_not_told_as_nothing_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert interrupted(root, monkeypatch, at="c.cu", again=True) == ["half"]
    assert contents(root) == [NEW, NEW, OLD]
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


def test_an_interrupt_after_the_last_file_says_done(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Records.commit

    def late(self: Records, number: int) -> None:
        commit(self, number)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Records, "commit", late)
        with writing(Journal(root).state, "half", "done"):
            write(root)
    assert WRITTEN == ["done"] and contents(root) == [NEW, NEW, NEW]
    WRITTEN.clear()


def test_an_interrupted_undo_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root)
    real = vars(writer)["replacing"]

    def replacing(path: Path, *rest: object, **more: object) -> object:
        if path.name == "b.cu":
            raise KeyboardInterrupt
        return real(path, *rest, **more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(writer, "replacing", replacing)
        with writing(Journal(root).state, "half", "done"):
            recovery.undo(root)
    assert WRITTEN == ["half"] and contents(root) == [OLD, NEW, NEW]
    WRITTEN.clear()
    Journal(root).undo()
    assert contents(root) == [OLD, OLD, OLD]


# --- what is kept of a file that is replaced
# --------------------------------------------------------------------------


def attributes(path: Path) -> dict[str, bytes]:
    return {
        name: os.getxattr(path, name)
        for name in os.listxattr(path)
        if name.startswith(("user.", "system.posix_acl"))
    }


def mark(path: Path) -> dict[str, bytes]:
    """Give a file an attribute, and an ACL that lets user 1 read, where the file system has them."""
    try:
        os.setxattr(path, "user.origin", b"vendor")
    except (OSError, AttributeError):
        pytest.skip("no extended attributes on this file system")
    # version 2; user::rw-, user:1:r--, group::r--, mask::r--, other::---
    entries = [
        (1, 6, 0xFFFFFFFF),
        (2, 4, 1),
        (4, 4, 0xFFFFFFFF),
        (16, 4, 0xFFFFFFFF),
        (32, 0, 0xFFFFFFFF),
    ]
    packed = b"\2\0\0\0" + b"".join(
        t.to_bytes(2, "little") + p.to_bytes(2, "little") + u.to_bytes(4, "little")
        for t, p, u in entries
    )
    with contextlib.suppress(OSError):  # a file system without ACLs
        os.setxattr(path, "system.posix_acl_access", packed)
    return attributes(path)


def test_attributes_and_mode_are_kept(root: Path) -> None:
    path = root / "a.cu"
    path.chmod(0o640)
    before, mode = mark(path), path.stat().st_mode
    write(root)
    assert path.read_bytes() == NEW and attributes(path) == before and path.stat().st_mode == mode
    Journal(root).undo()
    assert path.read_bytes() == OLD and attributes(path) == before and path.stat().st_mode == mode


def test_attributes_go_with_a_renamed_file_and_come_back(root: Path) -> None:
    path = root / "a.cu"
    path.chmod(0o640)
    before, mode = mark(path), path.stat().st_mode
    Journal(root).write("t", [Change("a.cu", OLD, NEW, "a.mu")])
    assert attributes(root / "a.mu") == before and (root / "a.mu").stat().st_mode == mode
    Journal(root).undo()
    assert attributes(path) == before and path.stat().st_mode == mode


def test_a_hard_link_parts_and_the_other_name_keeps_the_old_bytes(
    root: Path, tmp_path: Path
) -> None:
    os.link(root / "a.cu", tmp_path / "other")
    write(root)
    assert (tmp_path / "other").read_bytes() == OLD and (root / "a.cu").read_bytes() == NEW
