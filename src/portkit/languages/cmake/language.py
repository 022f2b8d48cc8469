# SPDX-License-Identifier: Apache-2.0
"""CMake as a language of a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import basename
from typing import ClassVar

from portkit.languages.base import Link, OneFile, Parsed, Word
from portkit.languages.build_places import spelling
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_LISTS = "cmakelists.txt"
_MODULES = (".cmake", ".cmake.in")
_TELLS = re.compile(rb"cuda|nvcc|\.cuh?\b", re.I)


class CMake(OneFile):
    """Finds what a CMake file asks of CUDA, and which files it names."""

    NAME: ClassVar[str] = "cmake"
    PARTS: ClassVar[tuple[str, ...]] = (
        "portkit.languages.cmake",
        "portkit.languages.nvcc_flags",
        "portkit.languages.build_places",
        "portkit.languages.kept",
    )
    DATA: ClassVar[tuple[str, ...]] = ("cmake.toml", "nvcc/flags.csv", "link.csv")

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is CMake's, by its name."""
        name = basename(name).lower()
        return name == _LISTS or name.endswith(_MODULES)

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a word of CUDA's, or a suffix of its sources, stands in a file."""
        from portkit.languages.cmake.words import tells

        return _TELLS.search(data) is not None or tells().search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return the constructs of CUDA's in a file."""
        from portkit.languages.cmake.reader import read_cmake

        return read_cmake(data, vocabulary)

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return CUDA's names in a file; options as they are written."""
        from portkit.languages.cmake.file import read_file
        from portkit.languages.cmake.reader import references_of

        found = references_of(read_file(data), vocabulary)
        return (Word(r.span.start, spelling(r)) for r in found if not r.user)

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return the files that lists name, the folders and the modules."""
        from portkit.languages.cmake.reader import links_of

        return links_of(data)

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a file, as far as it can be read."""
        from portkit.languages.cmake.file import read_file

        return read_file(data).comments
