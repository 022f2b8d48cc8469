# SPDX-License-Identifier: Apache-2.0
"""Which folders and files can only have come from this user: by owner, mode, links, and what is
above them.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from portkit.files.trust import distrust_file, distrust_folder, private_folder

as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as anybody may enter it, outside of the home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    for above in (tmp_path, *tmp_path.parents):
        s = above.stat()
        if s.st_uid == os.getuid() and not s.st_mode & stat.S_ISVTX and above != Path("/"):
            monkeypatch.setattr(Path, "lstat", _entered(above, Path.lstat))
    cache = tmp_path / "xdg" / "portkit"
    private_folder(cache)
    cache.parent.chmod(0o755)
    return cache


def _entered(folder: Path, lstat):  # type: ignore[no-untyped-def]
    """pytest's folders are shut; these tests are about what counts where they are not."""

    def shown(self: Path) -> os.stat_result:
        s = lstat(self)
        return os.stat_result((s.st_mode | 0o011, *tuple(s)[1:])) if self == folder else s

    return shown


def test_what_is_made_is_ones_own_alone_whatever_the_umask(tmp_path: Path) -> None:
    usual = os.umask(0)
    try:
        private_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(usual)
    assert {stat.S_IMODE((tmp_path / p).stat().st_mode) for p in ("a", "a/b", "a/b/c")} == {0o700}
    private_folder(tmp_path / "a" / "b")


def test_a_folder_and_a_file_of_ones_own(place: Path) -> None:
    (place / "file").write_text("x")
    (place / "file").chmod(0o644)
    assert (
        distrust_folder(place)
        == distrust_file(place / "file")
        == distrust_file(place / "none")
        == ""
    )


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o702, 0o1777])
def test_a_folder_that_others_can_write(place: Path, mode: int) -> None:
    place.chmod(mode)
    assert distrust_folder(place) == f"{place} can be written by others (chmod go-w)"


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o602])
def test_a_file_that_others_can_write(place: Path, mode: int) -> None:
    (place / "file").write_text("x")
    (place / "file").chmod(mode)
    assert distrust_file(place / "file") == f"{place / 'file'} can be written by others"


@pytest.mark.parametrize(
    ("mode", "trusted"), [(0o777, False), (0o770, False), (0o1777, True), (0o755, True)]
)
def test_a_folder_above_in_which_others_can_exchange_it(
    place: Path, mode: int, trusted: bool
) -> None:
    place.parent.chmod(mode)
    assert distrust_folder(place) == (
        "" if trusted else f"{place.parent} can be written by others (chmod go-w)"
    )


def test_a_folder_above_that_lets_nobody_in(place: Path) -> None:
    """With a umask of 002 and a home that is shut, ~/.cache can be written by a group that cannot
    reach it.
    """
    place.parent.chmod(0o700)
    inner = place / "inner" / "portkit"
    private_folder(inner)
    place.chmod(0o755)
    inner.parent.chmod(0o777)
    assert distrust_folder(inner) == ""
    place.parent.chmod(0o711)
    assert distrust_folder(inner) != ""


def test_what_is_above_the_home_is_not_asked_about(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster's folder of a group: who can exchange the home needs no cache."""
    inner = place / "home" / ".cache" / "portkit"
    private_folder(inner)
    for path in (inner, inner.parent, inner.parent.parent):
        path.chmod(0o755)
    place.chmod(0o775)
    assert distrust_folder(inner) != ""
    monkeypatch.setenv("HOME", str(place / "home"))
    assert distrust_folder(inner) == ""
    (place / "home").chmod(0o775)
    assert distrust_folder(inner) != ""


def test_ones_own_links_are_followed_and_what_they_lead_to_is_looked_at(
    place: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(place.parent)
    assert distrust_folder(link / "portkit") == ""
    (tmp_path / "again").symlink_to("xdg/../link")
    assert distrust_folder(tmp_path / "again" / "portkit") == ""
    place.chmod(0o777)
    assert distrust_folder(link / "portkit") == f"{place} can be written by others (chmod go-w)"


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="too many links"):
        distrust_folder(tmp_path / "a")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file(place: Path, kind: str) -> None:
    path = place / "file"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert distrust_file(path) == f"{path} is no file"


@as_root
def test_what_belongs_to_others(place: Path, tmp_path: Path) -> None:
    (place / "file").write_text("x")
    os.chown(place / "file", 65534, 65534)
    assert distrust_file(place / "file") == f"{place / 'file'} belongs to another user"
    link = tmp_path / "link"
    link.symlink_to(place)
    os.lchown(link, 65534, 65534)
    assert distrust_folder(link) == f"{link} is a link of another user's"
    os.chown(place.parent, 65534, 65534)
    assert distrust_folder(place) == f"{place.parent} belongs to another user"
    os.chown(place.parent, 0, 0)
    os.chown(place, 65534, 65534)
    assert distrust_folder(place) == f"{place} belongs to another user"


@as_root
def test_roots_folder_is_not_a_users(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `sudo portkit` with the user's home: root leads there, but the cache is not the user's
    own.
    """
    (place / "file").write_text("x")
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert distrust_folder(place) == f"{place} belongs to another user"
    assert distrust_file(place / "file") == f"{place / 'file'} belongs to another user"
