# SPDX-License-Identifier: Apache-2.0
"""What CUDA is called in files of Make's and of shells: mappings/cuda/make.toml."""

from __future__ import annotations

import functools
import re
import tomllib

import msgspec

from portkit.vocab.data import mappings_folder


class MakeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of mappings/cuda/make.toml; `flag_variables`, `roots`, `packages`, `images`,
    `indexes` and `container` are patterns.
    """

    compilers: frozenset[str]
    compiler_variables: frozenset[str]
    flag_variables: tuple[str, ...]
    roots: tuple[str, ...]
    launchers: frozenset[str]
    compiles: frozenset[str]
    other_steps: frozenset[str]
    asks: frozenset[str]
    objects: tuple[str, ...]
    hosts: tuple[str, ...]
    packages: tuple[str, ...]
    images: tuple[str, ...]
    indexes: tuple[str, ...]
    container: tuple[str, ...]


@functools.cache
def names() -> MakeWords:
    """Return what CUDA is called in files of Make's."""
    text = (mappings_folder() / "cuda" / "make.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), MakeWords)


@functools.cache
def flag_variables() -> re.Pattern[str]:
    """Return the pattern of a variable that holds options for nvcc by custom."""
    return re.compile("|".join(names().flag_variables), re.A)


@functools.cache
def roots() -> re.Pattern[str]:
    """Return the pattern of a variable that holds where the toolkit is."""
    return re.compile("|".join(names().roots), re.A)
