# SPDX-License-Identifier: Apache-2.0
"""The Clang rung: parse one unit against stub headers and ask what stands at each candidate's offset.

No CUDA SDK, no system header and no network take part, so the answer is the same on every machine: Clang sees the files
that are listed for a unit (see reach.py) and no others.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
import tempfile
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portkit.files.encodable import encodable
from portkit.languages.cxx.clang.agreement import Tokens
from portkit.languages.cxx.clang.binding import Binding, CursorStruct, is_null, pointer
from portkit.languages.cxx.clang.bodies import MANY, is_alike, large_bodies
from portkit.languages.cxx.clang.libclang import Clang
from portkit.languages.cxx.clang.overlay import Listing
from portkit.languages.cxx.clang.stand_ins import Unknown
from portkit.languages.cxx.clang.unanswered import Walker, Word
from portkit.languages.cxx.clang.view import Refused, View
from portkit.languages.cxx.values.reading import UnitFlags, Verdict
from portkit.printable import printable_name
from portkit.vocab.stub_files import library_names
from portkit.vocab.stubs import STUB_ROOT, members_stub, needs_members

log = logging.getLogger(__name__)

_STAND_INS = f"{STUB_ROOT}/stand-ins.h"
_MEMBERS = f"{STUB_ROOT}/members.h"
_FORCED = f"{STUB_ROOT}/forced.h"
_ROUNDS = 4  # parses more, for headers whose names only macros make
_NEVER = 1 << 62  # an offset behind all
_KNOWS_SM_90 = 16  # the release of Clang that does
_KEEP_GOING, _DETAILED, _INCOMPLETE = 0x200, 0x01, 0x02
_BASE = (
    "-nocudainc",
    "-nocudalib",
    f"--cuda-path={STUB_ROOT}/none",  # else Clang looks for a CUDA of this machine
    "-nostdinc",
    "-nostdinc++",
    "--target=x86_64-unknown-linux-gnu",
    "-ferror-limit=0",
    "-fno-spell-checking",
    "-ftemplate-depth=256",
    "-fconstexpr-steps=1000",  # else Clang makes each element of `new T[500000]` to see whether that is a constant
    "-w",
)
_UNDECLARED = re.compile(
    r"(use of undeclared identifier|unknown type name|no template named|no type named|no member named|unknown class name|"
    r"expected class name|undeclared identifier) '([A-Za-z_]\w*)'(?: in (namespace )?'([\w:]+)[^']*')?"
)
_NOT_FOUND = b"' file not found"
_NAMES_TYPE = frozenset({"unknown type name", "no type named", "unknown class name"})


@dataclass(slots=True)
class UnitRequest:
    """One translation unit to parse. `path` is where the file lies; `data` its (masked) bytes.

    `view`: the files on disk that Clang may open, none by default. `refused` is what the unit's includes found closed.
    """

    path: str
    data: bytes
    language: str  # "c" or "cuda"
    stubs: str
    flags: UnitFlags
    masked: dict[str, bytes] = field(default_factory=dict)
    device: bool = False
    called: tuple[str, ...] = ()  # names of member functions that the unit calls
    nested: dict[str, str] = field(default_factory=dict)  # other members of CUDA's classes: name -> "type" or "value"
    stand_ins: str = ""  # declarations of third-party names, so that the code around them keeps its tree
    view: View | None = None
    refused: set[Refused] = field(default_factory=set)
    looked: set[bool] = field(default_factory=set)  # for host and device: the headers that a parse did not find are known


class Session:
    """A Clang index with the hand-written stubs parsed once per language and side; one a process."""

    def __init__(self, clang: Clang, std_stub: str, cuda_stub: str) -> None:
        self.clang = clang
        self.index = clang.cindex.Index.create(True)  # a unit's declarations without those of the precompiled stubs
        self._stubs = std_stub, cuda_stub
        self._folder = tempfile.TemporaryDirectory(prefix="portkit-", dir=_temporary())
        self._arch = "sm_90" if clang.major >= _KNOWS_SM_90 else "sm_80"
        self._headers: dict[tuple[str, ...], list[str]] = {}
        self._listing, self._own = Listing(Path(self._folder.name)), dict[str, str]()

    def close(self) -> None:
        """Remove the session's temporary folder."""
        self._folder.cleanup()

    def parse(self, request: UnitRequest) -> Unit | None:
        """Parse a unit; None when libclang gave up on it (a crash is caught inside libclang)."""
        unit = self._parse(request)
        view, again = request.view, request.device in request.looked
        request.looked.add(request.device)
        for _ in range(_ROUNDS):
            if unit is None or view is None or again or not view.more(unit.lost_headers()):
                break  # stand-ins change no include: one look at a side of the unit is enough
            unit = self._parse(request)
        if unit is not None and view is not None:
            request.refused.update(r for r in view.refused if unit.includes_at(r.path, r.line))
        return unit

    def _parse(self, request: UnitRequest) -> Unit | None:
        arguments, view = self._flags(request), request.view
        prelude = f"{STUB_ROOT}/names.h"
        text = "".join(f"#undef {u}\n" for u in request.flags.undefines) + request.stubs
        text += "".join(f"#undef {n}\n#define {n} {v}\n" for n, v in map(_define, request.flags.defines))
        files = [(prelude, text.encode("utf-8", "surrogateescape")), (request.path, request.data)]
        before = []
        if request.flags.forced:
            files.append((_FORCED, "".join(f'#include "{printable_name(h)}"\n' for h in request.flags.forced).encode()))
            before = ["-include", _FORCED]
        if request.language != "c" and needs_members(request.stubs):
            files.append((_MEMBERS, members_stub(request.called, request.nested).encode()))
            before += ["-include", _MEMBERS]
        files += [(p, d) for p, d in request.masked.items() if p != request.path]
        files += view.texts.items() if view is not None else ()
        more = []
        if request.stand_ins:
            files.append((_STAND_INS, request.stand_ins.encode("utf-8", "replace")))
            more = ["-include", _STAND_INS]
        stubs = self._prelude(request, arguments)
        try:
            unit = self.index.parse(
                request.path,
                args=[*arguments, *self._overlay(view), *stubs, *before, "-include", prelude, *more],
                unsaved_files=files,
                options=_KEEP_GOING | _DETAILED,
            )
        except self.clang.cindex.TranslationUnitLoadError:
            log.debug("libclang gave up on %s", request.path)
            return None
        return Unit(self.clang, unit, request, self._own)

    def _overlay(self, view: View | None) -> list[str]:
        """Return the flags that show Clang the files of a view and this session's own, and hide all others."""
        return ["-ivfsoverlay", self._listing.write(self._own | view.files if view is not None else self._own)]

    def _flags(self, request: UnitRequest) -> list[str]:
        flags = list(_BASE)
        if request.language == "c":
            flags += ["-x", "c", "-std=gnu11"]
        else:
            standard = request.flags.standard if request.flags.standard in _STANDARDS else "gnu++17"
            side = "--cuda-device-only" if request.device else "--cuda-host-only"
            flags += ["-x", "cuda", side, f"--cuda-gpu-arch={self._arch}", f"-std={standard}"]
        for folder in request.flags.include_dirs:
            flags += ["-I", printable_name(folder)]
        for folder in request.flags.system_dirs:
            flags += ["-isystem", printable_name(folder)]
        return flags

    def _prelude(self, request: UnitRequest, flags: list[str]) -> list[str]:
        """Return the flags that bring in the hand-written stubs: precompiled when that works."""
        key = (request.language, str(request.device), request.flags.standard)
        if key not in self._headers:
            self._headers[key] = self._precompile(request, key, flags)
        return self._headers[key]

    def _precompile(self, request: UnitRequest, key: tuple[str, ...], flags: list[str]) -> list[str]:
        source = Path(self._folder.name) / f"{len(self._headers)}-stubs.h"
        wrapped = "\n".join(self._stubs)
        if request.language != "c":
            wrapped = f"#pragma clang force_cuda_host_device begin\n{wrapped}\n#pragma clang force_cuda_host_device end\n"
        source.write_text(wrapped, encoding="utf-8")
        compiled = source.with_suffix(".pch")
        folders = ("-I", "-isystem")
        clean = [f for i, f in enumerate(flags) if f not in folders and (i == 0 or flags[i - 1] not in folders)]
        self._own.update((str(p), str(p)) for p in (source, compiled))
        try:
            unit = self.index.parse(os.fsencode(source), args=clean, options=_KEEP_GOING | _DETAILED | _INCOMPLETE)
            unit.save(os.fsencode(compiled))
        except (self.clang.cindex.TranslationUnitLoadError, self.clang.cindex.TranslationUnitSaveError):
            return ["-include", str(source)]
        return ["-include-pch", str(compiled)]


_STANDARDS = frozenset(f"{g}++{v}" for g in ("c", "gnu") for v in ("11", "14", "17", "20", "23", "2a", "2b", "0x", "1y", "1z"))


def _temporary() -> str | None:
    """Return where temporary files go (None: as usual): what lists files to Clang holds UTF-8 names only."""
    usual = tempfile.gettempdir()
    return None if encodable(usual) == usual else "/tmp"


def _define(flag: str) -> tuple[str, str]:
    name, separator, value = flag.partition("=")
    return name, value if separator else "1"


class Unit:
    """A parsed unit."""

    def __init__(self, clang: Clang, unit: Any, request: UnitRequest, stubs: Container[str]) -> None:
        """`stubs`: where portkit's own headers lie that Clang reads from disk."""
        self._unit, self.request, self._stubs = unit, request, stubs
        self._handle = pointer(unit)
        self._files: dict[str, int] = {}
        self._skipped: dict[str, list[tuple[int, int]]] = {}
        kinds = clang.cindex.CursorKind
        self._overloaded, self._macro = kinds.OVERLOADED_DECL_REF.value, kinds.MACRO_INSTANTIATION.value
        self._calls: Binding = clang.calls
        self._judged: dict[tuple[int, ...], Verdict] = {}
        self._referred: dict[tuple[object, ...], Verdict] = {}
        self._names: dict[int, str] = {}
        self._places: dict[int, str] = {}
        self._origin: dict[str, bool] = {}
        self._read: set[str] | None = None
        self._said: tuple[set[bytes], list[tuple[bytes, int, int]]] | None = None

    def has(self, path: str) -> bool:
        """Return whether the unit really read `path`: that Clang knows of a file on disk does not say so."""
        return posixpath.normpath(path) in self._all()

    def opened(self) -> set[str]:
        """Return the files that the unit read, portkit's own stubs left out."""
        return {name for name in self._all() if not self._is_stub(name)}

    def _all(self) -> set[str]:
        if self._read is None:
            self._read = {posixpath.normpath(n) for n in (*self._calls.included(self._handle), self.request.path)}
        return self._read

    def skipped(self, path: str) -> list[tuple[int, int]]:
        """Return the byte ranges of `path` that conditional compilation switched off."""
        known = self._skipped.get(path)
        if known is None:
            file = self._file(path)
            known = self._skipped[path] = self._calls.skipped(self._handle, file) if file else []
        return known

    def includes_at(self, path: str, offset: int) -> bool:
        """Return whether the unit read `path` and did not skip the directive whose line starts at a byte offset of it.

        What a condition switches off starts with its own line, which is read nevertheless.
        """
        return self.has(path) and not any(start < offset < end for start, end in self.skipped(path))

    def lost_headers(self) -> list[tuple[str, str, int]]:
        """Return the names that includes did not find, each with the file and the byte offset of the include."""
        return [
            (os.fsdecode(message[1 : message.index(_NOT_FOUND)]), self._place(file), offset)
            for message, file, offset in self._messages()[1]
            if file
        ]

    def tokens(self, path: str, size: int) -> Tokens:
        """Return the tokens of the file `path` of `size` bytes: comments and what conditions switch off are among them."""
        return Tokens(*self._calls.tokens(self._handle, self._file(path), size))

    def _messages(self) -> tuple[set[bytes], list[tuple[bytes, int, int]]]:
        if self._said is None:
            self._said = self._calls.messages(self._handle, _NOT_FOUND)
        return self._said

    def unknown_names(self) -> set[Unknown]:
        """Return what Clang found undeclared."""
        found = set()
        for message in self._messages()[0]:
            match = _UNDECLARED.search(message.decode("utf-8", "replace"))
            if match is not None:
                fault, name, namespace, owner = match.groups()
                found.add(Unknown(name, owner or "", bool(owner) and not namespace, fault in _NAMES_TYPE))
        return found

    def resolve(self, path: str, words: list[tuple[int, str]], text: str) -> list[Verdict]:
        """Return a verdict for each (byte offset, word) of the file `path`, in order; `text` is what the file holds."""
        file, unresolved = self._file(path), Verdict.UNRESOLVED
        verdicts = [unresolved] * len(words)
        if not file:
            return verdicts
        at, verdict_of, left = self._calls.cursors(self._handle, file), self._verdict, list[tuple[CursorStruct, Word]]()
        walker = Walker(self._calls, self._handle, file)
        noted = self._noted(file, words, text) if len(words) >= MANY else {}
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
            if verdict is unresolved and (top := walker.top(cursor, offset)) is not None:
                left.append((top, Word(number, offset, word)))
        self._settle_left(walker, left, verdicts)
        return verdicts

    def _noted(self, file: int, words: list[tuple[int, str]], text: str) -> dict[int, Verdict]:
        """Return the verdicts on the words in large bodies that need no look-up, by offset."""
        found, asked = dict[int, Verdict](), dict(words)
        for start, end in large_bodies(text, [offset for offset, _ in words]):
            for offset, cursor in self._calls.annotated(self._handle, file, start, end):
                if offset in asked and is_alike(cursor.kind) and self._calls.place(cursor) == offset:
                    verdict = self._verdict(cursor, asked[offset].encode())
                    if verdict is not Verdict.UNRESOLVED:
                        found[offset] = verdict
        return found

    def _settle_left(self, walker: Walker, left: list[tuple[CursorStruct, Word]], verdicts: list[Verdict]) -> None:
        """Look for the words that stand in templates in the templates themselves."""

        def found(word: Word, cursor: CursorStruct) -> None:
            verdict = self._verdict(cursor, word.text)
            if verdict is not Verdict.UNRESOLVED:
                verdicts[word.number] = verdict

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
        known = self._referred[key] = self._from(target) if self._spells(cursor, word) else Verdict.UNRESOLVED
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
        if name in (_STAND_INS, _MEMBERS):
            return Verdict.UNRESOLVED  # nobody knows what it is
        spelling = self._calls.spelling(declaration).decode("utf-8", "replace")
        return Verdict.CUDA if spelling not in library_names() else Verdict.OTHER

    def _name(self, file: int) -> str:
        known = self._names.get(file)
        if known is None:
            known = self._names[file] = self._calls.file_name(file)
        return known

    def _place(self, file: int) -> str:
        """Return where a file lies: the name that an include made up holds `..` steps."""
        known = self._places.get(file)
        if known is None:
            known = self._places[file] = posixpath.normpath(self._name(file))
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
