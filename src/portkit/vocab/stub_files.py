# SPDX-License-Identifier: Apache-2.0
"""The hand-written stub files and hints in `mappings/cuda/`, and the names that they declare."""

from __future__ import annotations

import functools
import re
import tomllib
from typing import Any

from portkit.vocab.data import mappings_folder

_WORD = re.compile(r"[A-Za-z_]\w*", re.A)


@functools.cache
def std_stub() -> str:
    """Return the text of the small C and C++ library."""
    return (mappings_folder() / "cuda" / "stubs" / "std.h").read_text(encoding="utf-8")


@functools.cache
def cuda_stub() -> str:
    """Return the text of the hand-written CUDA declarations, vector types among them."""
    return (mappings_folder() / "cuda" / "stubs" / "cuda.h").read_text(encoding="utf-8")


@functools.cache
def library_names() -> frozenset[str]:
    """Return every word of the small C and C++ library: a use that binds to one of them is not
    CUDA's.
    """
    return frozenset(_WORD.findall(std_stub()))


@functools.cache
def provided_names() -> frozenset[str]:
    """Return the names that the hand-written CUDA stubs declare, the vector families spelt out."""
    text = cuda_stub()
    names = set(_WORD.findall(text))
    for _, family in re.findall(r"^PK_VECTOR\(([\w ]+), (\w+)\)", text, re.M):
        for width in "1234":
            names |= {f"{family}{width}", f"make_{family}{width}"}
    return frozenset(names)


@functools.cache
def stub_hints() -> dict[str, Any]:
    """Return the parsed stubs.toml: `macros` with values, `shapes` of class templates."""
    return tomllib.loads((mappings_folder() / "cuda" / "stubs.toml").read_text(encoding="utf-8"))
