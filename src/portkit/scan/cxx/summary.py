# SPDX-License-Identifier: Apache-2.0
"""What the rest of a project needs to know of a file: small, plain and cached by the file's content."""

from __future__ import annotations

import msgspec

from portkit.scan.cxx.directives import Branch, Include
from portkit.scan.cxx.source import SourceFile, Zone
from portkit.scan.cxx.strings import names_loader
from portkit.scan.cxx.units import needs_clang
from portkit.vocab.vocabulary import Vocabulary


class FileRef(msgspec.Struct, frozen=True):
    """A file to read: where it lies, and what it held when the run began. `rel` is POSIX and relative to the root."""

    rel: str
    path: str
    sha256: str
    encoding: str
    size: int
    lines: int
    path_bytes: str = ""


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """The facts of one file that other files' reading depends on.

    `defined` lists macros whose name means something to the vocabulary, and those that guard the file's own branches,
    `macros` each definition of one with its offset; `namespaces` the vocabulary's namespaces that the file opens; `shapes`
    words of CUDA's shape that no table has.
    `asked`: Clang has something to settle in the file; `telling`: and it is worth a parse. `loader`: it looks symbols up.
    """

    includes: tuple[Include, ...]
    branches: tuple[Branch, ...]
    defined: tuple[str, ...]
    macros: tuple[tuple[str, int], ...]
    namespaces: tuple[str, ...]
    shapes: tuple[str, ...]
    asked: bool
    telling: bool
    loader: bool


def summarise(source: SourceFile, vocabulary: Vocabulary) -> Summary:
    """Return the summary of a file that has been lexed."""
    branches = source.directives.branches
    guards = {b.without for b in branches}
    known = {n for n in source.defined if n in guards or n in vocabulary or vocabulary.shape_of(n) is not None}
    return Summary(
        tuple(source.directives.includes),
        tuple(branches),
        tuple(sorted(known)),
        tuple((m.name, m.span.start) for m in source.directives.macros if m.name in known),
        tuple(sorted(source.namespaces & vocabulary.namespaces)),
        tuple(sorted({c.word for c in source.candidates if not c.entities})),
        any(c.zone is Zone.CODE for c in source.candidates),
        needs_clang(source),
        names_loader(source, vocabulary),
    )
