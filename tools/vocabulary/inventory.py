# SPDX-License-Identifier: Apache-2.0
"""Names, kinds and versions from the HIPIFY inventory (hipify_rows.csv, hipify_versions.json)."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from pathlib import Path

from vocabulary.names import Name, Table, key_of

LIBRARY = {
    "API_DRIVER": "driver",
    "API_RUNTIME": "runtime",
    "API_COMPLEX": "cucomplex",
    "API_BLAS": "cublas",
    "API_RAND": "curand",
    "API_DNN": "cudnn",
    "API_FFT": "cufft",
    "API_SPARSE": "cusparse",
    "API_SOLVER": "cusolver",
    "API_CUB": "cub",
    "API_CAFFE2": "caffe2",
    "API_RTC": "nvrtc",
}
BY_SPELLING = (
    (re.compile(r"cublasLt|CUBLASLT_"), "cublaslt"),
    (re.compile(r"cublasXt|CUBLASXT_"), "cublasxt"),
    (re.compile(r"(CU|cu)[A-Z_a-z]+|cuda"), ""),
)
# Types of OpenGL's that the inventory lists because CUDA's interop prototypes mention them: not
# CUDA's.
FOREIGN = frozenset({"GLenum", "GLuint"})
CONVERSION_KIND = {
    "CONV_NUMERIC_LITERAL": "enumerator",
    "CONV_DEFINE": "macro",
    "CONV_TYPE": "type",
    "CONV_DEVICE_TYPE": "type",
}


def read_inventory(folder: Path, table: Table) -> None:
    """Add the names that the headers lack, and the versions of all."""
    index: dict[str, list[Name]] = defaultdict(list)
    for made in table.values():
        if made.kind != "field":
            index[made.name].append(made)
    with (folder / "hipify_rows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    listed = {row["cuda"] for row in rows}
    for row in rows:
        name = row["cuda"]
        scoped = row["api"] == "API_CUB"
        if name in FOREIGN or any(scoped or not n.qualifier for n in index[name]):
            continue
        kind = _kind(row)
        made = Name(name, kind, _library(row), header=name if kind == "header" else "")
        if kind == "type" and f"{name}_enum" in listed | {f"{name}_enum"} & set(index):
            made.type = "enum"
        table[key_of(made)] = made
        index[name].append(made)
    for name, (since, deprecated, removed) in _versions(folder).items():
        for made in index.get(name, ()):
            if not made.qualifier:
                made.since, made.deprecated, made.removed = since, deprecated, removed


def _versions(folder: Path) -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    for name, rows in json.loads(
        (folder / "hipify_versions.json").read_text(encoding="utf-8")
    ).items():
        if name.startswith("CUDA_") and not name.endswith("CHANGED_VER_MAP"):
            for word, versions in rows.items():
                since, deprecated, removed = (_version(v) for v in versions[:3])
                found[word] = (since, deprecated, removed)
    return found


def _version(word: str) -> str:
    """Return `CUDA_118` as 11.8 and `CUDNN_801` as 8.0.1; `CUDA_0` says nothing."""
    maker, _, digits = word.partition("_")
    if not digits.isdigit() or digits == "0":
        return ""
    if maker == "CUDNN" and len(digits) == 3:
        return ".".join(digits)
    return f"{digits[:-1]}.{digits[-1]}"


def _library(row: dict[str, str]) -> str:
    for pattern, library in BY_SPELLING:
        if pattern.match(row["cuda"]):
            if library:
                return library
            break
    return "device" if "DEVICE" in row["map"] else LIBRARY.get(row["api"], "runtime")


def _kind(row: dict[str, str]) -> str:
    where = row["map"]
    if where.startswith("CUDA_INCLUDE"):
        return "header"
    if "NAMESPACE" in where:
        return "namespace"
    if row["conv"] in CONVERSION_KIND:
        return CONVERSION_KIND[row["conv"]]
    if "DEVICE_FUNCTION" in where:
        return "device_function"
    return "type" if "TYPE_NAME" in where else "function"
