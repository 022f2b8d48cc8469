# SPDX-License-Identifier: Apache-2.0
"""Bazel, Meson, xmake and autoconf: no rule of any target was seen for them, so a file that asks for
CUDA is named and not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import basename
from typing import ClassVar

from portkit.languages.base import OneFile, Parsed
from portkit.model.reading import Issue
from portkit.model.spans import Span
from portkit.model.words import Parse
from portkit.vocab.vocabulary import Vocabulary

RULE = "PK715"
_TELLS = re.compile(rb"cuda|nvcc|\.cuh?\b", re.I)


class UnreadBuild(OneFile):
    """Says of each build file of a system that asks for CUDA that it was not read."""

    PARTS: ClassVar[tuple[str, ...]] = ("portkit.languages.unreadbuild",)
    SYSTEM: ClassVar[str]
    FILES: ClassVar[frozenset[str]]  # their names, in lower case
    SUFFIXES: ClassVar[tuple[str, ...]] = ()
    COMMENT: ClassVar[str] = "#"  # begins one

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is the system's, by its name."""
        base = basename(name).lower()
        return base in self.FILES or (bool(self.SUFFIXES) and base.endswith(self.SUFFIXES))

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return whether a word of CUDA's, or a suffix of its sources, stands in a file."""
        return _TELLS.search(data) is not None

    def parse(self, data: bytes, encoding: str, vocabulary: Vocabulary) -> Parsed:
        """Return one issue, at the first word of CUDA's outside of comments."""
        comments = [*self.comments(data, encoding)]
        for match in _TELLS.finditer(data):
            if not any(c.start <= match.start() < c.end for c in comments):
                issue = Issue(RULE, Span(*match.span()), {"name": self.SYSTEM})
                return Parsed(Parse.LEX, issues=[issue])
        return Parsed(Parse.LEX)

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return what looks like a comment; what stands in quotes is not told apart."""
        pattern = re.compile(re.escape(self.COMMENT).encode() + rb"[^\n]*")
        return [Span(*match.span()) for match in pattern.finditer(data)]

    def comment(self, text: str) -> str:
        """Return a text as a comment."""
        return f"{self.COMMENT} {text}"


class Bazel(UnreadBuild):
    """Bazel's files."""

    NAME: ClassVar[str] = "bazel"
    SYSTEM: ClassVar[str] = "Bazel"
    FILES: ClassVar[frozenset[str]] = frozenset(
        {"build", "build.bazel", "workspace", "workspace.bazel", "module.bazel"}
    )
    SUFFIXES: ClassVar[tuple[str, ...]] = (".bzl",)


class Meson(UnreadBuild):
    """Meson's files."""

    NAME: ClassVar[str] = "meson"
    SYSTEM: ClassVar[str] = "Meson"
    FILES: ClassVar[frozenset[str]] = frozenset(
        {"meson.build", "meson_options.txt", "meson.options"}
    )


class Xmake(UnreadBuild):
    """xmake's files, whose comments begin with two dashes."""

    NAME: ClassVar[str] = "xmake"
    SYSTEM: ClassVar[str] = "xmake"
    FILES: ClassVar[frozenset[str]] = frozenset({"xmake.lua"})
    COMMENT: ClassVar[str] = "--"


class Autoconf(UnreadBuild):
    """What autoconf reads."""

    NAME: ClassVar[str] = "autoconf"
    SYSTEM: ClassVar[str] = "autoconf"
    FILES: ClassVar[frozenset[str]] = frozenset({"configure.ac", "configure.in"})
