# SPDX-License-Identifier: Apache-2.0
"""What portkit learns from git about honest repositories of all kinds, though git is shown little
of them.
"""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portkit.files.changes import changed_lines
from portkit.files.discovery import dirty_files
from portkit.files.discovery import discover as _discover
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.printable import printable_name
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))

WHOLE = [(1, 1 << 60)]
TEXT = "".join(f"line {number}\n" for number in range(1, 9))


def git(folder: Path, *arguments: str, code: int = 0) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.decode().strip()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own: settings of the machine must not decide a test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    # else it is written to, and read by every test after
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (folder / ".gitconfig").write_text(
        '[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    )
    return folder


def start(root: Path, *options: str) -> Path:
    root.mkdir()
    git(root, "init", "-q", *options)
    return root


def commit(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / f"{name}.cu").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = start(tmp_path / "tree")
    commit(root, a=TEXT, b=TEXT)
    return root


def rels(tree: Path) -> list[str]:
    return [file.rel for file in discover([tree]).files]


def edit(path: Path, line: int = 3) -> None:
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = "edited\n"
    path.write_text("".join(lines))


# --- kinds of repositories
# ----------------------------------------------------------------------------------


def sha256(root: Path) -> Path:
    start(root, "--object-format=sha256")
    commit(root, a=TEXT, b=TEXT)
    return root


def split_index(root: Path) -> Path:
    start(root)
    commit(root, a=TEXT)
    git(root, "update-index", "--split-index")
    commit(root, b=TEXT)
    assert list((root / ".git").glob("sharedindex.*"))
    return root


def packed(root: Path) -> Path:
    start(root)
    commit(root, a=TEXT, b=TEXT)
    git(root, "pack-refs", "--all")
    git(root, "gc", "-q")
    return root


def detached(root: Path) -> Path:
    start(root)
    commit(root, a=TEXT, b=TEXT)
    git(root, "checkout", "-q", "--detach")
    return root


def shared(root: Path) -> Path:
    other = packed(root.parent / "other")
    git(root.parent, "clone", "-q", "--shared", str(other), str(root))
    return root


def shallow(root: Path) -> Path:
    other = packed(root.parent / "other")
    git(other, "commit", "-q", "--allow-empty", "-m", "two")
    git(root.parent, "clone", "-q", "--depth=1", f"file://{other}", str(root))
    return root


def work_tree(root: Path) -> Path:
    git(packed(root.parent / "other"), "worktree", "add", "-q", str(root), "-b", "further")
    return root


def submodule(root: Path) -> Path:
    other = packed(root.parent / "other")
    outer = start(root.parent / "outer")
    git(outer, "submodule", "--quiet", "add", str(other), "module")
    (outer / "module").rename(root)
    (outer / "module").symlink_to(root)
    (root / ".git").write_text(f"gitdir: {outer}/.git/modules/module\n")
    git(root, "config", "core.worktree", str(root))
    return root


def elsewhere(root: Path) -> Path:
    root.mkdir()
    git(root, "init", "-q", f"--separate-git-dir={root.parent}/away.git")
    commit(root, a=TEXT, b=TEXT)
    return root


def bare_with_trees(root: Path) -> Path:
    """A bare repository in a hidden folder, a `.git` file beside it, work trees below."""
    other = packed(root.parent / "other")
    project = root.parent / "project"
    git(root.parent, "clone", "-q", "--bare", str(other), f"{project}/.bare")
    (project / ".git").write_text("gitdir: ./.bare\n")
    git(project, "worktree", "add", "-q", str(root), "main")
    return root


def sparse(root: Path) -> Path:
    start(root)
    (root / "out").mkdir()
    (root / "out" / "c.cu").write_text(TEXT)
    commit(root, a=TEXT, b=TEXT)
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index")
    assert not (root / "out").exists()
    return root


KINDS = (
    *(sha256, split_index, packed, detached, shared, shallow, work_tree, submodule),
    *(elsewhere, bare_with_trees, sparse),
)


@pytest.mark.parametrize("make", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_every_kind_of_repository(tmp_path: Path, make: object) -> None:
    assert callable(make)
    root: Path = make(tmp_path / "tree")
    assert rels(root) == ["a.cu", "b.cu"]
    assert changed_lines(root, "HEAD") == {}
    assert dirty_files(root, ["a.cu", "b.cu"]) == []
    edit(root / "a.cu")
    (root / "b.cu").unlink()
    (root / "new.cu").write_text("x\n")
    assert changed_lines(root, "HEAD") == {"a.cu": [(3, 3)], "new.cu": WHOLE}
    assert dirty_files(root, ["a.cu", "new.cu"]) == ["a.cu", "b.cu", "new.cu"]
    assert changed_lines(root, "HEAD...") == {"a.cu": [(3, 3)], "new.cu": WHOLE}


def test_before_the_first_commit(tmp_path: Path) -> None:
    root = start(tmp_path / "tree")
    (root / "a.cu").write_text(TEXT)
    (root / "b.cu").write_text(TEXT)
    git(root, "add", "a.cu")
    assert rels(root) == ["a.cu", "b.cu"]
    assert dirty_files(root, ["b.cu"]) == ["a.cu", "b.cu"]
    with pytest.raises(PortkitError, match="git knows no revision 'HEAD'"):
        changed_lines(root, "HEAD")


def test_a_partial_clone_fetches_nothing(tmp_path: Path) -> None:
    other = packed(tmp_path / "other")
    commit(other, a=TEXT + "more\n")
    edit(other / "a.cu")
    git(other, "commit", "-qam", "two")
    git(other, "config", "uploadpack.allowFilter", "true")
    root = tmp_path / "tree"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{other}", str(root))
    assert rels(root) == ["a.cu", "b.cu"]
    assert changed_lines(root, "HEAD") == {}
    assert dirty_files(root, ["a.cu"]) == []
    with pytest.raises(PortkitError, match=r"git cannot read the repository: unable to read"):
        changed_lines(root, "HEAD~1")
    git(root, "diff", "HEAD~1")  # fetches
    assert changed_lines(root, "HEAD~1") == {"a.cu": [(3, 3)]}


# --- revisions
# -------------------------------------------------------------------------------------------------


def test_names_of_revisions(tmp_path: Path) -> None:
    other = packed(tmp_path / "other")
    root = tmp_path / "tree"
    git(tmp_path, "clone", "-q", str(other), str(root))
    edit(root / "a.cu")
    git(root, "commit", "-qam", "two")
    git(root, "tag", "-am", "x", "tagged", "HEAD~1")
    git(root, "fetch", "-q", "origin", "main")
    first = git(root, "rev-parse", "HEAD~1")
    names = [
        "HEAD~1",
        first,
        first[:9],
        "tagged",
        "origin/main",
        "origin",
        "FETCH_HEAD",
        "@{u}",
        "main@{upstream}",
    ]
    names += ["HEAD@{1}", "main@{1}", "origin/main...", "@{upstream}...", "HEAD^", "tagged^{}"]
    for name in names:
        assert changed_lines(root, name) == {"a.cu": [(3, 3)]}, name
    for name in ("", "nowhere", "--all", "HEAD:a.cu", "HEAD~9", "a\nb", "HEAD@{999}", "é"):
        with pytest.raises(PortkitError, match="git knows no revision") as raised:
            changed_lines(root, name)
        assert "\n" not in str(raised.value)
    git(root, "checkout", "-q", "--orphan", "alone")
    git(root, "commit", "-qm", "x")
    with pytest.raises(PortkitError, match="no commit in common with HEAD"):
        changed_lines(root, "main...")


# --- what changes can be
# ---------------------------------------------------------------------------------------


def test_renamed_moved_and_linked(tree: Path) -> None:
    (tree / "sub").mkdir()
    git(tree, "mv", "a.cu", "sub/moved.cu")
    edit(tree / "sub/moved.cu", 8)
    (tree / "b.cu").chmod(0o755)
    assert changed_lines(tree, "HEAD") == {"sub/moved.cu": [(8, 8)]}
    assert changed_lines(tree / "sub", "HEAD") == {"moved.cu": [(1, 8)]}
    assert dirty_files(tree) == ["a.cu", "b.cu", "sub/moved.cu"]
    assert dirty_files(tree / "sub") == ["moved.cu"]
    (tree / "b.cu").unlink()
    (tree / "b.cu").symlink_to("sub/moved.cu")
    assert "b.cu" in changed_lines(tree, "HEAD")


def test_lines_added_and_taken_away(tree: Path) -> None:
    lines = TEXT.splitlines(keepends=True)
    (tree / "a.cu").write_text(
        "".join([lines[0], "new\n", "new\n", *lines[1:5], *lines[6:]]) + "end"
    )
    (tree / "b.cu").write_text("".join(lines[:4]))
    assert changed_lines(tree, "HEAD") == {"a.cu": [(2, 3), (10, 10)], "b.cu": []}


def test_a_file_in_conflict_has_changed(tree: Path) -> None:
    git(tree, "checkout", "-qb", "topic")
    edit(tree / "a.cu")
    git(tree, "commit", "-qam", "two")
    git(tree, "checkout", "-q", "main")
    (tree / "a.cu").write_text(TEXT.replace("line 3", "ours"))
    git(tree, "commit", "-qam", "three")
    git(tree, "merge", "topic", code=1)
    assert rels(tree) == ["a.cu", "b.cu"]
    (first, last), *_ = changed_lines(tree, "HEAD")["a.cu"]
    assert first <= 3 <= last
    assert dirty_files(tree) == ["a.cu"]


def test_staged_and_meant_to_be_added(tree: Path) -> None:
    edit(tree / "a.cu")
    git(tree, "add", "a.cu")
    (tree / "c.cu").write_text("x\ny\n")
    git(tree, "add", "-N", "c.cu")
    assert changed_lines(tree, "HEAD") == {"a.cu": [(3, 3)], "c.cu": [(1, 2)]}
    assert dirty_files(tree) == ["a.cu", "c.cu"]
    (tree / ".gitattributes").write_text("*.cu filter=x\n")
    assert changed_lines(tree, "HEAD")["c.cu"] == WHOLE


@pytest.mark.parametrize(
    "raw",
    [b"b \xff\t.cu", b'q"uo\\te.cu', b"new\nline.cu", "文件 é.cu".encode(), b"[x]*?.cu", b" b"],
)
def test_any_name(tree: Path, raw: bytes) -> None:
    name = os.fsdecode(raw)
    (tree / name).write_text(TEXT)
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "x")
    assert dirty_files(tree, [name]) == []
    edit(tree / name)
    (key,) = changed_lines(tree, "HEAD").items()
    assert key == (printable_name(raw), [(3, 3)])
    assert dirty_files(tree, [name]) == [name]
    (tree / ".gitattributes").write_text("* filter=x\n")
    assert changed_lines(tree, "HEAD")[key[0]] == WHOLE


def test_touched_files_are_not_changed(tree: Path) -> None:
    for name in ("a.cu", "b.cu"):
        os.utime(tree / name, (1, 1))
    assert changed_lines(tree, "HEAD") == {}
    assert dirty_files(tree) == []


# --- how git reads files
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["local", "global", "attributes", "user's attributes"])
def test_line_ends_are_compared_as_git_does(tree: Path, home: Path, where: str) -> None:
    if where in ("local", "global"):
        git(tree, "config", f"--{where}", "core.autocrlf", "true")
    elif where == "attributes":
        (tree / ".gitattributes").write_text("*.cu text eol=crlf\n")
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", "x")
    else:
        (home / ".config/git").mkdir(parents=True)
        (home / ".config/git/attributes").write_text("*.cu text eol=crlf\n")
    for name in ("a.cu", "b.cu"):
        (tree / name).unlink()
        git(tree, "checkout", "-q", name)
        assert b"\r\n" in (tree / name).read_bytes()
        os.utime(tree / name, (1, 1))
    assert changed_lines(tree, "HEAD") == {}
    assert dirty_files(tree) == []
    (tree / "a.cu").write_bytes(TEXT.replace("\n", "\r\n").replace("line 3", "edited").encode())
    assert changed_lines(tree, "HEAD") == {"a.cu": [(3, 3)]}


def test_names_and_encodings_of_attributes(tree: Path) -> None:
    (tree / ".gitattributes").write_text("c.cu working-tree-encoding=UTF-16LE\n*.cu ident\n")
    (tree / "c.cu").write_text(TEXT, encoding="utf-16-le")
    commit(tree, d="// $Id$\n" + TEXT)
    (tree / "d.cu").unlink()
    git(tree, "checkout", "-q", "d.cu")
    assert "$Id: " in (tree / "d.cu").read_text()
    for name in ("c.cu", "d.cu"):
        os.utime(tree / name, (1, 1))
    assert changed_lines(tree, "HEAD") == {}
    assert dirty_files(tree) == []


@pytest.mark.parametrize("where", ["~/rules", "{home}/rules", "default", "xdg", "info", "none"])
def test_rules_of_the_user_count(
    tree: Path, home: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "ignored.cu").write_text("x\n")
    place = home / "rules"
    if where == "default":
        place = home / ".config/git/ignore"
    elif where == "xdg":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
        place = home / "settings/git/ignore"
    elif where == "info":
        place = tree / ".git/info/exclude"
    elif where == "none":
        (home / ".config/git").mkdir(parents=True)
        (home / ".config/git/ignore").write_text("ignored.cu\n")
        git(tree, "config", "core.excludesFile", "")
    else:
        git(tree, "config", "--global", "core.excludesFile", where.format(home=home))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("ignored.cu\n")
    expected = ["a.cu", "b.cu", "ignored.cu"] if where == "none" else ["a.cu", "b.cu"]
    assert rels(tree) == expected
    assert ("ignored.cu" in changed_lines(tree, "HEAD")) == (where == "none")


def test_settings_keep_their_bytes(tree: Path, home: Path) -> None:
    """Quotes, backslashes, blanks and line ends in a path that is handed on."""
    place = home / ' q"uo\\te\n#;\t.txt '
    place.write_text("b.cu\n")
    git(tree, "config", "--global", "core.excludesFile", str(place))
    git(tree, "rm", "-q", "--cached", "b.cu")
    assert rels(tree) == ["a.cu"]


# --- content filters
# --------------------------------------------------------------------------------------------


def pointer(data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n".encode()


def with_filter(tree: Path, name: str, clean: str) -> None:
    """Commit a.cu through a content filter; what lies in the tree is what was there before."""
    script = tree.parent / "clean.py"
    script.write_text(f"import hashlib, sys\ndata = sys.stdin.buffer.read()\n{clean}\n")
    git(tree, "config", f"filter.{name}.clean", f"{sys.executable} {script}")
    (tree / ".gitattributes").write_text(f"a.cu filter={name}\n")
    git(tree, "add", "-A", "--renormalize", ".")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "filtered")
    assert git(tree, "show", "HEAD:a.cu") != TEXT.strip()


LFS = (
    "print('version https://git-lfs.github.com/spec/v1')\nprint('oid sha256:' + "
    "hashlib.sha256(data).hexdigest())\nprint('size', len(data))"
)
UPPER = "sys.stdout.buffer.write(data.upper())"


@pytest.mark.parametrize("touch", [True, False], ids=["touched", "as checked out"])
def test_files_of_lfs(tree: Path, touch: bool) -> None:
    with_filter(tree, "lfs", LFS)
    if touch:
        os.utime(tree / "a.cu", (1, 1))
    assert rels(tree) == ["a.cu", "b.cu"]
    assert changed_lines(tree, "HEAD") == {}
    assert dirty_files(tree, ["a.cu"]) == []
    edit(tree / "a.cu")
    assert changed_lines(tree, "HEAD") == {"a.cu": WHOLE}
    assert dirty_files(tree, ["a.cu"]) == ["a.cu"]
    git(tree, "commit", "-qam", "edited")
    assert changed_lines(tree, "HEAD") == {}
    # Lines of the pointer changed; what is read are those of the file.
    assert changed_lines(tree, "HEAD~1") == {"a.cu": WHOLE}
    git(tree, "mv", "a.cu", "c.cu")
    assert "c.cu" in changed_lines(tree, "HEAD~1")


def test_a_pointer_that_was_not_fetched(tree: Path) -> None:
    with_filter(tree, "lfs", LFS)
    (tree / "a.cu").write_bytes(pointer(TEXT.encode()))
    assert changed_lines(tree, "HEAD") == {}
    assert dirty_files(tree) == []


def test_a_pointer_with_an_extension_is_not_known(tree: Path) -> None:
    with_filter(tree, "lfs", LFS + "\nprint('ext-0-x sha256:' + '0' * 64)")
    os.utime(tree / "a.cu", (1, 1))
    assert changed_lines(tree, "HEAD") == {"a.cu": WHOLE}
    assert dirty_files(tree) == ["a.cu"]


def test_files_of_another_filter(tree: Path) -> None:
    with_filter(tree, "upper", UPPER)
    # The index is written well after the file.
    os.utime(tree / "a.cu", (1, 1))
    git(tree, "update-index", "--refresh")
    assert changed_lines(tree, "HEAD") == {}
    assert dirty_files(tree, ["a.cu"]) == []
    os.utime(tree / "a.cu", (2, 2))  # nobody knows now, without the filter
    assert changed_lines(tree, "HEAD") == {"a.cu": WHOLE}
    assert dirty_files(tree, ["a.cu"]) == ["a.cu"]
    assert changed_lines(tree, "HEAD") == {"a.cu": WHOLE}
    git(tree, "update-index", "--refresh")
    edit(tree / "a.cu")
    assert changed_lines(tree, "HEAD") == {"a.cu": WHOLE}
    git(tree, "commit", "-qam", "edited")
    assert changed_lines(tree, "HEAD~1") == {"a.cu": WHOLE}


def test_a_filter_of_the_user_is_not_run_either(tree: Path, home: Path) -> None:
    ran = home / "RAN"
    git(tree, "config", "--global", "filter.lfs.clean", f"touch {ran}; cat")
    git(tree, "config", "--global", "filter.lfs.required", "true")
    (tree / ".gitattributes").write_text("* filter=lfs\n")
    edit(tree / "a.cu")
    assert changed_lines(tree, "HEAD")["a.cu"] == WHOLE
    assert dirty_files(tree) == ["a.cu"]
    assert not ran.exists()


# --- files that git was told not to look at
# --------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
def test_work_in_files_that_git_does_not_look_at_is_not_lost(tree: Path, option: str) -> None:
    git(tree, "update-index", option, "a.cu", "b.cu")
    assert dirty_files(tree, ["a.cu", "b.cu"]) == []
    edit(tree / "a.cu")
    assert dirty_files(tree, ["a.cu", "b.cu"]) == ["a.cu"]


# --- folders that cannot be read
# -------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_read_is_told(
    tree: Path, repository: Path, restricted: tuple[str, ...]
) -> None:
    folders = {"new": True, "build": False, "module/in": False, "info": False, "deep/er": True}
    git(tree, "clone", "-q", str(tree), "module")
    (tree / ".gitignore").write_text("build/\n")
    (tree / ".git/info/exclude").write_text("info\n")
    (tree / "c.h").write_text("")
    for name in folders:
        (tree / name).mkdir(parents=True)
        (tree / name / "x.cu").write_text("x\n")
        (tree / name).chmod(0)
    code = (
        "import sys\nfrom pathlib import Path\nfrom portkit.files.discovery import discover\n"
        "from portkit.languages.registry import Reads\nfrom portkit.vocab.vocabulary import load_vocabulary\n"
        "found = discover([Path(sys.argv[1])], reads=Reads(load_vocabulary()))\n"
        "print(*(f.rel for f in found.files))\nprint(*(s.path for s in found.skipped if s.reason == 'unreadable'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(repository / "src")}
    try:
        done = subprocess.run(
            [*restricted, sys.executable, "-c", code, str(tree)],
            capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
    finally:
        for name in folders:
            (tree / name).chmod(0o755)
    assert done.stderr == ""
    files, unreadable = done.stdout.splitlines()
    assert files == "a.cu b.cu c.h"
    assert unreadable == "deep/er new"
