# SPDX-License-Identifier: Apache-2.0
"""Scripts, images, pipelines and lists of packages as a language of a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from portkit.languages.base import Link, OneFile, Parsed, Word
from portkit.languages.build_places import spelling
from portkit.languages.make.language import Make
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_NAMES = re.compile(
    r"""(?:.*/)?(?:[\w.-]+\.(?:sh|bash)|(?:[\w-]+[.])?(?:Dockerfile|Containerfile)(?:[.-][\w.-]+)?
      |[\w.-]+\.dockerfile|\.gitlab-ci\.ya?ml|azure-pipelines[\w.-]*\.ya?ml|(?:docker-)?compose[\w.-]*\.ya?ml
      |[\w-]*requirements[\w.-]*\.txt|environment[\w.-]*\.ya?ml)
      |(?:.*/)?(?:\.github|\.circleci|\.gitlab)/(?:.*/)?[\w.-]+\.ya?ml""",
    re.X,
)


class Script(OneFile):
    """Finds what scripts ask of CUDA: programs, variables of the environment, images, packages."""

    NAME: ClassVar[str] = "script"
    PARTS: ClassVar[tuple[str, ...]] = ("portkit.languages.script", *Make.PARTS)
    DATA: ClassVar[tuple[str, ...]] = Make.DATA

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is a script, an image's recipe, a pipeline or a list of packages,
        by its name.
        """
        return _NAMES.fullmatch(name) is not None

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a word of CUDA's stands in a file."""
        from portkit.languages.make.places import tells

        return tells().search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return what a script asks of CUDA."""
        from portkit.languages.script.reader import read_script

        return read_script(data)

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return CUDA's names in a script; options as they are written."""
        from portkit.languages.script.reader import references_of

        found = references_of(data)
        return (Word(r.span.start, spelling(r)) for r in found if not r.user)

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return no links: device sources follow where the script is planned."""
        return ()

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a script."""
        from portkit.languages.script.reader import comments_of

        return comments_of(data)
