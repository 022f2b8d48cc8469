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
    assert index.resolve("x.h", "z/q.cu") == "a/x.h"  # nothing shared: least deep, then by name
    assert index.resolve("none.h", "a/main.cu") is None
    assert index.resolve("/abs/x.h", "a/main.cu") is None


def test_a_wrapper_does_not_include_itself() -> None:
    index = IncludeIndex(["compat/cuda_runtime.h", "src/main.cu"])
    assert index.resolve("cuda_runtime.h", "compat/cuda_runtime.h", angled=True) is None
    assert index.resolve("cuda_runtime.h", "src/main.cu") == "compat/cuda_runtime.h"
