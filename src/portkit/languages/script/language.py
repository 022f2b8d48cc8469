# SPDX-License-Identifier: Apache-2.0
"""Scripts, images, pipelines and lists of packages as a language of a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from portkit.languages.base import Link, OneFile, Parsed, Project, Word
from portkit.languages.file_ref import FileRef
from portkit.languages.make.language import Make
from portkit.model.reading import Issue, Reference
from portkit.model.spans import Span
from portkit.model.words import Kind, Parse
from portkit.vocab.vocabulary import Vocabulary

UNREAD = "PK715"
_NAMES = re.compile(
    r"""(?:.*/)?(?:[\w.-]+\.(?:sh|bash)|(?:[\w-]+[.])?(?:Dockerfile|Containerfile)(?:[.-][\w.-]+)?
      |[\w.-]+\.dockerfile|\.gitlab-ci\.ya?ml|azure-pipelines[\w.-]*\.ya?ml|(?:docker-)?compose[\w.-]*\.ya?ml
      |[\w-]*requirements[\w.-]*\.txt|environment[\w.-]*\.ya?ml)
      |(?:.*/)?(?:\.github|\.circleci|\.gitlab)/(?:.*/)?[\w.-]+\.ya?ml""",
    re.X,
)
_OTHERS = {  # kinds that are not read
    "Bazel": re.compile(r"(?:BUILD|WORKSPACE|MODULE)(?:\.bazel)?|[\w.-]+\.bzl"),
    "Meson": re.compile(r"meson\.build|meson_options\.txt"),
    "xmake": re.compile(r"xmake\.lua"),
    "Autoconf": re.compile(r"configure\.(?:ac|in)|Makefile\.am"),
}


def unread_kind(name: str) -> str:
    """Return the build system of a file that is recognised and not read; "" for any other."""
    plain = name.rpartition("/")[2]
    return next((kind for kind, names in _OTHERS.items() if names.fullmatch(plain)), "")


class Script(OneFile):
    """Finds what scripts ask of CUDA: programs, variables of the environment, images, packages."""

    NAME: ClassVar[str] = "script"
    PARTS: ClassVar[tuple[str, ...]] = ("portkit.languages.script", *Make.PARTS)
    DATA: ClassVar[tuple[str, ...]] = Make.DATA

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is a script, an image's recipe, a pipeline or a list of packages,
        or of a build system that is not read, by its name.
        """
        return _NAMES.fullmatch(name) is not None or bool(unread_kind(name))

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a word of CUDA's stands in a file."""
        from portkit.languages.make.places import tells

        return tells().search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return what a script asks of CUDA."""
        from portkit.languages.script.reader import read_script

        return read_script(data)

    def _parsed(self, file: FileRef, project: Project) -> Parsed:
        kind = unread_kind(file.rel)
        if kind:
            return Parsed(Parse.SYNTAX, issues=[Issue(UNREAD, Span(0, 0), {"name": kind})])
        return super()._parsed(file, project)

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return CUDA's names in a script; options as they are written."""
        from portkit.languages.script.reader import references_of

        found = references_of(data)
        return (Word(r.span.start, _spelling(r)) for r in found if not r.user)

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return no links: device sources follow where the script is planned."""
        return ()

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a script."""
        from portkit.languages.script.reader import comments_of

        return comments_of(data)


def _spelling(ref: Reference) -> str:
    return re.split(r"[ =]", ref.name, maxsplit=1)[0] if ref.kind is Kind.FLAG else ref.name
