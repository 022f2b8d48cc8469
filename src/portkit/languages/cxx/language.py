# SPDX-License-Identifier: Apache-2.0
"""C, C++ and CUDA as a language of a tree: the door of this wing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from portkit.languages.base import Link, Looker, Outcome, Project, Word
from portkit.languages.file_ref import FileRef
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Rung
from portkit.vocab.vocabulary import Vocabulary

if TYPE_CHECKING:
    from portkit.languages.cxx.project.tree import TreeReader
    from portkit.languages.cxx.values.preprocessor import Include

_PLAIN = (
    *(".cu", ".cuh", ".hu", ".c", ".cc", ".cpp", ".cxx", ".c++", ".ixx", ".cppm"),
    *(".h", ".hpp", ".hh", ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".tcc", ".txx", ".icc", ".inc"),
)
# `config.h.in`: what a configure step fills in is C++ but for some words
SUFFIXES = (*_PLAIN, *(f"{suffix}.in" for suffix in _PLAIN))
# What only a file of C or C++ begins a line with. A shell script has `#if` in comments, at most.
_TELLS = re.compile(
    rb"^[ \t]*(?:#[ \t]*include[ \t]*[<\"]|#[ \t]*pragma[ \t]+once\b|template[ \t]*<"
    rb"|extern[ \t]+\"C\"|__(?:global|device|host)__\b|using[ \t]+namespace\b)",
    re.M,
)


class Cxx:
    """Reads C, C++ and CUDA: letters, Clang, and what is believed of both."""

    NAME: ClassVar[str] = "cxx"

    def claims(self, name: str, head: bytes = b"") -> bool:
        """Return whether a file is C or C++: by a usual suffix in any case, or by what it says."""
        return name.lower().endswith(SUFFIXES) or _TELLS.search(head) is not None

    def wants(self, data: bytes, vocabulary: Vocabulary) -> bool:
        """Return that every file is read: a header without a CUDA word may define one."""
        return True

    def read(self, files: Sequence[FileRef], project: Project) -> Outcome:
        """Read the files of a project as units, with what they include of each other."""
        reader = _reader(files, project)
        scans = reader.read()
        return Outcome(scans, reader.keys, reader.reused, reader.parsed, reader.told)

    def looker(self, files: Sequence[FileRef], project: Project) -> Looker:
        """Return what reads outputs with Clang, and the files as they are."""
        from portkit.languages.cxx.project.outputs import NoClang, OutputReader

        if project.rung is not Rung.CLANG:
            return NoClang()
        return OutputReader(_reader(files, project), project)

    def words(
        self, path: str, data: bytes, encoding: str, vocabulary: Vocabulary
    ) -> Iterable[Word]:
        """Return the words of a file that may be CUDA's, as the letters have them."""
        from portkit.languages.cxx.letters.source import Zone, read_source

        source = read_source(path, path, data, encoding, vocabulary, plain=False)
        for c in source.candidates:
            yield Word(c.offset, c.word, not (c.weak or c.zone is Zone.STRING))

    def links(self, data: bytes, encoding: str) -> Iterable[Link]:
        """Return the includes of a file, those in inactive code too."""
        from portkit.languages.cxx.letters.directives import read_directives
        from portkit.languages.cxx.letters.lexer import lex, mask

        for include in read_directives(lex(mask(data, encoding))).includes:
            span = Span(include.span.start, include.span.end)
            yield Link(span, include.spelling, include.name)

    def comments(self, data: bytes, encoding: str) -> Iterable[Span]:
        """Return the comments of a file."""
        from portkit.languages.cxx.letters.lexer import lex, mask

        comments = lex(mask(data, encoding)).comments
        return map(Span, comments.starts, comments.ends)

    def comment(self, text: str) -> str:
        """Return a text as a line comment."""
        return f"// {text}"

    def spell(self, reference: Reference, replacement: str) -> bytes:
        """Return a name as it is: C++ has it in no other form."""
        return replacement.encode("ascii")


_INCLUDE_FOLDERS = frozenset({"", "include", "inc", "includes", "Include", "Inc"})


def _is_own_header(found: str, spelling: str) -> bool:
    """An angled include of a CUDA header's name is the project's only where a folder for headers
    holds that file, or where the file's folders are those of the spelling too.
    """
    folder = found.removesuffix(spelling).rstrip("/")
    return folder.rpartition("/")[2] in _INCLUDE_FOLDERS or "/" in spelling.strip("./")


def _reader(files: Sequence[FileRef], project: Project) -> TreeReader:
    from portkit.files.include_index import IncludeIndex
    from portkit.languages.cxx.project.keys import scan_stamp
    from portkit.languages.cxx.project.tree import TreeReader
    from portkit.languages.cxx.values.reading import CxxOptions

    index, vocabulary = IncludeIndex(project.names, project.links), project.vocabulary

    def resolve(rel: str, include: Include) -> str | None:
        found = index.resolve(include.name, rel, angled=include.angled)
        if found is None or not include.angled or _is_own_header(found, include.name):
            return found
        spelling = include.spelling
        known = spelling in vocabulary or vocabulary.header_library(spelling) is not None
        return None if known else found

    stamp = (
        scan_stamp(vocabulary, project.clang, project.rung.value) if project.store.keeps else b""
    )
    options = CxxOptions(project.root, project.rung, resolve, project.flags)
    names = [*project.names, *(f"{name}\0{real}" for name, real in project.links.items())]
    return TreeReader(
        files,
        vocabulary,
        options,
        project.run,
        project.store,
        stamp,
        names,
        project.watch,
        project.told,
    )
