# SPDX-License-Identifier: Apache-2.0
"""Two files never share a printable name, and a printable name leads back to its file: proved, and
played on whole trees.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from depth import many
from portkit.files.changes import changed_lines
from portkit.files.discovery import discover as _discover
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.printable import (
    printable,
    printable_json,
    printable_line,
    printable_lines,
    printable_name,
    printable_path,
    real_name,
)
from portkit.rewrite.runs import entry
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))

# Pieces of which names that could be taken for each other are made.
_PIECES = [
    b"\\", b"\\\\", b"x", b"u", b"U", b"ff", b"23", b"0a", b"1b", b"85", b"0085", b"202e",
    b"000e0041", b"\xff", b"\x80", b"\x85", b"\xc2",
    b"\xc2\x85", b"\n", b"\r", b"\x1b", b"\x7f", b"\t", b"\xe2\x80\xae", b"\xe2\x80\xa8",
    b"\xf3\xa0\x81\x81", b"\xed\xb3\xbf", b"##[",
    b"[", b"\\xff", b"\\x0a", b"\\x23", b"\\x3a", b"\\u0085", b"\\u202e", b"\\U000e0041",
    b"\\udcff", b"::", b".cu", "核".encode(), b" ",
]  # fmt: skip
_NAME = (
    st.lists(st.sampled_from(_PIECES) | st.binary(max_size=3), max_size=8)
    .map(b"".join)
    .map(lambda name: name.replace(b"\0", b""))
)
ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")


@settings(max_examples=many(500))
@given(_NAME)
@example(b"l\xff.cu")
@example(rb"l\xff.cu")
@example(rb"l\\xff.cu")
@example("\x85".encode() + b"\x85")
def test_a_printable_name_leads_back_to_its_file(name: bytes) -> None:
    shown = printable_name(name)
    assert os.fsencode(real_name(shown)) == name  # so no two names have one printable form
    assert (
        shown == printable_name(os.fsdecode(name)) == printable_name(Path(os.fsdecode(name)))
        or b"/" in name
        or name in (b"", b".")
    )
    assert not [c for c in shown if unicodedata.category(c) in ACTING]
    assert not re.search(r"##(vso|teamcity)?\[", shown, re.I)
    assert "/".join(map(printable_name, name.split(b"/"))) == shown


@settings(max_examples=many(500))
@given(_NAME, _NAME)
def test_two_names_have_two_printable_forms(one: bytes, other: bytes) -> None:
    assert (printable_name(one) == printable_name(other)) == (one == other)


@pytest.mark.parametrize(
    "name",
    [
        "a.cu",
        "src/k e r n.cu",
        "核函数/内核.cu",
        "dir\\file.cu",
        "src\\x64\\new.cu",
        "a\\b\\t\\n.cu",
        "::x.cu",
        "##x[1].cu",
        "日本\u3000語.cu",
        "é.cu",
    ],
)
def test_ordinary_names_are_their_own(name: str) -> None:
    assert printable_name(name) == name == real_name(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"l\xff.cu", r"l\xff.cu"), (rb"l\xff.cu", r"l\\xff.cu"), (rb"l\\xff.cu", r"l\\\\xff.cu"),
        (b"a\nb\\c.cu", r"a\x0ab\\c.cu"),
        (b"d\\e/\xff.cu", r"d\e/\xff.cu"), (b"\xe2\x80\xae.cu", r"\u202e.cu"), (b"\xc2\x9b.cu",
        r"\u009b.cu"), (b"\x9b.cu", r"\x9b.cu"),
        (b"##[error]x.cu", r"\x23#[error]x.cu"), (b"##VSO[x].cu", r"\x23#VSO[x].cu"),
        (b"\xf3\xa0\x81\x81.cu", r"\U000e0041.cu"),
    ],
)  # fmt: skip
def test_other_names_are_escaped(name: bytes, shown: str) -> None:
    assert printable_name(name) == shown


def test_every_character_without_a_shape_is_escaped() -> None:
    """Python's own notion of it may grow with its version; the list in printable.py then has to."""
    acting = [
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ACTING
    ]
    assert [c for c in acting if printable(c) == c] == []
    shown = [
        chr(c)
        for c in range(0x20, 0x10FFFF)
        if unicodedata.category(chr(c))[0] in "LNPS" and printable(chr(c)) != chr(c)
    ]
    assert shown == []


@given(st.text(st.sampled_from("#[:vso \n\t\x1b\u2028\x85\u202e\udcff\ud800\U000e0041\\ax")))
def test_texts(text: str) -> None:
    one = printable_line(text)
    assert printable_line(one) == one and "\n" not in one and not one.lstrip().startswith("::")
    for line in printable_lines(text).split("\n"):
        assert not line.lstrip().startswith("::") and not re.search(r"##(vso|teamcity)?\[", line)
    assert not printable_path(text).lstrip().startswith("::")
    # beside another half it would be read back as a whole character
    text = text.replace("\ud800", "")
    shown = printable_json(
        json.dumps({"x": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )
    assert json.loads(shown) == {"x": text}
    assert not [c for c in shown if unicodedata.category(c) in ACTING] and "##[" not in shown
    assert "\n" not in str(PortkitError(text, text, text))


# --- on whole trees

ASM = b'void f(void* p) { cudaFree(p); asm("bar.sync 1;"); }\n'
TWINS = (
    b"l\xff.cu",
    rb"l\xff.cu",
    rb"l\\xff.cu",
    b"n\n.cu",
    rb"n\x0a.cu",
    b"d\xff/a.cu",
    rb"d\xff/a.cu",
    b"\xc2\x85.cu",
    b"\x85.cu",
    rb"\u0085.cu",
)


def place(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118  pathlib has no bytes


def make(folder: Path, *names: bytes, content: bytes = ASM) -> Path:
    for name in names:
        path = place(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make(tmp_path / "tree", *TWINS)


def test_every_file_is_found(tree: Path) -> None:
    found = discover([tree], root=tree)
    assert {os.fsencode(real_name(f.rel)) for f in found.files} == set(TWINS) and len(
        {f.rel for f in found.files}
    ) == len(TWINS)
    assert all(
        os.fsencode(f.fs_rel) == os.fsencode(real_name(f.rel)) and bytes.fromhex(f.rel_bytes)
        for f in found.files
    )
    assert len(set(found.tree)) == len(TWINS)


def test_every_file_is_reported(portkit: Any, tree: Path) -> None:
    done = portkit("report", tree, "--root", tree, "--to", "musa", "--format", "json", "-j", "2")
    files = json.loads(done.stdout)["plans"][0]["files"]
    assert {bytes.fromhex(f["path_bytes"]) for f in files} == set(TWINS) and len(
        {f["path"] for f in files}
    ) == len(TWINS)
    assert all(
        f["parse"] == "clang" and any(x["rule"] == "PK401" for x in f["findings"]) for f in files
    )


def test_the_twin_does_not_hide_behind_a_clean_file(portkit: Any, tmp_path: Path) -> None:
    make(tmp_path / "t", b"l\xff.cu", content=b"void ok() {}\n")
    make(tmp_path / "t", rb"l\xff.cu")
    done = portkit("check", tmp_path / "t", "--root", tmp_path / "t", "--to", "musa", code=1)
    assert r"l\\xff.cu:1:" in done.stdout and "in 2 files" in done.stdout


def test_a_saved_scan_and_a_baseline_know_each_file(
    portkit: Any, tree: Path, tmp_path: Path
) -> None:
    portkit("scan", tree, "--root", tree, "-o", tmp_path / "s.json")
    again = ("--root", tree, "--to", "musa", "--from-scan", tmp_path / "s.json")
    assert json.loads(portkit("report", tree, *again, "--format", "json").stdout)["plans"][0][
        "summary"
    ]["files"] == len(TWINS)
    baseline = tmp_path / "b.json"
    portkit("baseline", tree, *again, "--baseline", baseline, "--write")
    assert len(
        {f["path"] for f in json.loads(baseline.read_text(encoding="utf-8"))["findings"]}
    ) == len(TWINS)
    portkit("check", tree, *again, "--baseline", baseline)
    # a file that is there but was not read this time is not gone, whatever its name
    one = portkit(
        "baseline", place(tree, TWINS[0]), "--root", tree, "--to", "musa", "--baseline", baseline
    )
    assert "0 gone" in one.stdout and "not read" in one.stdout
    place(tree, TWINS[1]).unlink()
    assert (
        r"gone  l\\xff.cu: PK401"
        in portkit("baseline", tree, "--root", tree, "--to", "musa", "--baseline", baseline).stdout
    )
    done = portkit("report", tree, *again, code=2)
    assert r"l\\xff.cu (removed)" in done.stderr


def test_a_scan_of_single_files_is_read_back(portkit: Any, tree: Path, tmp_path: Path) -> None:
    for name in (*TWINS[:4], TWINS[5]):
        exclude = os.fsdecode(b"*\xff\xfe*")
        portkit(
            "scan",
            place(tree, name),
            "--root",
            tree,
            "-o",
            tmp_path / "s.json",
            "--exclude",
            exclude,
        )
        saved = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
        assert [os.fsencode(real_name(p)) for p in saved["paths"]] == [name] and real_name(
            saved["exclude"][0]
        ) == exclude
        done = portkit(
            "report",
            "--root",
            tree,
            "--to",
            "musa",
            "--from-scan",
            tmp_path / "s.json",
            "--format",
            "json",
            cwd=tree,
        )
        assert [
            bytes.fromhex(f["path_bytes"]) for f in json.loads(done.stdout)["plans"][0]["files"]
        ] == [name]


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
@pytest.mark.parametrize("name", TWINS)
def test_changed_lines_are_those_of_the_file(tree: Path, name: bytes) -> None:
    git(tree, "init")
    git(tree, "add", "-A")
    git(tree, "commit", "-m", "x")
    place(tree, name).write_bytes(ASM + b"int more;\n")
    make(tree, b"new" + name)
    assert changed_lines(tree, "HEAD") == {
        printable_name(name): [(2, 2)],
        printable_name(b"new" + name): [(1, 1 << 60)],
    }


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_every_file_is_written_and_brought_back(portkit: Any, tree: Path, tmp_path: Path) -> None:
    before = {name: place(tree, name).read_bytes() for name in TWINS}
    git(tree, "init")
    git(tree, "add", "-A")
    git(tree, "commit", "-m", "x")
    portkit(
        "migrate",
        tree,
        "--root",
        tree,
        "--to",
        "musa",
        "--out-dir",
        tmp_path / "out",
        "--rename-files",
    )
    for name in TWINS:
        assert b"musaFree" in place(tmp_path / "out", name[:-2] + b"mu").read_bytes()
    portkit("migrate", tree, "--root", tree, "--to", "musa", "--in-place")
    assert all(b"musaFree" in place(tree, name).read_bytes() for name in TWINS)
    (journal,) = (tmp_path / "home").rglob("*.done.json")
    entries = json.loads(journal.read_text(encoding="utf-8"))["entries"]
    assert {e["path"]: bytes.fromhex(e["name"]) for e in entries} == {
        printable_name(name): name for name in TWINS
    }
    portkit("migrate", tree, "--root", tree, "--undo")
    assert {name: place(tree, name).read_bytes() for name in TWINS} == before


def test_the_journal_names_each_file() -> None:
    assert {entry(os.fsdecode(name), None, None).path for name in TWINS} == {
        printable_name(name) for name in TWINS
    }


@pytest.mark.parametrize(
    ("folder", "header"),
    [
        (b"d\xff", b"own.cuh"), (rb"d\xff", b"o\xff.cuh"), (b"d\n::x", b"o\x01.cuh"),
        ("目录".encode(), "头.cuh".encode()),
        (b"d\\e", b"own.cuh"), (b"d", b"##[error].cuh"),
    ],
)  # fmt: skip
def test_headers_are_found_and_followed(
    portkit: Any, tmp_path: Path, folder: bytes, header: bytes
) -> None:
    tree = make(
        tmp_path / "t",
        folder + b"/" + header,
        content=b"#define OWN(p) cudaFree(p)\ninline void own(void* p) { cudaFree(p); }\n",
    )
    make(
        tree,
        folder + b"/a.cu",
        content=b'#include "' + header + b'"\nvoid f(void* p) { own(p); OWN(p); }\n',
    )
    done = portkit("report", tree, "--root", tree, "--to", "musa", "--format", "json")
    files = json.loads(done.stdout)["plans"][0]["files"]
    assert len(files) == 2 and all(f["parse"] == "clang" for f in files)
    (function,) = (r for f in files for r in f["references"] if r["context"] == "call")
    assert function["proof"] == "proved"
    portkit(
        "migrate",
        tree,
        "--root",
        tree,
        "--to",
        "musa",
        "--out-dir",
        tmp_path / "out",
        "--rename-files",
    )
    moved = header[:-3] + b"muh"
    assert place(tmp_path / "out", folder + b"/" + moved).is_file()
    assert b'#include "' + moved + b'"' in place(tmp_path / "out", folder + b"/a.mu").read_bytes()


def test_a_name_is_no_option_of_the_compiler(tmp_path: Path) -> None:
    from portkit.run.compiler import syntax_check

    names = [b"-o.cu", b"@args.cu", b"+x.cu", b"n\n.cu", b"l\xff.cu", rb"l\xff.cu", b"plain.cu"]
    make(tmp_path, *names)
    script = tmp_path / "cc"
    script.write_text('#!/bin/sh\nprintf "%s\\0" "$1" >> seen\ntest -f "$1"\n')
    script.chmod(0o755)
    count, failures = syntax_check(str(script), tmp_path, [printable_name(name) for name in names])
    assert (count, failures) == (len(names), [])
    seen = (tmp_path / "seen").read_bytes().split(b"\0")[:-1]
    assert seen == [b"./" + n if n[:1] in b"-@+" else n for n in names]


@pytest.mark.workers
def test_each_file_of_a_lost_job_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no worker could read is a finding of each file, under its own name."""
    from portkit.languages.jobs import Lost
    from portkit.model.words import Rung
    from portkit.run.pipeline import scan_paths
    from portkit.run.pool import Pool
    from portkit.run.scan_options import ScanOptions

    make(tmp_path / "t", *TWINS)

    def lose(self: Pool, jobs: Any, each: Callable[[int, Any], None] | None = None) -> list[Any]:
        for number in range(len(jobs)):
            if each is not None:
                each(number, Lost())
        return [Lost()] * len(jobs)

    monkeypatch.setattr(Pool, "run", lose)
    scan = scan_paths(
        [tmp_path / "t"], ScanOptions(root=tmp_path / "t", rung=Rung.SYNTAX, jobs=1)
    ).scan
    assert len({f.path for f in scan.files}) == len(TWINS) and all(f.issues for f in scan.files)
