# SPDX-License-Identifier: Apache-2.0
"""A unit that Clang has parsed: what it read, what it did not find, and what stands at a word."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

from portkit.languages.cxx.clang.agreement import Tokens
from portkit.languages.cxx.clang.binding import Binding, CursorStruct, is_null, pointer
from portkit.languages.cxx.clang.bodies import MANY, is_alike, large_bodies
from portkit.languages.cxx.clang.declared import PARAMETER, declared_as
from portkit.languages.cxx.clang.diagnostics import ClangError, Diagnostics
from portkit.languages.cxx.clang.libclang import Clang
from portkit.languages.cxx.clang.request import UnitRequest
from portkit.languages.cxx.clang.scopes import Scopes
from portkit.languages.cxx.clang.stand_ins import Unknown
from portkit.languages.cxx.clang.unanswered import PlacedWord, Walker
from portkit.languages.cxx.values.reading import Declared, Verdict
from portkit.vocab.stub_files import library_names
from portkit.vocab.stubs import STUB_ROOT

# portkit's own headers whose names mean something else than what they declare
STAND_INS = f"{STUB_ROOT}/stand-ins.h"
MEMBERS = f"{STUB_ROOT}/members.h"
# a member that is used, and one that a designated initialiser names; a field's declaration
_MEMBERS, _FIELD = frozenset({102, 47}), 6  # (clang-c/Index.h)
_OWNED = frozenset({Verdict.CUDA, Verdict.MIXED})
_NEVER = 1 << 62  # an offset behind all
_UNDECLARED = re.compile(
    r"(use of undeclared identifier|unknown type name|no template named|no type named|no member "
    r"named|unknown class name|"
    r"expected class name|undeclared identifier) '([A-Za-z_]\w*)'(?: in (namespace )?'([\w:]+)[^']*')?"
)
_NOT_FOUND = "' file not found"
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_NAMES_TYPE = frozenset({"unknown type name", "no type named", "unknown class name"})


class Unit:
    """A parsed unit."""

    def __init__(
        self, clang: Clang, unit: Any, request: UnitRequest, stubs: Container[str]
    ) -> None:
        """`stubs`: where portkit's own headers lie that Clang reads from disk."""
        self._unit, self.request, self._stubs = unit, request, stubs
        self._handle = pointer(unit)
        self._files: dict[str, int] = {}
        self._skipped: dict[str, list[tuple[int, int]]] = {}
        kinds = clang.cindex.CursorKind
        self._overloaded, self._macro = (
            kinds.OVERLOADED_DECL_REF.value,
            kinds.MACRO_INSTANTIATION.value,
        )
        self._asm = kinds.ASM_STMT.value
        self._calls: Binding = clang.calls
        self._diagnostics: Diagnostics = clang.diagnostics
        self._judged: dict[tuple[int, ...], Verdict] = {}
        self._referred: dict[tuple[object, ...], Verdict] = {}
        self._owners: dict[str, dict[int, str]] = {}
        self._scopes = Scopes(clang.calls)
        self._names: dict[int, str] = {}
        self._origin: dict[str, bool] = {}
        self._read: set[str] | None = None
        self._stub_words: frozenset[str] | None = None
        self._walkers: dict[int, Walker] = {}

    def has(self, path: str) -> bool:
        """Return whether the unit really read `path`: that Clang knows of a file on disk does not
        say so.
        """
        return posixpath.normpath(path) in self._all()

    def opened(self) -> set[str]:
        """Return the files that the unit read, portkit's own stubs left out."""
        return {name for name in self._all() if not self._is_stub(name)}

    def _all(self) -> set[str]:
        if self._read is None:
            self._read = {
                posixpath.normpath(n)
                for n in (*self._calls.included(self._handle), self.request.path)
            }
        return self._read

    def skipped(self, path: str) -> list[tuple[int, int]]:
        """Return the byte ranges of `path` that conditional compilation switched off."""
        known = self._skipped.get(path)
        if known is None:
            file = self._file(path)
            known = self._skipped[path] = self._calls.skipped(self._handle, file) if file else []
        return known

    def includes_at(self, path: str, offset: int) -> bool:
        """Return whether the unit read `path` and did not skip the directive whose line starts at a
        byte offset of it.

        What a condition switches off starts with its own line, which is read nevertheless.
        """
        return self.has(path) and not any(start < offset < end for start, end in self.skipped(path))

    def lost_headers(self) -> list[tuple[str, str, int]]:
        """Return the names that includes did not find, each with the file and the byte offset of
        the include.
        """
        found = self._diagnostics.preprocessing(self._handle, _NOT_FOUND)
        return [
            # the name that an include made up holds `..` steps
            (_as_named(text[1 : text.index(_NOT_FOUND)]), posixpath.normpath(path), offset)
            for text, path, offset in found
            if path
        ]

    def tokens(self, path: str, size: int) -> Tokens:
        """Return the tokens of the file `path` of `size` bytes: comments and what conditions switch
        off are among them.
        """
        return Tokens(*self._calls.tokens(self._handle, self._file(path), size))

    def is_assembly(self, path: str, offset: int) -> bool:
        """Return whether what stands at a byte offset of a file belongs to an asm statement."""
        file = self._file(path)
        return bool(file) and self._calls.cursors(self._handle, file)(offset).kind == self._asm

    def errors(self) -> Iterator[ClangError]:
        """Yield what Clang holds against the unit, but for headers that are not there and what is
        wrong in portkit's own stubs: they are others in each unit.
        """
        for error in self._diagnostics.errors(self._handle):
            if _NOT_FOUND not in error.text and not self._is_stub(error.at.path):
                yield error

    def blames_stub(self, error: ClangError) -> bool:
        """Does an error point at a declaration of portkit's own beside the one it is about?"""
        return any(self._is_stub(mark.path) for mark in error.marks)

    def error_keys(self) -> bytes:
        """Return the keys of the unit's errors, joined (see Diagnostics)."""
        return self._diagnostics.keys(self._handle)

    def unknown_names(self) -> set[Unknown]:
        """Return what Clang found undeclared."""
        found = set()
        for message in self._diagnostics.messages(self._handle):
            match = _UNDECLARED.search(message)
            if match is not None:
                fault, name, namespace, owner = match.groups()
                found.add(
                    Unknown(name, owner or "", bool(owner) and not namespace, fault in _NAMES_TYPE)
                )
        return found

    def owners(self, path: str) -> dict[int, str]:
        """Return the scope of each name of CUDA's that was resolved in the file `path`, by byte
        offset: the class of a field; of a word that several scopes have, its namespace or class in
        full (GLOBAL: none). Overloads of several scopes have all of them, with blanks between.
        """
        return self._owners.setdefault(path, {})

    def _own(self, cursor: CursorStruct, verdict: Verdict, path: str, at: tuple[int, bool]) -> None:
        """Note the scope of a name of CUDA's. `at`: its byte offset, and whether several have it."""
        offset, shared = at
        if verdict not in _OWNED:
            return
        calls = self._calls
        if cursor.kind == self._overloaded:
            every = (calls.overload(cursor, i) for i in range(calls.overloads(cursor)))
            found = {self._scopes.of(one) for one in every if self._from(one) is Verdict.CUDA}
        else:
            entity = calls.referenced(cursor)
            is_field = cursor.kind in _MEMBERS and entity.kind == _FIELD
            found = (
                {self._scopes.of(entity)} if is_field or (shared and not is_null(entity)) else set()
            )
        if found and (shared or cursor.kind in _MEMBERS):
            self.owners(path)[offset] = " ".join(sorted(found))

    def resolve(
        self, path: str, words: list[tuple[int, str]], text: str, shared: Container[str] = ()
    ) -> list[Verdict]:
        """Return a verdict for each (byte offset, word) of the file `path`, in order; `text` is
        what the file holds, `shared` are words whose scopes are noted (see owners).
        """
        file, unresolved = self._file(path), Verdict.UNRESOLVED
        verdicts = [unresolved] * len(words)
        if not file:
            return verdicts
        at, verdict_of, left = (
            self._calls.cursors(self._handle, file),
            self._verdict,
            list[tuple[CursorStruct, PlacedWord]](),
        )
        walker = Walker(self._calls, self._handle, file)
        noted = self._noted(file, path, words, text, shared) if len(words) >= MANY else {}
        skipped = iter([*sorted(self.skipped(path)), (_NEVER, _NEVER)])
        start, end = next(skipped)
        for number, (offset, spelt) in enumerate(words):
            while end <= offset:
                start, end = next(skipped)
            if start <= offset:
                continue  # nothing stands there
            if offset in noted:
                verdicts[number] = noted[offset]
                continue
            word = spelt.encode()
            cursor = at(offset)
            verdict = verdicts[number] = verdict_of(cursor, word)
            if cursor.kind in _MEMBERS or spelt in shared:
                self._own(cursor, verdict, path, (offset, spelt in shared))
            if verdict is unresolved and (top := walker.top(cursor, offset)) is not None:
                left.append((top, PlacedWord(number, offset, word)))
        self._settle_left(walker, path, left, verdicts, shared)
        return verdicts

    def declared(self, path: str, offset: int, word: str) -> tuple[Declared, int, int, int] | None:
        """Return what declares the word at a byte offset of a file there, where that starts and
        ends, and how many parameters it has; None where nothing does.
        """
        file, calls, text = self._file(path), self._calls, word.encode()
        cursor = calls.cursors(self._handle, file)(offset)
        if not calls.is_declaration(cursor.kind):
            # `struct X *p;` declares X where nothing else did so
            cursor = calls.referenced(cursor)
        if is_null(cursor) or not calls.is_declaration(cursor.kind):
            return None
        if calls.place(cursor) != offset or calls.file_of(cursor) != file:
            return None
        if not self._spells(cursor, text):
            return None
        is_c = self.request.language == "c"
        declared = declared_as(calls, cursor, is_c=is_c, stubbed=self._stubbed(word))
        parameters = sum(child.kind == PARAMETER for child in calls.children(cursor))
        return declared, *calls.extent(cursor), parameters

    def expanded(
        self, path: str, use: tuple[int, int], words: Iterable[str]
    ) -> Iterator[tuple[str, Verdict]]:
        """Yield what the use of a macro, from and to a byte offset of a file, makes of some words."""
        file = self._file(path)
        if not file or any(start <= use[0] < end for start, end in self.skipped(path)):
            return
        walker = self._walkers.get(file)
        if walker is None:
            walker = self._walkers[file] = Walker(self._calls, self._handle, file)
        wanted = {word.encode(): word for word in words}
        for cursor in walker.expanded(use):
            spelling = self._calls.spelling(cursor).rpartition(b" ")[2].rpartition(b"::")[2]
            if spelling in wanted:
                yield wanted[spelling], self._verdict(cursor, spelling)

    def _stubbed(self, word: str) -> bool:
        if self._stub_words is None:
            self._stub_words = frozenset(_WORD.findall(self.request.stubs))
        return word in self._stub_words

    def _noted(
        self,
        file: int,
        path: str,
        words: list[tuple[int, str]],
        text: str,
        shared: Container[str],
    ) -> dict[int, Verdict]:
        """Return the verdicts on the words in large bodies that need no look-up, by offset."""
        found, asked = dict[int, Verdict](), dict(words)
        for start, end in large_bodies(text, [offset for offset, _ in words]):
            for offset, cursor in self._calls.annotated(self._handle, file, start, end):
                if (
                    offset in asked
                    and is_alike(cursor.kind)
                    and self._calls.place(cursor) == offset
                ):
                    verdict = self._verdict(cursor, asked[offset].encode())
                    if verdict is not Verdict.UNRESOLVED:
                        found[offset] = verdict
                        self._own(cursor, verdict, path, (offset, asked[offset] in shared))
        return found

    def _settle_left(
        self,
        walker: Walker,
        path: str,
        left: list[tuple[CursorStruct, PlacedWord]],
        verdicts: list[Verdict],
        shared: Container[str],
    ) -> None:
        """Look for the words that stand in templates in the templates themselves."""

        def found(word: PlacedWord, cursor: CursorStruct) -> None:
            verdict = self._verdict(cursor, word.text)
            if verdict is not Verdict.UNRESOLVED:
                verdicts[word.number] = verdict
                self._own(cursor, verdict, path, (word.offset, word.text.decode() in shared))

        while left:
            top = left[0][0]
            walker.walk(top, [word for other, word in left if self._calls.equal(other, top)], found)
            left = [(other, word) for other, word in left if not self._calls.equal(other, top)]

    def _verdict(self, cursor: CursorStruct, word: bytes) -> Verdict:
        kind = cursor.kind
        if kind == self._overloaded:
            return self._overloads(cursor) if self._spells(cursor, word) else Verdict.UNRESOLVED
        target = self._calls.referenced(cursor)
        # what refers to a declaration in the same way has the same spelling
        key = (kind, word, target.kind, target.a, target.b, target.c)
        known = self._referred.get(key)
        if known is not None:
            return known
        if is_null(target):
            if not self._spells(cursor, word):
                return Verdict.UNRESOLVED
            if kind == self._macro:
                return Verdict.CUDA  # a macro that the compiler itself predefines
            return Verdict.DECLARES if self._calls.is_declaration(kind) else Verdict.UNRESOLVED
        if self._calls.is_declaration(kind) and self._calls.equal(target, cursor):
            return Verdict.DECLARES if self._spells(cursor, word) else Verdict.UNRESOLVED
        known = self._referred[key] = (
            self._from(target) if self._spells(cursor, word) else Verdict.UNRESOLVED
        )
        return known

    def _spells(self, cursor: CursorStruct, word: bytes) -> bool:
        spelling = self._calls.spelling(cursor)
        return spelling == word or spelling.rpartition(b" ")[2].rpartition(b"::")[2] == word

    def _overloads(self, cursor: CursorStruct) -> Verdict:
        calls = self._calls
        found = {self._from(calls.overload(cursor, i)) for i in range(calls.overloads(cursor))}
        if len(found) == 1:
            return found.pop()
        if Verdict.CUDA in found:
            return Verdict.MIXED
        return Verdict.USER if Verdict.USER in found else Verdict.UNRESOLVED

    def _from(self, declaration: CursorStruct) -> Verdict:
        """Judge a declaration by the file that it stands in, once each."""
        key = (declaration.kind, declaration.a, declaration.b, declaration.c)
        known = self._judged.get(key)
        if known is None:
            known = self._judged[key] = self._judge(declaration)
        return known

    def _judge(self, declaration: CursorStruct) -> Verdict:
        file = self._calls.file_of(declaration)
        if not file:
            return Verdict.CUDA if self._calls.is_preprocessing(declaration.kind) else Verdict.OTHER
        name = self._name(file)
        if not self._is_stub(name):
            return Verdict.USER
        if name.endswith("names.h"):
            return Verdict.CUDA
        if name in (STAND_INS, MEMBERS):
            return Verdict.UNRESOLVED  # nobody knows what it is
        spelling = self._calls.spelling(declaration).decode("utf-8", "replace")
        return Verdict.CUDA if spelling not in library_names() else Verdict.OTHER

    def _name(self, file: int) -> str:
        known = self._names.get(file)
        if known is None:
            known = self._names[file] = self._calls.file_name(file)
        return known

    def _is_stub(self, name: str) -> bool:
        known = self._origin.get(name)
        if known is None:
            known = self._origin[name] = name.startswith(f"{STUB_ROOT}/") or name in self._stubs
        return known

    def _file(self, path: str) -> int:
        """Return the handle of a file, 0 when the unit has none of this path."""
        if path not in self._files:
            self._files[path] = self._calls.file(self._handle, path)
        return self._files[path]


def _as_named(text: str) -> str:
    """Return a name in Clang's words as the system's functions take it."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))
