# SPDX-License-Identifier: Apache-2.0
"""The languages that portkit reads. A new one is a folder, and a line here."""

from __future__ import annotations

from collections.abc import Collection

from portkit.languages.base import Language
from portkit.languages.cmake.language import CMake
from portkit.languages.cxx.language import Cxx
from portkit.languages.make.language import Make
from portkit.languages.python.language import Python
from portkit.languages.script.language import Script
from portkit.languages.unreadbuild.language import Autoconf, Bazel, Meson, Xmake
from portkit.vocab.vocabulary import Vocabulary

# C++ comes last: while its units are parsed, what the others said is known already.
_ALL: tuple[Language, ...] = (
    *(CMake(), Bazel(), Meson(), Xmake(), Autoconf()),
    *(Make(), Script(), Python(), Cxx()),
)
LANGUAGES: dict[str, Language] = {one.NAME: one for one in _ALL}


def language_of(name: str, head: bytes = b"") -> Language | None:
    """Return the language that claims a file: by its name, else by its first bytes; None when none
    does.
    """
    by_name = (one for one in LANGUAGES.values() if one.claims(name))
    by_head = (one for one in LANGUAGES.values() if head and one.claims(name, head))
    return next(by_name, None) or next(by_head, None)


class Reads:
    """Tells what of a tree is read, for the search of its files.

    `suffixes`: of targets' own sources, which are read as C++ is.
    """

    def __init__(self, vocabulary: Vocabulary, suffixes: Collection[str] = ()) -> None:
        self._vocabulary, self._suffixes = vocabulary, tuple(suffixes)

    def language_of(self, name: str, head: bytes = b"") -> Language | None:
        """Return the language of a file, see `language_of`."""
        if self._suffixes and name.lower().endswith(self._suffixes):
            return LANGUAGES[Cxx.NAME]
        return language_of(name, head)

    def includes(self, name: str) -> bool:
        """Return whether a file that is read may include others, by its name."""
        known = self.language_of(name)
        return known is None or known.NAME == Cxx.NAME

    def of_included(self) -> Language:
        """Return the language of a file that only an include makes one to read."""
        return LANGUAGES[Cxx.NAME]

    def takes(self, name: str) -> bool | None:
        """Return whether a file of that name is read; None where its content decides."""
        known = self.language_of(name)
        if known is None:
            return False
        return True if known.NAME == Cxx.NAME else None

    def cuda_words(self, data: bytes) -> int:
        """Return how many words of CUDA's stand in a file, by the letters alone."""
        return self._vocabulary.telling_words(data)

    def wants(self, name: str, data: bytes) -> bool:
        """Return whether a file whose content decides is read."""
        known = self.language_of(name)
        return known is not None and known.wants(data, self._vocabulary)
