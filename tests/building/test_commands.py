# SPDX-License-Identifier: Apache-2.0
"""Builds from the command line: routes, what is printed, undo."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from build_trees import move, write

FILES = {
    "CMakeLists.txt": "project(a CXX CUDA)\r\nadd_executable(a a.cu)\r\n",
    "a.cu": "#include <cuda_runtime.h>\nint main() { return cudaDeviceSynchronize(); }\n",
}
Run = Callable[..., Any]


def test_undo_brings_the_bytes_back(tmp_path: Path, portkit: Run) -> None:
    tree = write(tmp_path / "tree", FILES)
    options = ("--to", "musa", "--in-place", "--allow-dirty", "-j", "1", "--rung", "lex")
    portkit("migrate", tree, "--root", tree, *options)
    assert b"musa_add_executable(a a.cu)\r\n" in (tree / "CMakeLists.txt").read_bytes()
    portkit("migrate", tree, "--root", tree, "--undo")
    assert {n: (tree / n).read_bytes().decode() for n in FILES} == FILES


def test_the_report_says_what_builds(tmp_path: Path, portkit: Run) -> None:
    tree, output = write(tmp_path / "tree", FILES), tmp_path / "report.json"
    ask = ("report", tree, "--root", tree, "-j", "1", "--rung", "lex")
    text = portkit(*ask, "--to", "musa").stdout
    assert "nothing builds yet: 2 constructs in 1 build files" in text
    assert "cmake -B build -DMUSA_HOME" in text
    text = portkit(*ask, "--to", "musa", "--lang", "zh").stdout
    assert "目前还不能构建" in text
    text = portkit(*ask, "--to", "maca@cu-bridge").stdout
    assert "build with: cmake_maca -B build" in text and "export CUCC_PATH" in text
    portkit(*ask, "--to", "biren@suda", "--format", "json", "-o", output)
    (plan,) = json.loads(output.read_text())["plans"]
    assert plan["build"]["route"] == "wrapper" and plan["build"]["commands"]
    assert plan["summary"]["build"]["constructs"] == plan["summary"]["build"]["keep"] == 3
    assert plan["summary"]["verdict"]["build"] == "ready"


def test_a_route_that_a_profile_does_not_have(tmp_path: Path, portkit: Run) -> None:
    tree = write(tmp_path / "tree", FILES)
    ask = ("report", tree, "--root", tree, "-j", "1", "--rung", "lex")
    done = portkit(*ask, "--to", "musa", "--build", "wrapper", code=2)
    assert "musa@mapping" in done.stderr and done.stderr.count("\n") <= 2
    done = portkit(*ask, "--to", "maca@cu-bridge", "--build", "replace", code=2)
    assert "as they are" in done.stderr


def test_builds_of_other_systems_are_named(tmp_path: Path) -> None:
    files = {
        "BUILD.bazel": "cuda_library(name = 'k', srcs = ['k.cu'])\n",
        "rules.bzl": "# cuda\nload('@rules_cuda//cuda:defs.bzl', 'cuda_library')\n",
        "meson.build": "project('a', 'cuda')\n",
        "xmake.lua": "-- cuda\nset_toolchains('cuda')\n",
        "configure.ac": "AC_PATH_PROG([NVCC], [nvcc])\n",
        "sub/meson.build": "project('a', 'cpp') # no cuda\n",
        "a.cu": "",
    }
    plan = move(tmp_path, files, "musa").plan
    found = {f.scan.path: [(x.rule, x.args["name"]) for x in f.findings] for f in plan.files}
    systems = ("Bazel", "Bazel", "Meson", "xmake", "autoconf")
    assert [found[path] for path in [*files][:5]] == [[("PK715", s)] for s in systems]
    assert found["sub/meson.build"] == []


def test_a_configuration_names_the_route(tmp_path: Path, portkit: Run) -> None:
    config = {"portkit.toml": 'build = "beside"\n'}
    tree = write(tmp_path / "tree", {**FILES, **config})
    ask = ("migrate", tree, "--to", "musa", "--diff", "-j", "1", "--rung", "lex")
    assert "+if(USE_MUSA)" in portkit(*ask).stdout
    assert "+if(USE_MUSA)" not in portkit(*ask, "--build", "replace").stdout
