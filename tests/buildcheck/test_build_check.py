# SPDX-License-Identifier: Apache-2.0
"""`portkit build-check`: ported trees are built by CMake and make with stand-ins made from the
tables, and what comes of it is told.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from build_trees import USUAL_MAKEFILE, move, write
from product import Product
from reports_by_hand import validate

pytestmark = pytest.mark.skipif(
    not (shutil.which("cmake") and shutil.which("make") and shutil.which("gcc")),
    reason="needs cmake, make and gcc",
)
CMAKE = {
    "CMakeLists.txt": (
        "cmake_minimum_required(VERSION 3.20)\n"
        "project(saxpy LANGUAGES CXX CUDA)\n"
        "find_package(CUDAToolkit REQUIRED)\n"
        "find_path(HEADERS cuda_runtime.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)\n"
        "set(CMAKE_CUDA_ARCHITECTURES 70 75)\n"
        "add_subdirectory(kernels)\n"
        "add_executable(saxpy driver.cpp saxpy.cu)\n"
        "target_compile_options(saxpy PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda>)\n"
        "target_link_libraries(saxpy PRIVATE kernels CUDA::cudart)\n"
    ),
    "kernels/CMakeLists.txt": "set(S more.cu host.cpp)\nadd_library(kernels STATIC ${S})\n",
    "kernels/more.cu": '#include "part.cu"\n',
    "kernels/part.cu": "",  # a part of another source is none that is compiled
    "kernels/host.cpp": "int host() { return 0; }\n",
    "saxpy.cu": "",
    "driver.cpp": "int main() { return 0; }\n",
}
MAKE = {
    "Makefile": USUAL_MAKEFILE.replace("-lcufft", "-lcublas"),
    "solve.cu": "",
    "field.cu": "",
    "field.cuh": "",
}


class Checked:
    """What `build-check` says of a tree."""

    def __init__(self, portkit: Product, folder: Path) -> None:
        self._portkit, self.folder = portkit, folder

    def __call__(self, to: str, files: Mapping[str, str], *options: str, code: int) -> Any:
        """Return the document of a tree as it stands."""
        tree = write(self.folder / "ported", files)
        args: tuple[str | Path, ...] = (
            "build-check",
            tree,
            "--to",
            to,
            "--format",
            "json",
            "-q",
            *options,
        )
        told = json.loads(self._portkit(*args, code=code).stdout)
        validate("build-check", told)
        return told

    def moved(self, to: str, files: Mapping[str, str], code: int = 0, **options: Any) -> Any:
        """Return the document of a tree that portkit moved."""
        return self(to, move(self.folder / "before", files, to, **options).files, code=code)


@pytest.fixture
def check(portkit: Product, tmp_path: Path) -> Checked:
    return Checked(portkit, tmp_path)


def faults(told: Any) -> dict[tuple[str, str], int]:
    return {(f["case"], f["what"]): f["count"] for f in told["faults"]}


@pytest.mark.parametrize(
    ("to", "options"),
    [
        ("musa", {}),
        ("maca", {}),
        ("enflame", {"rename_files": True}),
        ("hip", {}),
        ("hip@rocm", {}),
    ],
)
def test_cmake_projects_hold(check: Checked, to: str, options: dict[str, Any]) -> None:
    told = check.moved(to, CMAKE, **options)
    assert (told["holds"], told["silent"], told["stand_ins"]) == (True, False, True)
    assert [r["code"] for r in told["runs"]] == [0, 0]
    assert (len(told["sources"]), told["compiles"], told["left"]) == (2, 2, [])


@pytest.mark.parametrize("to", ["musa", "maca", "biren@gen1", "hip"])
def test_makefiles_hold(check: Checked, to: str) -> None:
    files = MAKE | {"Makefile": MAKE["Makefile"].replace("field.cuh", "")}
    if to.startswith("biren"):
        files["Makefile"] = files["Makefile"].replace("-lcublas", "")
    told = check.moved(to, files)
    assert (told["holds"], told["compiles"], told["links"]) == (True, 2, 1)


def test_a_rename_by_words_builds_for_the_host_alone(check: Checked) -> None:
    text = CMAKE["CMakeLists.txt"].replace(" CUDA)\nfind", ")\nfind")
    text = text.replace("CUDA", "MUSA").replace("cudart", "musart").replace("cuda_", "musa_")
    told = check("musa", CMAKE | {"CMakeLists.txt": text}, code=1)
    assert [r["code"] for r in told["runs"]] == [0, 0]
    assert (told["silent"], told["compiles"]) == (True, 0)
    assert told["left"] == ["kernels/more.cu", "saxpy.cu"]


def test_what_a_rename_of_the_compiler_leaves(check: Checked) -> None:
    told = check("musa", MAKE | {"Makefile": MAKE["Makefile"].replace("nvcc", "mcc")}, code=1)
    assert faults(told) == {
        ("no-runtime", "-lmusart"): 1,
        ("refused-option", "--extended-lambda"): 3,
        ("refused-option", "-Xcompiler -fopenmp"): 3,
        ("refused-option", "-arch=sm_75"): 3,
        ("source-language", "field.cu"): 1,
        ("source-language", "solve.cu"): 1,
        ("unknown-library", "cublas"): 1,
    }
    assert told["left"] == ["field.cu", "solve.cu"]


def test_what_was_not_moved_at_all(check: Checked) -> None:
    made = check("musa", MAKE, code=1)
    assert ("cuda-compiler", "nvcc") in faults(made) and not made["compiles"]
    configured = check("maca", CMAKE, code=1)
    assert len(configured["runs"]) == 1 and configured["runs"][0]["code"] != 0
    assert any("CUDA" in line for line in configured["runs"][0]["said"])


def test_a_link_by_the_wrong_compiler(check: Checked) -> None:
    text = (
        "app: a.o\n\tg++ a.o -o app -lsupa-runtime\n"
        "a.o: a.su\n\tbrcc -c a.su -o a.o\nb: b.su\n\tbrcc b.su -o b -lsupa-runtime\n"
    )
    files = {
        "Makefile": text.replace("app: a.o", "all: app b\napp: a.o", 1),
        "a.su": "",
        "b.su": "",
    }
    told = check("biren@gen1", files, code=1)
    assert faults(told) == {("host-link", "app"): 1, ("no-link-option", "--supa-link"): 1}
    assert (told["compiles"], told["links"], told["host_links"]) == (2, 2, 1)


def test_device_code_in_an_archive(check: Checked) -> None:
    made = "a.o: a.mu\n\tmcc -c a.mu -o a.o\nliba.a: a.o\n\tar rcs liba.a a.o\n"
    shared = "libs.so: liba.a\n\tg++ -shared liba.a -o libs.so {0}\n"
    last = "app: liba.a libs.so\n\tg++ main.cpp libs.so -o app\n\tg++ main.cpp liba.a -o app {0}\n"
    text = f"all: app\n{made}{shared}{last}"
    files = {"a.mu": "", "main.cpp": "", "Makefile": text.format("")}
    told = check("musa", files, code=1)
    assert faults(told) == {("no-runtime", "-lmusart"): 2}
    assert (told["compiles"], told["links"], told["host_links"]) == (1, 2, 2)
    assert check("musa", files | {"Makefile": text.format("-lmusart")}, code=0)["holds"]


@pytest.mark.parametrize(("to", "missing"), [("musa", ["-lmusart"]), ("maca", []), ("hip", [])])
def test_who_links_the_runtime(check: Checked, to: str, missing: list[str]) -> None:
    files = MAKE | {"Makefile": MAKE["Makefile"].replace("-lcublas", "")}
    moved = move(check.folder, files, to).files["Makefile"]
    made = "\n".join(re.sub(r" -l(?:musart|mcruntime)\b", "", line) for line in moved.splitlines())
    told = check(to, files | {"Makefile": f"{made}\n"}, code=bool(missing))
    assert [f["what"] for f in told["faults"]] == missing


def test_commands_are_given(check: Checked) -> None:
    files = {"src/a.mu": "", "run.sh": "mcc -c src/a.mu -o a.o\n"}
    told = check("musa", files, "--command", "sh run.sh", "--command", "echo {options}", code=0)
    assert [r["command"] for r in told["runs"]] == [
        "sh run.sh",
        "echo -DMUSA_HOME=SCRATCH/sdk -DCMAKE_PREFIX_PATH=SCRATCH/sdk"
        " -DCMAKE_MODULE_PATH=SCRATCH/sdk/cmake",
    ]
    assert told["compiles"] == 1


def test_a_build_that_does_not_end(check: Checked) -> None:
    told = check("musa", {"a.mu": ""}, "--command", "sleep 60", "--timeout", "1", code=1)
    assert told["runs"][0]["code"] is None and told["runs"][0]["seconds"] < 20


def test_the_sdk_on_the_machine_is_used(check: Checked, tmp_path: Path) -> None:
    sdk = write(tmp_path / "sdk", {"bin/mcc": '#!/bin/sh\necho real "$@" >> $0.log\n: > a.o\n'})
    sdk.joinpath("bin", "mcc").chmod(0o755)
    write(sdk, {"include/musa.h": "", "bin/other": "", "lib/x": ""})
    before = (sdk / "bin" / "mcc").read_bytes()
    files = {"Makefile": "all:\n\t$(MUSA_HOME)/bin/mcc -x musa -c a.cu -o a.o\n", "a.cu": ""}
    told = check("musa", files, "--sdk", str(sdk), code=0)
    assert (told["stand_ins"], told["compiles"]) == (False, 1)
    assert (sdk / "bin" / "mcc").read_bytes() == before  # nothing is written through the links
    assert (sdk / "bin" / "mcc.log").read_text() == "real -x musa -c a.cu -o a.o\n"


def test_text_and_languages(portkit: Product, tmp_path: Path) -> None:
    files = move(tmp_path / "before", MAKE, "musa").files
    tree = write(tmp_path / "a", files)
    args = ("build-check", tree, "--to", "musa", "-q")
    said = portkit(*args).stdout
    assert "this proves plumbing" in said and "the build holds" in said
    assert "device sources: 2, of which 2 reached mcc (2 compiles)" in said
    assert "就替身所能判断的而言" in portkit(*args, "--lang", "zh").stdout
    assert not (tree / "solve").exists()  # built in a copy


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--to", "maca@cu-bridge"), "by the vendor's wrapper"),
        (("--to", "musa"), "say how it is built with --command"),
        (("--to", "musa", "--sdk", "."), "no mcc here"),
        (("--to", "musa", "--scratch", "."), "is not an empty folder"),
        (("--to", "musa", "--scratch", "inside"), "lies inside the tree"),
    ],
)
def test_what_cannot_be_tried_is_one_line(
    portkit: Product, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    write(tmp_path, {"a.cu": ""})
    err = portkit("build-check", ".", *options, code=2, cwd=tmp_path).stderr
    assert said in err and len(err.splitlines()) == 1


def test_sources_that_no_build_names(check: Checked) -> None:
    files = MAKE | {
        "other.cu": "",
        "Makefile": MAKE["Makefile"].replace("%.o: %.cu", "solve.o: solve.cu"),
    }
    files["Makefile"] = files["Makefile"].replace("$(FILES:.cu=.o)", "solve.o")
    told = check.moved("musa", files, code=1)
    assert (told["left"], told["unnamed"]) == (["field.cu"], ["other.cu"])
    files["Makefile"] = files["Makefile"].replace(" field.cu\n", "\n")
    assert check.moved("musa", files)["unnamed"] == ["field.cu", "other.cu"]
    pattern = files | {"more.mk": "ALL = $(NAME).cu\n"}
    assert check.moved("musa", pattern, code=1)["left"] == ["field.cu", "other.cu"]
