# SPDX-License-Identifier: Apache-2.0
"""The few calls of libclang that are made for each candidate, bound straight.

`clang.cindex` wraps each result in objects and checks; over a hundred thousand candidates that
costs more than libclang's own work. The structures are those of clang-c/Index.h, which have not
changed in years.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_INVALID_FILE = 70  # the kind of the null cursor
_POINTER = ctypes.c_void_p


class CursorStruct(ctypes.Structure):
    """CXCursor."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("xdata", ctypes.c_int),
        ("a", _POINTER),
        ("b", _POINTER),
        ("c", _POINTER),
    )


class LocationStruct(ctypes.Structure):
    """CXSourceLocation."""

    _fields_ = (("a", _POINTER), ("b", _POINTER), ("data", ctypes.c_uint))


class RangeStruct(ctypes.Structure):
    """CXSourceRange."""

    _fields_ = (("a", _POINTER), ("b", _POINTER), ("start", ctypes.c_uint), ("end", ctypes.c_uint))


class TokenStruct(ctypes.Structure):
    """CXToken."""

    _fields_ = (("data", ctypes.c_uint * 4), ("pointer", _POINTER))


class RangesStruct(ctypes.Structure):
    """CXSourceRangeList."""

    _fields_ = (("count", ctypes.c_uint), ("ranges", ctypes.POINTER(RangeStruct)))


class StringStruct(ctypes.Structure):
    """CXString."""

    _fields_ = (("data", _POINTER), ("flags", ctypes.c_uint))


# file, line, column, offset
_PLACE = tuple(ctypes.POINTER(t) for t in (_POINTER, *[ctypes.c_uint] * 3))
_VISITOR = ctypes.PYFUNCTYPE(ctypes.c_int, CursorStruct, CursorStruct, _POINTER)
# file, inclusion stack, its depth, data
_INCLUSION = ctypes.PYFUNCTYPE(None, _POINTER, _POINTER, ctypes.c_uint, _POINTER)
_CONTINUE = 1
_WORD_BYTES = 4  # of the numbers in a token
_LOW_BYTE = 0 if sys.byteorder == "little" else _WORD_BYTES - 1
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "getLocationForOffset": (LocationStruct, (_POINTER, _POINTER, ctypes.c_uint)),
    "getCursor": (CursorStruct, (_POINTER, LocationStruct)),
    "getCursorSpelling": (StringStruct, (CursorStruct,)),
    "getCString": (ctypes.c_char_p, (StringStruct,)),
    "disposeString": (None, (StringStruct,)),
    "getCursorReferenced": (CursorStruct, (CursorStruct,)),
    "equalCursors": (ctypes.c_uint, (CursorStruct, CursorStruct)),
    "isDeclaration": (ctypes.c_uint, (ctypes.c_int,)),
    "isPreprocessing": (ctypes.c_uint, (ctypes.c_int,)),
    "getCursorLocation": (LocationStruct, (CursorStruct,)),
    "getInstantiationLocation": (None, (LocationStruct, *_PLACE)),
    "getFileLocation": (None, (LocationStruct, *_PLACE)),
    "getCursorExtent": (RangeStruct, (CursorStruct,)),
    "getRangeStart": (LocationStruct, (RangeStruct,)),
    "getRangeEnd": (LocationStruct, (RangeStruct,)),
    "getSpecializedCursorTemplate": (CursorStruct, (CursorStruct,)),
    "getCursorSemanticParent": (CursorStruct, (CursorStruct,)),
    "getTranslationUnitCursor": (CursorStruct, (_POINTER,)),
    "getCursorLinkage": (ctypes.c_int, (CursorStruct,)),
    "isCursorDefinition": (ctypes.c_uint, (CursorStruct,)),
    "Cursor_isFunctionInlined": (ctypes.c_uint, (CursorStruct,)),
    "EnumDecl_isScoped": (ctypes.c_uint, (CursorStruct,)),
    "visitChildren": (ctypes.c_uint, (CursorStruct, _VISITOR, _POINTER)),
    "getFile": (_POINTER, (_POINTER, ctypes.c_char_p)),
    "getFileName": (StringStruct, (_POINTER,)),
    "getNumOverloadedDecls": (ctypes.c_uint, (CursorStruct,)),
    "getOverloadedDecl": (CursorStruct, (CursorStruct, ctypes.c_uint)),
    "getRange": (RangeStruct, (LocationStruct, LocationStruct)),
    "tokenize": (
        None,
        (
            _POINTER,
            RangeStruct,
            ctypes.POINTER(ctypes.POINTER(TokenStruct)),
            ctypes.POINTER(ctypes.c_uint),
        ),
    ),
    "getTokenLocation": (LocationStruct, (_POINTER, TokenStruct)),
    "getTokenExtent": (RangeStruct, (_POINTER, TokenStruct)),
    "getTokenKind": (ctypes.c_int, (TokenStruct,)),
    "annotateTokens": (
        None,
        (_POINTER, ctypes.POINTER(TokenStruct), ctypes.c_uint, ctypes.POINTER(CursorStruct)),
    ),
    "disposeTokens": (None, (_POINTER, ctypes.POINTER(TokenStruct), ctypes.c_uint)),
    "getInclusions": (None, (_POINTER, _INCLUSION, _POINTER)),
    "getSkippedRanges": (ctypes.POINTER(RangesStruct), (_POINTER, _POINTER)),
    "disposeSourceRangeList": (None, (ctypes.POINTER(RangesStruct),)),
}
# Called for every candidate, with arguments that need no conversion: without `argtypes` a call
# costs a quarter less.
_PLAIN = frozenset({"getLocationForOffset", "getCursor", "getCursorReferenced"})


class Binding:
    """The calls on one library. It shares the library with clang.cindex, but not its signatures."""

    def __init__(self, library: Any) -> None:
        """`library` is the CDLL that clang.cindex works with."""
        own = ctypes.PyDLL(library._name, handle=library._handle)
        calls = {}
        for name, (result, arguments) in _SIGNATURES.items():
            function = own[f"clang_{name}"]
            function.restype = result
            if name not in _PLAIN:
                function.argtypes = arguments
            calls[name] = function
        self._location_for_offset, self._cursor = calls["getLocationForOffset"], calls["getCursor"]
        self.referenced = calls["getCursorReferenced"]
        self.equal = calls["equalCursors"]
        self.is_declaration = functools.cache(calls["isDeclaration"])  # there are few kinds
        self.is_preprocessing = calls["isPreprocessing"]
        self.overloads = calls["getNumOverloadedDecls"]
        self.overload = calls["getOverloadedDecl"]
        self.template = calls["getSpecializedCursorTemplate"]
        self.parent = calls["getCursorSemanticParent"]
        self.unit_cursor = calls["getTranslationUnitCursor"]
        self.linkage, self.is_definition = calls["getCursorLinkage"], calls["isCursorDefinition"]
        self.is_inlined, self.is_scoped = (
            calls["Cursor_isFunctionInlined"],
            calls["EnumDecl_isScoped"],
        )
        self._visit, self._extent, self._in_file = (
            calls["visitChildren"],
            calls["getCursorExtent"],
            calls["getFileLocation"],
        )
        self._start, self._end = calls["getRangeStart"], calls["getRangeEnd"]
        self._spelling, self._text, self._dispose = (
            calls["getCursorSpelling"],
            calls["getCString"],
            calls["disposeString"],
        )
        self._where, self._place, self._file_name = (
            calls["getCursorLocation"],
            calls["getInstantiationLocation"],
            calls["getFileName"],
        )
        self._inclusions, self._skipped, self._drop = (
            calls["getInclusions"],
            calls["getSkippedRanges"],
            calls["disposeSourceRangeList"],
        )
        self._range, self._tokenize, self._annotate = (
            calls["getRange"],
            calls["tokenize"],
            calls["annotateTokens"],
        )
        self._token_place, self._drop_tokens = calls["getTokenLocation"], calls["disposeTokens"]
        self._token_extent, self._token_kind = calls["getTokenExtent"], calls["getTokenKind"]
        self._get_file = calls["getFile"]
        # a line is worked out only for whom it asks for it
        self._file, self._offset = _POINTER(), ctypes.c_uint()
        self._for_file = [ctypes.byref(self._file), None, None, None]
        self._for_offset = [None, None, None, ctypes.byref(self._offset)]

    def cursors(self, unit: int, file: int) -> Callable[[int], CursorStruct]:
        """Return what gives the cursor at a byte offset of a file of a unit."""
        place, cursor, unit_, file_ = (
            self._location_for_offset,
            self._cursor,
            _POINTER(unit),
            _POINTER(file),
        )
        return lambda offset: cursor(unit_, place(unit_, file_, offset))

    def annotated(
        self, unit: int, file: int, start: int, end: int
    ) -> Iterator[tuple[int, CursorStruct]]:
        """Yield the byte offset of each token in a range of a file, and the cursor that libclang
        notes at it.
        """
        tokens, count = ctypes.POINTER(TokenStruct)(), ctypes.c_uint()
        places = [
            self._location_for_offset(_POINTER(unit), _POINTER(file), offset)
            for offset in (start, end)
        ]
        self._tokenize(unit, self._range(*places), ctypes.byref(tokens), ctypes.byref(count))
        try:
            cursors = (CursorStruct * count.value)()
            self._annotate(unit, tokens, count.value, cursors)
            for number in range(count.value):
                self._in_file(self._token_place(unit, tokens[number]), *self._for_offset)
                yield self._offset.value, cursors[number]
        finally:
            self._drop_tokens(unit, tokens, count.value)

    def tokens(
        self, unit: int, file: int, size: int
    ) -> tuple[bytes, list[int], Sequence[int], int]:
        """Return the kinds, places and lengths of the tokens in the first `size` bytes of a file of
        a unit, and the place of the file's first byte.

        They are read off libclang's own array: a call for each would cost more than the parse of
        many a file. Where the first and the last are not what the calls say of them, all are asked
        for.
        """
        tokens, count = ctypes.POINTER(TokenStruct)(), ctypes.c_uint()
        first, last = (
            self._location_for_offset(_POINTER(unit), _POINTER(file), at) for at in (0, size)
        )
        self._tokenize(unit, self._range(first, last), ctypes.byref(tokens), ctypes.byref(count))
        try:
            if not count.value:
                return b"", [], [], 0
            raw = ctypes.string_at(tokens, count.value * ctypes.sizeof(TokenStruct))
            words, step = memoryview(raw).cast("I"), ctypes.sizeof(TokenStruct) // _WORD_BYTES
            kinds = raw[_LOW_BYTE :: ctypes.sizeof(TokenStruct)]
            places, lengths, base = words[1::step].tolist(), words[2::step], first.data
            if all(
                self._token(unit, tokens[i]) == (kinds[i], places[i] - base, lengths[i])
                for i in (0, count.value - 1)
            ):
                return kinds, places, lengths, base
            asked = [self._token(unit, tokens[i]) for i in range(count.value)]
            return bytes(t[0] for t in asked), [t[1] for t in asked], [t[2] for t in asked], 0
        finally:
            self._drop_tokens(unit, tokens, count.value)

    def _token(self, unit: int, token: TokenStruct) -> tuple[int, int, int]:
        start, end = self._offsets(self._token_extent(unit, token))
        return self._token_kind(token), start, end - start

    def spelling(self, cursor: CursorStruct) -> bytes:
        """Return the cursor's spelling."""
        return self._read(self._spelling(cursor))

    def _read(self, string: StringStruct) -> bytes:
        text: bytes = self._text(string) or b""
        self._dispose(string)
        return text

    def included(self, unit: int) -> set[str]:
        """Return the names of the files that a unit read by way of an include."""
        files = set[int]()

        def visit(file: int, _stack: int, depth: int, _data: object) -> None:
            if depth:
                files.add(file)

        self._inclusions(unit, _INCLUSION(visit), None)
        return {self.file_name(file) for file in files}

    def skipped(self, unit: int, file: int) -> list[tuple[int, int]]:
        """Return the byte ranges of a file that the preprocessor skipped in a unit."""
        listing = self._skipped(unit, file)
        try:
            spans = listing.contents
            return [self._offsets(spans.ranges[i]) for i in range(spans.count)]
        finally:
            self._drop(listing)

    def file_of(self, cursor: CursorStruct) -> int:
        """Return the handle of the file in which the cursor stands, 0 when in none."""
        self._place(self._where(cursor), *self._for_file)
        return self._file.value or 0

    def children(self, cursor: CursorStruct) -> list[CursorStruct]:
        """Return what stands directly below a cursor."""
        found: list[CursorStruct] = []

        def visit(child: CursorStruct, _parent: CursorStruct, _data: object) -> int:
            found.append(CursorStruct.from_buffer_copy(child))
            return _CONTINUE

        self._visit(cursor, _VISITOR(visit), None)
        return found

    def place(self, cursor: CursorStruct) -> int:
        """Return the offset of a cursor in its file; in a macro's argument, where the argument is
        written.
        """
        self._in_file(self._where(cursor), *self._for_offset)
        return self._offset.value

    def extent(self, cursor: CursorStruct) -> tuple[int, int]:
        """Return the offsets in its file at which a cursor's text starts and ends."""
        return self._offsets(self._extent(cursor))

    def _offsets(self, span: RangeStruct) -> tuple[int, int]:
        self._in_file(self._start(span), *self._for_offset)
        start = self._offset.value
        self._in_file(self._end(span), *self._for_offset)
        return start, self._offset.value

    def file(self, unit: int, path: str) -> int:
        """Return the handle of a file that a unit knows, 0 for another."""
        return self._get_file(unit, path.encode("utf-8", "surrogateescape")) or 0

    def file_name(self, file: int) -> str:
        """Return the name of a file by its handle."""
        return self._read(self._file_name(file)).decode("utf-8", "surrogateescape")


def is_null(cursor: CursorStruct) -> bool:
    """Return whether a cursor is libclang's null cursor."""
    return cursor.kind == _INVALID_FILE and not (cursor.a or cursor.b or cursor.c)


def pointer(wrapped: Any) -> int:
    """Return the address that an object of clang.cindex (a translation unit, a file) stands for."""
    return ctypes.cast(wrapped.obj, _POINTER).value or 0
