# SPDX-License-Identifier: Apache-2.0
"""Make as a language of a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import basename
from typing import ClassVar

from portkit.languages.base import Link, OneFile, Parsed, Word
from portkit.languages.build_places import spelling
from portkit.model.spans import Span
from portkit.model.words import Kind
from portkit.vocab.vocabulary import Vocabulary

_NAMES = re.compile(
    r"(?:gnu)?makefile(?:[._-][\w.-]+)?|[\w.-]+\.(?:mk|mak|makefile)|make\.\w+", re.I
)
_NOT = re.compile(
    r".*\.(?:am|ac|py|pl|bat|sh|md|txt|rst|html?|json|ya?ml|cmake|cpp|c|h|o|log)", re.I
)


class Make(OneFile):
    """Finds what a file of Make's asks of CUDA, and which files it names."""

    NAME: ClassVar[str] = "make"
    PARTS: ClassVar[tuple[str, ...]] = (
        *("portkit.languages.make", "portkit.languages.nvcc_flags"),
        *(
            "portkit.languages.cmake.names",
            "portkit.languages.build_places",
            "portkit.languages.kept",
        ),
    )
    DATA: ClassVar[tuple[str, ...]] = (
        *("make.toml", "cmake.toml", "nvcc/flags.csv", "link.csv", "environment.csv"),
    )

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is Make's, by its name: `Makefile`, `*.mk`, `make.config`."""
        name = basename(name)
        return _NAMES.fullmatch(name) is not None and _NOT.fullmatch(name) is None

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a word of CUDA's stands in a file."""
        from portkit.languages.make.places import tells

        return tells().search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return the constructs of CUDA's in a file."""
        from portkit.languages.make.reader import read_make

        return read_make(data)

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return CUDA's names in a file; options as they are written."""
        from portkit.languages.make.makefile import read_makefile
        from portkit.languages.make.reader import loose_in, references_of

        file = read_makefile(data)
        found = [r for r in references_of(file) if not r.user]
        words = {Word(r.span.start, spelling(r)) for r in found}
        # an option that stays is none any more once its line is another compiler's: what stands in
        # it is then met by itself
        inside = (p for r in found if r.kind is Kind.FLAG for p in loose_in(file, r.span))
        words |= {Word(p.span.start, p.name) for p in inside if not p.user}
        return sorted(words, key=lambda w: (w.offset, w.text))

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return the files that rules and lists name, and those that are taken in."""
        from portkit.languages.make.reader import links_of

        return links_of(data)

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a file."""
        from portkit.languages.make.makefile import read_makefile

        return read_makefile(data).comments
