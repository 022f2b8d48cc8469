# SPDX-License-Identifier: Apache-2.0
"""Python as a language of a tree: what it asks of CUDA through a framework, by its strings and by
packages, and CUDA source text in its strings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from portkit.languages.base import OneFile, Parsed, Word
from portkit.languages.python import SUFFIX, spaces
from portkit.model.spans import Span
from portkit.model.words import Proof
from portkit.vocab.vocabulary import Vocabulary


class Python(OneFile):
    """Reads Python files by Python's own parser."""

    NAME: ClassVar[str] = "python"
    PARTS: ClassVar[tuple[str, ...]] = ("portkit.languages.python",)
    DATA: ClassVar[tuple[str, ...]] = ("python.toml", "environment.csv")

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is Python's: by its suffix, or by the line that starts it."""
        return name.lower().endswith(SUFFIX) or (
            head.startswith(b"#!") and b"python" in head.partition(b"\n")[0]
        )

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a word that tells of CUDA stands in a file."""
        from portkit.languages.python.tables import python_words

        telling = python_words().telling.search(data) is not None
        return telling or spaces(vocabulary).search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return what a file says."""
        from portkit.languages.python.reader import read_python

        return read_python(data, vocabulary)

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return the references of a file that are proved or likely, as it is read."""
        from portkit.languages.python.reader import read_python

        for ref in read_python(data, vocabulary).references:
            yield Word(ref.span.start, ref.name, (ref.proof or Proof.SPELLING) > Proof.SPELLING)

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a file."""
        from portkit.languages.python.reader import comments

        return comments(data)
