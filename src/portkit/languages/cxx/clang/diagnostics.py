# SPDX-License-Identifier: Apache-2.0
"""What Clang says of a unit, and what it holds against it: its errors, with all the places that they
point at.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from portkit.languages.cxx.clang.binding import LocationStruct, RangeStruct, StringStruct

KEY_BYTES = 8
QUOTED = re.compile(r"'[^']*'")  # the names that a text speaks of
_MEANT = re.compile(r" \(aka '[^']*'\)")  # what a name that a text quotes is another name of
_PREPROCESSING = "Preprocessor"  # in the name of its category: "Lexical or Preprocessor Issue"
_ERROR = 3  # the severity from which on a diagnostic is one
_POINTER = ctypes.c_void_p
_NUMBER = ctypes.c_uint
_PLACE = (ctypes.POINTER(_POINTER), *[ctypes.POINTER(_NUMBER)] * 3)  # file, line, column, offset
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "getNumDiagnostics": (_NUMBER, (_POINTER,)),
    "getDiagnostic": (_POINTER, (_POINTER, _NUMBER)),
    "getDiagnosticSeverity": (ctypes.c_int, (_POINTER,)),
    "getDiagnosticSpelling": (StringStruct, (_POINTER,)),
    "getDiagnosticLocation": (LocationStruct, (_POINTER,)),
    "getDiagnosticCategory": (_NUMBER, (_POINTER,)),
    "getDiagnosticCategoryText": (StringStruct, (_POINTER,)),
    "getDiagnosticNumRanges": (_NUMBER, (_POINTER,)),
    "getDiagnosticRange": (RangeStruct, (_POINTER, _NUMBER)),
    "getChildDiagnostics": (_POINTER, (_POINTER,)),
    "getNumDiagnosticsInSet": (_NUMBER, (_POINTER,)),
    "getDiagnosticInSet": (_POINTER, (_POINTER, _NUMBER)),
    "disposeDiagnostic": (None, (_POINTER,)),
    "getFileLocation": (None, (LocationStruct, *_PLACE)),
    "getRangeStart": (LocationStruct, (RangeStruct,)),
    "getRangeEnd": (LocationStruct, (RangeStruct,)),
    "getFileName": (StringStruct, (_POINTER,)),
    "getCString": (ctypes.c_char_p, (StringStruct,)),
    "disposeString": (None, (StringStruct,)),
}


class Mark(NamedTuple):
    """Bytes [start, end) of a file, by the name that Clang has for it."""

    path: str
    start: int
    end: int


class ClangError(NamedTuple):
    """An error of Clang's. `at`: where it is; `marks`: what else it and its notes point at, nearest
    first; `notes`: their texts.
    """

    text: str
    at: Mark
    marks: tuple[Mark, ...]
    notes: str = ""


def place_key(path: str, offset: int, text: str) -> bytes:
    """Return what an error is known again by: place and kind. What names it quotes, and what these
    stand for, does not count.
    """
    return _key(f"{_normal(path)}\0{offset}\0{_kind(text)}")


def spot_key(path: str, offset: int) -> bytes:
    """Return what an error of any kind is known again by: its place."""
    return _key(f"{_normal(path)}\0{offset}")


def words_key(path: str, text: str) -> bytes:
    """Return what an error is known again by in text that moves: its file and its words."""
    return _key(f"{_normal(path)}\0{_meant(text)}")


# a unit's errors lie in few files and say few things, over and over
_normal = functools.lru_cache(maxsize=1024)(posixpath.normpath)


@functools.lru_cache(maxsize=4096)
def _meant(text: str) -> str:
    return _MEANT.sub("", text)


@functools.lru_cache(maxsize=4096)
def _kind(text: str) -> str:
    return QUOTED.sub("", _MEANT.sub("", text))


def _key(told: str) -> bytes:
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=KEY_BYTES).digest()


class Diagnostics:
    """Reads errors off units of one library (the CDLL that clang.cindex works with)."""

    def __init__(self, library: Any) -> None:
        own = ctypes.PyDLL(library._name, handle=library._handle)
        self._calls: dict[str, Callable[..., Any]] = {}
        for name, (result, arguments) in _SIGNATURES.items():
            function = own[f"clang_{name}"]
            function.restype, function.argtypes = result, arguments
            self._calls[name] = function
        # the numbers of categories differ by version; which are the preprocessor's
        self._categories: dict[int, bool] = {}

    def messages(self, unit: int) -> set[str]:
        """Return the texts of the diagnostics of a unit."""
        return {self._words(diagnostic) for diagnostic in self._all(unit)}

    def preprocessing(self, unit: int, placed: str) -> list[tuple[str, str, int]]:
        """Return the texts of the preprocessor's diagnostics that hold `placed`, each with the file
        ("" for none) and byte offset. A unit may have thousands of others, whose texts would cost
        more.
        """
        found, known = list[tuple[str, str, int]](), self._categories
        category_of = self._calls["getDiagnosticCategory"]
        for diagnostic in self._all(unit):
            category = category_of(diagnostic)
            if category not in known:
                name = self._text(self._calls["getDiagnosticCategoryText"](diagnostic))
                known[category] = _PREPROCESSING in name
            if known[category] and placed in (text := self._words(diagnostic)):
                found.append((text, *self._at(diagnostic)))
        return found

    def errors(self, unit: int) -> Iterator[ClangError]:
        """Yield the errors of a unit that lie in a file, in the order in which Clang met them."""
        for diagnostic in self._faults(unit):
            error = self._error(diagnostic)
            if error is not None:
                yield error

    def keys(self, unit: int) -> bytes:
        """Return the keys of a unit's errors, all of each, joined: cheaper than the errors."""
        found = set[bytes]()
        for diagnostic in self._faults(unit):
            (path, offset), text = self._at(diagnostic), self._words(diagnostic)
            found |= {place_key(path, offset, text), words_key(path, text), spot_key(path, offset)}
        return b"".join(sorted(found))

    def _all(self, unit: int) -> Iterator[int]:
        """Yield the diagnostics of a unit, each until the next one is asked for."""
        take, drop = self._calls["getDiagnostic"], self._calls["disposeDiagnostic"]
        for number in range(self._calls["getNumDiagnostics"](unit)):
            diagnostic = take(unit, number)
            try:
                yield diagnostic
            finally:
                drop(diagnostic)

    def _faults(self, unit: int) -> Iterator[int]:
        severity = self._calls["getDiagnosticSeverity"]
        return (d for d in self._all(unit) if severity(d) >= _ERROR)

    def _error(self, diagnostic: int) -> ClangError | None:
        at, *more = self._marks(diagnostic)
        notes = self._calls["getChildDiagnostics"](diagnostic)  # goes with its parent
        told = list[str]()
        for number in range(self._calls["getNumDiagnosticsInSet"](notes)):
            note = self._calls["getDiagnosticInSet"](notes, number)
            more += self._marks(note)
            told.append(self._words(note))
        text = self._words(diagnostic)
        marks = tuple(m for m in more if m.path)
        return ClangError(text, at, marks, "\n".join(told)) if at.path else None

    def _marks(self, diagnostic: int) -> list[Mark]:
        """Return where a diagnostic stands, and the ranges that it underlines."""
        calls = self._calls
        path, offset = self._at(diagnostic)
        found = [Mark(path, offset, offset)]
        for number in range(calls["getDiagnosticNumRanges"](diagnostic)):
            span = calls["getDiagnosticRange"](diagnostic, number)
            path, start = self._place(calls["getRangeStart"](span))
            found.append(Mark(path, start, self._place(calls["getRangeEnd"](span))[1]))
        return found

    def _words(self, diagnostic: int) -> str:
        return self._text(self._calls["getDiagnosticSpelling"](diagnostic))

    def _at(self, diagnostic: int) -> tuple[str, int]:
        return self._place(self._calls["getDiagnosticLocation"](diagnostic))

    def _place(self, location: LocationStruct) -> tuple[str, int]:
        file, offset = _POINTER(), _NUMBER()
        self._calls["getFileLocation"](
            location, ctypes.byref(file), None, None, ctypes.byref(offset)
        )
        name = self._text(self._calls["getFileName"](file)) if file.value else ""
        return name, offset.value

    def _text(self, string: StringStruct) -> str:
        text: bytes = self._calls["getCString"](string) or b""
        found = text.decode("utf-8", "surrogateescape")
        self._calls["disposeString"](string)
        return found
