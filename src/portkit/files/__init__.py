# SPDX-License-Identifier: Apache-2.0
"""Finding the files of a tree, their bytes and lines, and what a compile database says about them."""

from __future__ import annotations

from portkit.files.compdb import CompileDatabase, load_compile_database
from portkit.files.compflags import CompileFlags
from portkit.files.discovery import DEFAULT_SUFFIXES, DEFAULT_VENDORED, Discovery, SourceFile, discover
from portkit.files.include_index import IncludeIndex
from portkit.files.text import SourceText, looks_binary

__all__ = [
    "DEFAULT_SUFFIXES",
    "DEFAULT_VENDORED",
    "CompileDatabase",
    "CompileFlags",
    "Discovery",
    "IncludeIndex",
    "SourceFile",
    "SourceText",
    "discover",
    "load_compile_database",
    "looks_binary",
]
