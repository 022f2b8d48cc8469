# SPDX-License-Identifier: Apache-2.0
"""Python as a language of a tree: files that hold CUDA source in strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from portkit.languages.base import OneFile, Parsed
from portkit.languages.python import SUFFIX, spaces
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary


class Python(OneFile):
    """Finds CUDA source in the strings of Python files. It yields issues, no references."""

    NAME: ClassVar[str] = "python"
    PARTS: ClassVar[tuple[str, ...]] = ("portkit.languages.python",)

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is Python's: by its suffix, or by the line that starts it."""
        return name.lower().endswith(SUFFIX) or (
            head.startswith(b"#!") and b"python" in head.partition(b"\n")[0]
        )

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether an execution-space word stands in a file."""
        return spaces(vocabulary).search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return the issues of a file."""
        from portkit.languages.python.reader import read_python

        read = read_python(data, vocabulary)
        return Parsed(read.parse, issues=read.issues)

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a file as far as Python's tokenizer gets."""
        from portkit.languages.python.reader import comments

        return [span for _, span in comments(data)]
