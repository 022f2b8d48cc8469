# SPDX-License-Identifier: Apache-2.0
"""Patterns of .gitignore and .gitattributes mean what they mean to git, and no name takes long."""

from __future__ import annotations

import functools
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portkit.files.attributes import marked
from portkit.files.discovery import discover as _discover
from portkit.files.git import find_view
from portkit.files.patterns import (
    MOST,
    Pattern,
    Patterns,
    bytewise,
    faults_of,
    file_lines,
    parse_line,
    settings_patterns,
)
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))

with_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
ODD = [
    *(
        "a",
        "b",
        "c",
        "ab",
        "*",
        "**",
        "?",
        "/",
        "/",
        "**/",
        "/**",
        "[ab]",
        "[!a]",
        "[^b]",
        "[a-c]",
        "[z-a]",
        "[]a]",
        "[[:alpha:]]",
    ),
    *(
        "[[:upper:]x]",
        "[a\\]b]",
        "\\*",
        "\\?",
        "\\a",
        "\\",
        "[",
        "[[:foo:]]",
        "[a-",
        "-",
        "]",
        ".",
        ".c",
        " ",
        "\\ ",
        "!",
        "#",
        "***",
    ),
    *(
        "中",
        "[中]",
        "é",
        "\\/",
        "[/]",
        "[a/b]",
        "[--a]",
        "[a-\\c]",
        "[[]",
        "[[:]",
        "[[:alpha]",
        "[!]a]",
        "\t",
        "\r",
        "&&",
        "[a&&b]",
    ),
]
ODD_NAMES = [
    *(
        "a",
        "b",
        "c",
        "ab",
        "abc",
        "a.c",
        "b.c",
        "x",
        "Z",
        "*",
        "?",
        "-",
        "]",
        "中",
        "é",
        "a b",
        "a ",
        "!a",
        "#a",
        "[",
        "\\",
        "bc",
        "&",
    ),
]
DEEP = [
    "a",
    "b",
    "ab",
    "*",
    "*",
    "?",
    "/",
    "**/",
    "**/",
    "/**/",
    "/**",
    "[ab]",
    "[!a]",
    "*a*",
    "*b*a",
]
DEEP_NAMES = ["a", "b", "ab", "ba", "aab", "abab", "bb"]


def ignored_by_git(top: Path, names: list[str]) -> set[str]:
    feed = "".join(f"{name}\0" for name in names).encode()
    command = ["git", "check-ignore", "--no-index", "-z", "--stdin"]
    done = subprocess.run(command, cwd=top, input=feed, capture_output=True, check=False)
    return {name.decode() for name in done.stdout.split(b"\0") if name}


@with_git
@pytest.mark.parametrize(
    ("atoms", "parts", "longest", "deepest"),
    [(ODD, ODD_NAMES, 6, 4), (DEEP, DEEP_NAMES, 9, 7)],
    ids=["odd", "deep"],
)
def test_ignore_files_are_read_as_git_reads_them(
    tmp_path: Path,
    atoms: list[str],
    parts: list[str],
    longest: int,
    deepest: int,
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    rng = random.Random(13)
    matched = 0
    for _ in range(120):
        lines = []
        for _ in range(rng.randint(1, 4)):
            text = "".join(rng.choice(atoms) for _ in range(rng.randint(1, longest)))
            lines.append(rng.choice(["", "", "", "!", "/"]) + text + rng.choice(["", "", "", "/"]))
        data = "\n".join(lines).encode() + rng.choice([b"", b"\n", b"\r\n"])
        (tmp_path / ".gitignore").write_bytes(rng.choice([b"", b"", b"\xef\xbb\xbf"]) + data)
        names = sorted(
            {"/".join(rng.choices(parts, k=rng.randint(1, deepest))) for _ in range(80)},
        )
        read = file_lines((tmp_path / ".gitignore").read_bytes())
        patterns = Patterns(p for p in map(parse_line, read) if p is not None)
        expected = ignored_by_git(tmp_path, names)
        assert {n for n in names if patterns.match_file(bytewise(n))} == expected, lines
        matched += len(expected)
    assert matched > 500  # the lists say something


@with_git
def test_attribute_files_are_read_as_git_reads_them(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    by_git = find_view(tmp_path)
    assert by_git is not None
    words = [
        *(
            "linguist-generated",
            "linguist-generated=true",
            "linguist-generated=false",
            "-linguist-generated",
            "!linguist-generated",
        ),
        *(
            "linguist-vendored",
            "text",
            "linguist-vendored=1",
            "b@d",
            "a-b",
            "-text",
            "-linguist-generated=true",
        ),
    ]
    rng = random.Random(14)
    found = 0
    for _ in range(120):
        lines = []
        for _ in range(rng.randint(1, 5)):
            text = "".join(rng.choice(ODD) for _ in range(rng.randint(1, 5)))
            text = rng.choice(["", "", "\t"]) + rng.choice(
                [text, text, text, f'"{text}"', f"{text}/"],
            )
            lines.append(
                f"{text}{rng.choice(' 	')}{' '.join(rng.choices(words, k=rng.randint(0, 3)))}",
            )
        (tmp_path / ".gitattributes").write_bytes("\n".join(lines).encode())
        names = sorted(
            {"/".join(rng.choice(ODD_NAMES) for _ in range(rng.randint(1, 3))) for _ in range(60)},
        )
        expected = marked(tmp_path, names, [], by_git)
        assert marked(tmp_path, names, [".gitattributes"], None) == expected, lines
        found += len(expected)
    assert found > 100


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "*a" * 30 + "b",
            "*a*" * 500 + "b",
            "**/a/" * 40 + "b",
            "**/*a*a*b/" * 40 + "b",
            "[!b]*" * 100 + "b",
            "a*?" * 200 + "b",
        ),
        *(
            "/".join(["**", "*"] * 60) + "/b",
            "*" * 5000 + "b",
            "?" * 150 + "*a" * 60 + "b",
            "**/" + "*a" * 60 + "b/**/c",
        ),
    ],
)
def test_no_pattern_makes_a_name_take_long(pattern: str) -> None:
    patterns = settings_patterns([pattern], "exclude")
    for name in ("a" * 250 + ".cu", "/".join(["a" * 20] * 190), "/".join("a" * 2000)):
        assert not patterns.match_file(name)


def test_a_hostile_pattern_does_not_stop_a_run(tmp_path: Path) -> None:
    name = "a" * 200 + ".cu"
    (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("*a" * 20 + "b\n")
    (tmp_path / ".gitattributes").write_text("*a" * 20 + "b linguist-generated\n")
    found = discover([tmp_path], root=tmp_path, exclude=["*a" * 20 + "b"])
    assert [f.rel for f in found.files] == [name]


def test_in_settings_a_letter_is_a_letter_and_in_ignore_files_a_byte() -> None:
    assert settings_patterns(["?.cu"], "include").match_file("中.cu")
    assert not Patterns([Pattern("?.cu")]).match_file(bytewise("中.cu"))
    assert Patterns([Pattern("???.cu")]).match_file(bytewise("中.cu"))


FAULTS: list[tuple[str, str]] = [
    ("[z-a]", "the range z-a"),
    ("a[z-a]*", "the range z-a"),
    ("!", "matches nothing"),
    ("/", "matches nothing"),
    ("!/", "matches nothing"),
    ("\\", "ends in a backslash"),
    ("a\\", "ends in a backslash"),
    ("[", "without its ]"),
    ("x[a", "without its ]"),
    ("[a\\", "without its ]"),
    ("[]", "without its ]"),
    ("[[:nope:]]", "unknown class [:nope:]"),
    ("", "is empty"),
    ("  ", "is empty"),
    ("# gen", "a comment"),
    ("a\0b", "a zero byte"),
]


@pytest.mark.parametrize(("pattern", "said"), FAULTS)
def test_what_nobody_can_have_meant_is_refused_in_settings(pattern: str, said: str) -> None:
    assert [index for index, _ in faults_of(["ok", pattern])] == [1]
    with pytest.raises(PortkitError, match=r"^exclude: the pattern ") as caught:
        settings_patterns(["ok", pattern], "exclude")
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "a",
        "!a",
        "/a/",
        "**",
        "**/a/**",
        "[!a-c]x",
        "[]-a]",
        "\\!a",
        "\\#a",
        "a\\ ",
        "[[:digit:]]*",
        "中?",
    ],
)
def test_what_means_something_is_taken(pattern: str) -> None:
    assert list(faults_of([pattern])) == []


def test_a_list_that_is_far_too_long_is_refused() -> None:
    assert list(faults_of(["a"] * MOST)) == []
    with pytest.raises(PortkitError, match=f"exclude: more than {MOST} patterns"):
        settings_patterns(["a"] * (MOST + 1), "exclude")


def test_exclusions_are_one_list_in_which_the_last_word_counts(tmp_path: Path) -> None:
    make: Callable[[str], int] = lambda name: (tmp_path / name).write_text("x")  # noqa: E731
    for name in ("a.gen.cu", "keep.gen.cu", "b.cu"):
        make(name)
    found = discover([tmp_path], root=tmp_path, exclude=["*.gen.cu", "!keep.gen.cu"])
    assert [f.rel for f in found.files] == ["b.cu", "keep.gen.cu"]
    assert [(s.path, s.files) for s in found.skipped] == [("*.gen.cu", 1)]
