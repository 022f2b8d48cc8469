# SPDX-License-Identifier: Apache-2.0
"""What CUDA is called in CMake files: mappings/cuda/cmake.toml, and the patterns made of it."""

from __future__ import annotations

import functools
import re
import tomllib

import msgspec

from portkit.vocab.data import mappings_folder


class CMakeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of mappings/cuda/cmake.toml, commands in lower case; `variables`, `properties`,
    `versions`, `flags` and `architectures` are patterns.
    """

    languages: frozenset[str]
    packages: frozenset[str]
    commands: frozenset[str]
    lists: frozenset[str]
    variables: tuple[str, ...]
    properties: tuple[str, ...]
    versions: tuple[str, ...]
    flags: tuple[str, ...]
    plain_flags: frozenset[str]
    standard: str
    with_standard: frozenset[str]
    standard_variable: str
    with_standard_variable: frozenset[str]
    switches: frozenset[str]
    toolkit: frozenset[str]
    architectures: tuple[str, ...]
    tools: tuple[str, ...]
    sources: tuple[str, ...]
    headers: tuple[str, ...]


@functools.cache
def names() -> CMakeWords:
    """Return what CUDA is called in CMake files."""
    text = (mappings_folder() / "cuda" / "cmake.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), CMakeWords)


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or "(?!)", re.A)


@functools.cache
def variables() -> re.Pattern[str]:
    """Return the pattern of a variable of CMake's own that CUDA gives its value."""
    return _any(names().variables)


@functools.cache
def properties() -> re.Pattern[str]:
    """Return the pattern of a property, or a compile feature, of CUDA's."""
    return _any(names().properties)


@functools.cache
def versions() -> re.Pattern[str]:
    """Return the pattern of a variable that tells a version."""
    return _any(names().versions)


@functools.cache
def flag_variables() -> re.Pattern[str]:
    """Return the pattern of a variable whose words are options of nvcc's."""
    return _any(names().flags)


@functools.cache
def architectures() -> re.Pattern[str]:
    """Return the pattern of a variable or property that holds architectures."""
    return _any(names().architectures)


def is_source(text: str) -> bool:
    """Return whether a file, or a pattern of files, is one that nvcc compiles."""
    return text.lower().endswith(names().sources)
