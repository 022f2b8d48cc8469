# SPDX-License-Identifier: Apache-2.0
"""`--since` goes by the bytes on the disk: whatever .gitattributes say, no changed line is missed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from portkit.files import line_diff
from portkit.files.changes import changed_lines

WHOLE = [(1, 1 << 60)]
BASE = "".join(f"int line{number} = {number};\n" for number in range(1, 9)).encode()
BAD = b'__device__ void f() { asm volatile("trap;"); }\n'


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout.decode()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit: x.cu, and a folder with y.cu."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    (root / "x.cu").write_bytes(BASE)
    (root / "sub" / "y.cu").write_bytes(BASE)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")


def lines_that_differ(before: bytes, after: bytes) -> set[int]:
    """Return the lines of `after`, 1-based, that are not lines of `before`: Python's own
    comparison.
    """
    old, new = before.split(b"\n"), after.split(b"\n")
    parts = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return {
        n + 1
        for tag, _, _, start, end in parts
        if tag in ("replace", "insert")
        for n in range(start, end)
        if new[n]
    }


def covered(ranges: list[tuple[int, int]], lines: set[int]) -> bool:
    return all(any(first <= line <= last for first, last in ranges) for line in lines)


ENCODINGS = ["IBM037", "IBM1047", "UTF-7", "ISO-8859-1", "SHIFT_JIS", "GBK"]


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_of_the_tree_hides_no_line(tree: Path, encoding: str, committed: bool) -> None:
    """Git compares what it makes of a file by its encoding, so it counts other lines than lie
    there.
    """
    now = BASE.replace(b"int line3 = 3;\n", b"int line3 = 3;\n" + BAD)
    (tree / ".gitattributes").write_text(f"*.cu working-tree-encoding={encoding}\n")
    (tree / "x.cu").write_bytes(now)
    if committed:
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", "change")
    ranges = changed_lines(tree, "HEAD~1" if committed else "HEAD")["x.cu"]
    assert covered(ranges, lines_that_differ(BASE, now))


def test_a_file_that_only_an_encoding_changes(tree: Path) -> None:
    """The commit touches .gitattributes alone; what a checkout writes then is another text."""
    (tree / ".gitattributes").write_text("*.cu working-tree-encoding=UTF-7\n")
    (tree / "x.cu").write_bytes(BASE)
    commit(tree)
    for name in ("x.cu", "sub/y.cu"):
        (tree / name).unlink()
        git(tree, "checkout", "-q", name)
        assert (tree / name).read_bytes() != BASE
    assert git(tree, "diff", "--name-only", "HEAD~1").split() == [".gitattributes"]
    for folder, names in ((tree, ("x.cu", "sub/y.cu")), (tree / "sub", ("y.cu",))):
        found = changed_lines(folder, "HEAD~1")
        for name in names:
            assert covered(found[name], lines_that_differ(BASE, (folder / name).read_bytes()))


def test_a_pointer_that_becomes_a_file_with_an_attribute(tree: Path) -> None:
    """The text of an LFS pointer was harmless; with `filter=lfs` it lets a file be put in its
    place.
    """
    digest = hashlib.sha256(BAD).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(BAD)}\n"
    (tree / "x.cu").write_text(pointer)
    commit(tree)
    (tree / ".gitattributes").write_text("x.cu filter=lfs\n")
    commit(tree)
    (tree / "x.cu").write_bytes(BAD)
    assert changed_lines(tree, "HEAD~1")["x.cu"] == WHOLE


ATTRIBUTES = [
    "ident",
    "text eol=crlf",
    "text=auto",
    "-text -diff",
    "filter=none",
    "merge=ours diff=x",
    "binary",
]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_no_other_attribute_hides_a_line(tree: Path, attribute: str) -> None:
    now = BASE.replace(b"line2", b"other").replace(b"int line7 = 7;\n", b"") + BAD
    (tree / ".gitattributes").write_text(f"* {attribute}\n")
    (tree / "x.cu").write_bytes(now)
    commit(tree)
    assert covered(changed_lines(tree, "HEAD~1")["x.cu"], lines_that_differ(BASE, now))


@pytest.mark.parametrize("place", ["sub/.gitattributes", ".GITATTRIBUTES", ".gitattributes"])
def test_attributes_of_any_folder_are_looked_at(tree: Path, place: str) -> None:
    (tree / place).write_text("*.cu working-tree-encoding=IBM037\n")
    (tree / "sub" / "y.cu").write_bytes(BASE + BAD)
    assert changed_lines(tree / "sub", "HEAD")["y.cu"] == [(9, 9)]


# --- honest repositories keep their results -------------------------------------------------------


def test_renamed_new_and_deleted(tree: Path) -> None:
    (tree / "x.cu").rename(tree / "z.cu")
    (tree / "z.cu").write_bytes(BASE.replace(b"line4", b"other"))
    (tree / "sub" / "y.cu").write_bytes(BASE.replace(b"int line5 = 5;\n", b""))
    (tree / "n.cu").write_bytes(BAD * 8)
    git(tree, "add", "z.cu", "x.cu")
    assert changed_lines(tree, "HEAD") == {"z.cu": [(4, 4)], "sub/y.cu": [], "n.cu": WHOLE}
    git(tree, "add", "n.cu")
    assert changed_lines(tree, "HEAD")["n.cu"] == [(1, 8)]
    (tree / "sub" / "y.cu").unlink()
    assert changed_lines(tree, "HEAD").keys() == {"z.cu", "n.cu"}


@pytest.mark.parametrize("attribute", ["", "* text=auto\n", "*.cu text eol=crlf\n", "*.cu -text\n"])
def test_line_ends(tree: Path, attribute: str) -> None:
    ends = BASE.replace(b"\n", b"\r\n")
    (tree / ".gitattributes").write_text(attribute)
    (tree / "x.cu").write_bytes(ends)
    commit(tree)
    os.utime(tree / "x.cu", (1, 1))
    assert changed_lines(tree, "HEAD") == {}
    (tree / "x.cu").write_bytes(ends.replace(b"line6", b"other"))
    assert changed_lines(tree, "HEAD") == {"x.cu": [(6, 6)]}


@pytest.mark.parametrize("touched", [True, False])
def test_an_encoding_that_was_there_before(tree: Path, touched: bool) -> None:
    text = "// \u7b2c\u4e00\u884c\n" + BASE.decode()
    (tree / ".gitattributes").write_text("x.cu working-tree-encoding=GBK\n")
    (tree / "x.cu").write_bytes(text.encode("gbk"))
    commit(tree)
    if touched:
        os.utime(tree / "x.cu", (1, 1))
    assert changed_lines(tree, "HEAD") == {}
    (tree / "x.cu").write_bytes(text.replace("line8", "other").encode("gbk"))
    assert changed_lines(tree, "HEAD") == {"x.cu": [(9, 9)]}
    git(tree, "commit", "-qam", "change")
    assert changed_lines(tree, "HEAD~1") == {"x.cu": [(9, 9)]}


def test_many_files_are_compared_in_groups(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        (tree / f"f{number}.cu").write_bytes(BASE)
    commit(tree)
    for number in range(9):
        (tree / f"f{number}.cu").write_bytes(BASE + BAD)
    monkeypatch.setattr(line_diff, "_GROUP", 2 * len(BASE + BAD))
    assert changed_lines(tree, "HEAD") == {f"f{number}.cu": [(9, 9)] for number in range(9)}


def test_what_is_too_large_or_no_file_changed_as_a_whole(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_diff, "_READ", len(BASE) + 1)
    (tree / "x.cu").write_bytes(BASE + BAD)
    (tree / "sub" / "y.cu").unlink()
    (tree / "sub" / "y.cu").symlink_to("../x.cu")
    assert changed_lines(tree, "HEAD") == {"x.cu": WHOLE, "sub/y.cu": WHOLE}
