# SPDX-License-Identifier: Apache-2.0
"""PK918: copies of NVIDIA's header libraries are one thing, with one finding each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portkit.rules.tree.bundled import bundles_of
from portkit.vocab.vocabulary import load_vocabulary

CCCL = ("thrust/thrust/version.h", "cub/cub/version.cuh", "libcudacxx/include/cuda/std/version")


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        ([f"pkg/_cccl/{path}" for path in CCCL], [("pkg/_cccl", "CCCL")]),
        (["ext/cub/cub/cub.cuh"], [("ext/cub", "CCCL")]),
        (["cub/cub/cub.cuh", "src/main.cu"], [("cub", "CCCL")]),
        (["dep/cutlass/include/cutlass/cutlass.h", "dep/cutlass/include/cute/tensor.hpp"],
         [("dep/cutlass", "CUTLASS")]),
        (["cutlass/include/cutlass/cutlass.h"], [("cutlass", "CUTLASS")]),
        (["src/inc/cutlass/cutlass.h"], [("src/inc/cutlass", "CUTLASS")]),
        (["a/cudnn-frontend/include/cudnn_frontend.h"], [("a/cudnn-frontend", "cuDNN frontend")]),
        (["one/cub/cub/cub.cuh", "two/cub/cub/cub.cuh"],
         [("one/cub", "CCCL"), ("two/cub", "CCCL")]),
        (["include/cutlass/cutlass.h"], []),  # the library itself
        (CCCL, []),
        (["thrust/version.h", "cub/cub.cuh"], []),
        (["src/version.h", "src/own/cutlass.h", "src/mycub/cub.cuh"], []),  # only spelt alike
        (["pkg/cuda/std/__algorithm/copy.h"], []),  # a part, which is the project's own
    ],
)  # fmt: skip
def test_copies_are_told_by_their_folders(
    paths: Sequence[str], wanted: list[tuple[str, str]]
) -> None:
    found = bundles_of(frozenset(paths), load_vocabulary().bundles)
    assert [(bundle.folder, bundle.name) for bundle in found] == wanted


def _tree(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def _rules(portkit: Any, root: Path) -> tuple[list[str], list[dict[str, Any]]]:
    plan = json.loads(portkit("report", root, "--to", "musa", "--format", "json").stdout)["plans"][
        0
    ]
    return [x["rule"] for f in plan["files"] for x in f["findings"]], plan["findings"]


def test_one_finding_for_a_copy_and_none_for_its_includes(tmp_path: Path, portkit: Any) -> None:
    copy = "ext__cccl__cub__cub__"
    _tree(tmp_path, **{
        f"{copy}version_dot_cuh": "#pragma once",
        f"{copy}block_dot_cuh": "#include <cub/version.cuh>\nnamespace cub { struct Block {}; }",
        "one_dot_cu": "#include <cub/block.cuh>\n#include <cub/version.cuh>\ncub::Block b;",
        "two_dot_cu": "#include <cub/version.cuh>\n#include <cuda_runtime.h>\ncub::Block b;",
    })  # fmt: skip
    rules, whole = _rules(portkit, tmp_path)
    assert "PK908" not in rules
    (found,) = [item for item in whole if item["rule"] == "PK918"]
    assert found["args"]["path"] == "ext/cccl/cub"
    assert (found["args"]["files"], found["args"]["count"]) == ("2", "2")


def test_other_headers_under_a_name_of_cudas_are_still_named(tmp_path: Path, portkit: Any) -> None:
    _tree(tmp_path, **{
        "ext__cub__cub__version_dot_cuh": "#pragma once",
        "include__cuda_runtime_dot_h": "#pragma once",
        "one_dot_cu": "#include <cub/version.cuh>\n#include <cuda_runtime.h>",
    })  # fmt: skip
    rules, whole = _rules(portkit, tmp_path)
    assert rules.count("PK908") == 1
    assert [item["rule"] for item in whole].count("PK918") == 1


def test_a_tree_that_is_the_library_is_read_as_any_other(tmp_path: Path, portkit: Any) -> None:
    _tree(tmp_path, **{
        "include__cutlass__cutlass_dot_h": "#pragma once\n#include <cuda_runtime.h>",
        "examples__one_dot_cu": "#include <cutlass/cutlass.h>\nint f() { return cudaFree(0); }",
    })  # fmt: skip
    plan = json.loads(
        portkit("report", tmp_path, "--to", "musa", "--format", "json").stdout
    )["plans"][0]  # fmt: skip
    assert [item["rule"] for item in plan["findings"]] == []
    assert len(plan["files"]) == 2
