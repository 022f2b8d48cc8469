# SPDX-License-Identifier: Apache-2.0
"""Every file has one language or none, and what depends on it goes through that language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portkit.languages.cmake.commands import read_commands
from portkit.languages.cmake.reader import links_of
from portkit.languages.registry import LANGUAGES, language_of
from portkit.model.spans import Span
from portkit.rules.fingerprint import blanked

CUDA = "#include <cuda_runtime.h>\nvoid f(void *p) { cudaFree(p); }\n"
Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("name", "head", "language"),
    [
        ("a.cu", b"", "cxx"),
        ("A.CUH", b"", "cxx"),
        ("gen.py", b"", "python"),
        ("tool", b"#!/usr/bin/env python3\n", "python"),
        ("CMakeLists.txt", b"", "cmake"),
        ("sub/cmakelists.TXT", b"#include <cuda.h>\n", "cmake"),
        ("FindCUDA.cmake", b"", "cmake"),
        ("version.h.in", b"#pragma once\n", "cxx"),
        ("kernels.hu", b'// \xe4\xb8\xad\n#include "a.h"\n', "cxx"),
        ("kernels.hu", b"template <int N> struct A;\n", "cxx"),
        ("notes.txt", b"Call `#include` in a list\n", None),
        ("build.sh", b"#!/bin/sh\n# if there is a card\nnvcc a.cu\n", "script"),
        ("Makefile", b"a.o: a.cu\n\tnvcc -c a.cu\n", "make"),
        ("data.json", b"{}", None),
    ],
)
def test_a_file_has_one_language_or_none(name: str, head: bytes, language: str | None) -> None:
    found = language_of(name, head)
    assert (found.NAME if found is not None else None) == language


@pytest.mark.parametrize("name", ["notes.txt", "build.bat", "notes"])
def test_a_named_file_of_no_language_is_a_finding_and_stays(
    name: str, tmp_path: Path, run_report: Run, run_migrate: Run
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    text = "cudaFree(p); # cudaMalloc, __CUDA_ARCH__ >= 800\n"
    (tree / name).write_text(text)
    (tree / "a.cu").write_text(CUDA)
    plan = run_report(tree / name, "--root", str(tree))
    (file,) = plan["files"]
    assert [f["rule"] for f in file["findings"]] == ["PK914"]
    assert file["language"] == "" and file["references"] == []
    out = run_migrate(tree, tmp_path / "out", "--root", str(tree), "--include", name)
    assert (out / name).read_text() == text
    assert "musaFree" in (out / "a.cu").read_text()


def test_a_named_cmake_file_is_not_read_as_c(tmp_path: Path, run_report: Run) -> None:
    (tmp_path / "CMakeLists.txt").write_text("check_language(CUDA)\nset(X cudaMalloc cudart)\n")
    (file,) = run_report(tmp_path / "CMakeLists.txt", "--root", str(tmp_path))["files"]
    assert file["language"] == "cmake"
    assert {r["context"] for r in file["references"]} == {"build"}
    assert [(f["rule"], f["line"]) for f in file["findings"]] == [("PK714", 1)]


def test_marks_of_a_cmake_file_hold(tmp_path: Path, run_report: Run) -> None:
    text = (
        "check_language(CUDA) # portkit: ignore[PK714] kept beside the port\ncheck_language(CUDA)\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(text)
    (file,) = run_report(tmp_path, "--root", str(tmp_path))["files"]
    assert [bool(f.get("suppressed")) for f in file["findings"]] == [True, False]


def test_what_moves_is_followed_in_lists_and_not_in_comments_of_python(
    tmp_path: Path, run_migrate: Run
) -> None:
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    lists = "add_library(k src/k.cu ${MORE} other.cu) # src/k.cu\n"
    (tree / "CMakeLists.txt").write_text(lists)
    (tree / "src" / "k.cu").write_text(CUDA)
    (tree / "src" / "u.cpp").write_text('#include "k.cu"\n')
    python = '#include "k.cu"\nS = """__global__ void k();\n#include "k.cu"\n"""\n'
    (tree / "src" / "gen.py").write_text(python)
    out = run_migrate(tree, tmp_path / "out", "--root", str(tree), "--rename-files")
    assert (out / "src" / "k.mu").is_file()
    moved = lists.replace("add_library(k src/k.cu", "musa_add_library(k src/k.mu")
    assert (out / "CMakeLists.txt").read_text() == moved
    assert (out / "src" / "u.cpp").read_text() == '#include "k.mu"\n'
    assert (out / "src" / "gen.py").read_text() == python


def test_a_header_behind_a_link_is_the_project_s(tmp_path: Path, run_report: Run) -> None:
    tree = tmp_path / "tree"
    (tree / "real").mkdir(parents=True)
    (tree / "real" / "own.h").write_text("#pragma once\nint cudaFree(void *);\n")
    (tree / "inc").mkdir()
    (tree / "inc" / "alias.h").symlink_to("../real/own.h")
    (tree / "a.cu").write_text('#include "inc/alias.h"\nvoid f(void *p) { cudaFree(p); }\n')
    plan = run_report(tree, "--root", str(tree), "--no-cache")
    used = {
        r["name"]: r["decision"]
        for f in plan["files"]
        for r in f["references"]
        if f["path"] == "a.cu"
    }
    assert used == {"cudaFree": "keep"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b'set(A [[x]] [=[ ) ]] ]=] "a\\"b" ${C} a\\;b)\n', None),
        (b"if((A) AND (B))\nendif()\n#[[ c ]] # d\n", None),
        (b"\xef\xbb\xbfset(A b)\r\n# c\r\n", None),
        (b"set(A b", 0),
        (b'set(A "b)\n', 6),
        (b"set(A b)\n)\n", 9),
        (b"set A b\n", 4),
    ],
)
def test_cmake_s_syntax(text: bytes, fault: int | None) -> None:
    read = read_commands(text)
    assert (read.fault.start if read.fault is not None else None) == fault
    for command in read.commands:
        assert text[command.span.start : command.span.end].decode().lower() == command.name
        for argument in command.arguments:
            assert text[argument.span.start : argument.span.end].decode() == argument.text


def test_links_of_cmake_files() -> None:
    text = b"add_subdirectory(sub)\ninclude(a.cmake)\ntarget_sources(k PRIVATE a.cu ${B}/c.cu ${B}.cu)\nmessage(d.cu)\n"
    found = [(link.role, link.spelling) for link in links_of(text)]
    assert found == [
        ("subdirectory", "sub"),
        ("import", "a.cmake"),
        ("source", "a.cu"),
        ("tail", "c.cu"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_comments_that_it_finds_again(language: str) -> None:
    one = LANGUAGES[language]
    text = f"{one.comment('portkit: ignore')}\n".encode()
    assert list(one.comments(text, "utf-8")) == [Span(0, len(text) - 1)]
    assert blanked(text, one.comments(text, "utf-8")).strip() == b""


def test_the_scan_document_keeps_the_language(tmp_path: Path, portkit: Run) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "CMakeLists.txt").write_text("find_package(CUDA)\n")
    (tree / "a.cu").write_text(CUDA)
    saved = tmp_path / "scan.json"
    portkit("scan", tree, "--root", tree, "-o", saved)
    files = {f["path"]: f.get("language") for f in json.loads(saved.read_text())["files"]}
    assert files == {"CMakeLists.txt": "cmake", "a.cu": None}
    said = [
        portkit("report", tree, "--root", tree, "--to", "musa", "--format", "json", *more).stdout
        for more in ((), ("--from-scan", saved))
    ]
    assert json.loads(said[0])["plans"] == json.loads(said[1])["plans"]


def test_a_list_names_what_lies_beside_it(tmp_path: Path, run_migrate: Run) -> None:
    """`tests/main.cu` stays: the list beside it means that one, whatever else is called so."""
    tree = tmp_path / "tree"
    for folder in ("src", "tests", "lib"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "main.cu").write_text(CUDA)
        (tree / folder / "CMakeLists.txt").write_text("cuda_add_executable(t main.cu)\n")
    (tree / "lib" / "main.cu").unlink()
    (tree / "src" / "a.cpp").write_text('#include "main.cu"\n#include "../tests/main.cu"\n')
    options = ("--root", str(tree), "--rename-files", "--exclude", "tests/main.cu")
    out = run_migrate(tree, tmp_path / "out", *options)
    lists = {f: (out / f / "CMakeLists.txt").read_text() for f in ("src", "tests", "lib")}
    stays = "musa_add_executable(t main.cu)\n"
    assert lists == {"src": stays.replace(".cu)", ".mu)"), "tests": stays, "lib": stays}
    assert (out / "src" / "a.cpp").read_text().startswith('#include "main.mu"\n')


def test_templates_of_packages_are_read(tmp_path: Path, run_report: Run) -> None:
    text = "@PACKAGE_INIT@\ninclude(CMakeFindDependencyMacro)\nfind_dependency(CUDAToolkit)\n"
    (tmp_path / "FooConfig.cmake.in").write_text(text)
    (file,) = run_report(tmp_path, "--root", str(tmp_path))["files"]
    assert [(r["line"], r["kind"]) for r in file["references"]] == [(3, "package")]


def test_a_file_larger_than_people_write_is_said(tmp_path: Path, run_report: Run) -> None:
    (tmp_path / "CMakeLists.txt").write_text("find_package(CUDA)\n" + "set(A b)\n" * 300_000)
    (file,) = run_report(tmp_path, "--root", str(tmp_path))["files"]
    assert [f["rule"] for f in file["findings"]] == ["PK900"] and file["parse"] == "limit"


@pytest.mark.parametrize("language", ["rust", "python", "cmake"])
def test_a_saved_scan_with_another_language_is_refused(
    language: str, tmp_path: Path, portkit: Run
) -> None:
    tree, saved = tmp_path / "tree", tmp_path / "scan.json"
    tree.mkdir()
    (tree / "a.cu").write_text(CUDA)
    portkit("scan", tree, "--root", tree, "-o", saved)
    document = json.loads(saved.read_text())
    document["files"][0]["language"] = language
    saved.write_text(json.dumps(document))
    done = portkit("report", tree, "--root", tree, "--to", "musa", "--from-scan", saved, code=2)
    assert language in done.stderr and done.stderr.count("\n") == 1


def test_arguments_within_arguments_lose_no_file(tmp_path: Path, run_report: Run) -> None:
    nested = "J(" * 600 + "a" + ", sm)" * 600
    text = f"#define J(a, b) a##b\n__global__ void k() {{ {nested}; }}\n{CUDA}"
    (tmp_path / "a.cu").write_text(text)
    (file,) = run_report(tmp_path, "--root", str(tmp_path))["files"]
    assert [r["name"] for r in file["references"] if r["decision"] == "edit"]
