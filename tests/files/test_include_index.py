# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from portkit.files.include_index import IncludeIndex


def test_resolution() -> None:
    index = IncludeIndex(
        ["a/x.h", "a/b/x.h", "c/x.h", "c/inc/y.h", "a/main.cu"], {"include/x.h": "c/x.h"}
    )
    assert index.resolve("x.h", "a/main.cu") == "a/x.h"  # beside
    assert index.resolve("b/x.h", "a/main.cu") == "a/b/x.h"
    assert index.resolve("../c/x.h", "a/main.cu") == "c/x.h"
    assert index.resolve("inc/y.h", "a/main.cu") == "c/inc/y.h"  # by suffix
    assert index.resolve("include/x.h", "a/main.cu") == "c/x.h"  # a link: the real file
    assert index.resolve("x.h", "a/b/q.cu") == "a/b/x.h"
    assert index.resolve("x.h", "z/q.cu") == "c/x.h"  # nothing shared: the folder for headers
    plain = IncludeIndex(["b/x.h", "a/x.h", "a/b/x.h"])
    assert plain.resolve("x.h", "z/q.cu") == "a/x.h"  # least deep, then by name
    assert index.resolve("none.h", "a/main.cu") is None
    assert index.resolve("/abs/x.h", "a/main.cu") is None


def test_a_wrapper_does_not_include_itself() -> None:
    index = IncludeIndex(["compat/cuda_runtime.h", "src/main.cu"])
    assert index.resolve("cuda_runtime.h", "compat/cuda_runtime.h", angled=True) is None
    assert index.resolve("cuda_runtime.h", "src/main.cu") == "compat/cuda_runtime.h"


PROGRAMS = (
    *("samples/CMakeLists.txt", "samples/one/CMakeLists.txt", "samples/two/CMakeLists.txt"),
    *("samples/one/main.cpp", "samples/two/main.cpp", "samples/two/tool.h", "samples/two/only.h"),
)


def test_a_shared_folder_comes_before_another_program() -> None:
    for folder in ("Common", "include", "samples/common", "samples/Inc", "samples/one/include"):
        index = IncludeIndex([*PROGRAMS, f"{folder}/tool.h"])
        assert index.resolve("tool.h", "samples/one/main.cpp", angled=True) == f"{folder}/tool.h"
        assert index.resolve("tool.h", "samples/two/main.cpp") == "samples/two/tool.h"
        assert index.resolve("only.h", "samples/one/main.cpp") == "samples/two/only.h"


def test_a_folder_around_the_file_comes_first() -> None:
    index = IncludeIndex([*PROGRAMS, "include/tool.h", "samples/tool.h"])
    assert index.resolve("tool.h", "samples/one/sub/main.cpp") == "samples/tool.h"
    assert index.resolve("tool.h", "main.cpp") == "include/tool.h"


def test_the_include_folder_of_another_library_is_not_shared() -> None:
    index = IncludeIndex(["one/src/a.cpp", "one/detail/x.h", "two/include/x.h"])
    assert index.resolve("x.h", "one/src/a.cpp") == "one/detail/x.h"


def test_what_no_program_owns_comes_before_what_one_does() -> None:
    index = IncludeIndex([*PROGRAMS, "else/where/tool.h"])
    assert index.resolve("tool.h", "samples/one/main.cpp") == "else/where/tool.h"


def test_a_path_is_looked_for_where_it_begins() -> None:
    index = IncludeIndex([*PROGRAMS, "samples/two/gpu/tool.h", "include/gpu/tool.h"])
    assert index.resolve("gpu/tool.h", "samples/one/main.cpp") == "include/gpu/tool.h"
