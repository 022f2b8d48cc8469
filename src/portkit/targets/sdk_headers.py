# SPDX-License-Identifier: Apache-2.0
"""The names that an SDK's headers declare, and how many arguments its functions take, by libclang:
no layout, no value, no text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from portkit.languages.cxx.clang.caught import caught
from portkit.languages.cxx.clang.libclang import Clang
from portkit.targets.arity import Arity
from portkit.vocab.stub_files import cuda_stub, std_stub
from portkit.vocab.stubs import STUB_ROOT

SUFFIXES = frozenset({".h", ".hpp", ".hh", ".hxx", ".cuh", ".muh", ".suh"})
_FLAGS = (
    "-x",
    "c++",
    "-std=gnu++17",
    "-nostdinc",
    "-nostdinc++",
    "-ferror-limit=0",
    "-fno-spell-checking",
    "-w",
    "-isystem",
    STUB_ROOT,
)
_PRELUDE = f"{STUB_ROOT}/std.h"
_KEEP_GOING, _DETAILED, _SKIP_BODIES = 0x200, 0x01, 0x40


def headers_of(folder: Path) -> list[Path]:
    """Return the headers below a folder, sorted, links to elsewhere left out."""
    top = folder.resolve()
    found = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return sorted(p for p in found if p.resolve().is_relative_to(top))


def declared_names(
    clang: Clang, folder: Path, headers: Iterable[Path]
) -> tuple[set[str], dict[str, Arity]]:
    """Return the names that the headers below `folder` declare: with their namespace; fields as
    `Struct::field`. Of the functions among them also how many arguments they take, overloads and
    templates together.

    A header that libclang gives up on adds nothing. What a header includes from elsewhere does not
    count.
    """
    cindex, top = clang.cindex, str(folder.resolve())
    reader = _Reader(cindex, top)
    folders = [top] + [str(p) for p in sorted(folder.resolve().rglob("include")) if p.is_dir()]
    arguments = [*_FLAGS, "-include", _PRELUDE, *(a for f in folders for a in ("-I", f))]
    index = cindex.Index.create()
    names: set[str] = set()
    with caught():
        for header in headers:
            try:
                unit = index.parse(
                    str(header.resolve()),
                    args=arguments,
                    unsaved_files=[(_PRELUDE, f"{std_stub()}\n{cuda_stub()}")],
                    options=_KEEP_GOING | _DETAILED | _SKIP_BODIES,
                )
            except cindex.TranslationUnitLoadError:
                continue
            names.update(reader.names_of_unit(unit.cursor))
    return names, reader.arities


class _Reader:
    """Reads the names below cursors of libclang, each kind of declaration in its own way."""

    def __init__(self, cindex: Any, top: str) -> None:
        kinds = cindex.CursorKind
        self._top, self._field, self._parameter = top, kinds.FIELD_DECL, kinds.PARM_DECL
        types = cindex.TypeKind
        self._arrays = (types.CONSTANTARRAY, types.INCOMPLETEARRAY, types.DEPENDENTSIZEDARRAY)
        self._with_types = types.FUNCTIONPROTO
        self.arities: dict[str, Arity] = {}
        self._with_fields = (kinds.STRUCT_DECL, kinds.UNION_DECL)
        self._by_kind: dict[Any, Callable[[Any, str], Iterable[str]]] = {
            kinds.NAMESPACE: self._namespace,
            kinds.LINKAGE_SPEC: self._below,
            kinds.UNEXPOSED_DECL: self._below,
            kinds.STRUCT_DECL: self._record,
            kinds.CLASS_DECL: self._record,
            kinds.UNION_DECL: self._record,
            kinds.CLASS_TEMPLATE: self._record,
            kinds.TYPEDEF_DECL: self._typedef,
            kinds.ENUM_DECL: self._enum,
            kinds.FUNCTION_DECL: self._function,
            kinds.VAR_DECL: self._own,
            kinds.FUNCTION_TEMPLATE: self._function,
            kinds.TYPE_ALIAS_DECL: self._own,
            kinds.FIELD_DECL: self._own,
            kinds.MACRO_DEFINITION: self._macro,
        }

    def names_of_unit(self, unit: Any) -> Iterator[str]:
        """Yield the names that a translation unit declares in files of the SDK."""
        for child in unit.get_children():
            file = child.location.file
            if file is not None and str(file.name).startswith(self._top):
                yield from self._declared(child, "")

    def _declared(self, cursor: Any, scope: str) -> Iterable[str]:
        read = self._by_kind.get(cursor.kind)
        return read(cursor, scope) if read is not None else ()

    def _below(self, cursor: Any, scope: str) -> Iterator[str]:
        for child in cursor.get_children():
            yield from self._declared(child, scope)

    def _namespace(self, cursor: Any, scope: str) -> Iterator[str]:
        full = _joined(scope, cursor.spelling)
        yield full
        yield from self._below(cursor, full)

    def _record(self, cursor: Any, scope: str) -> Iterator[str]:
        # without a name of its own, its members are those of the scope around it
        if cursor.spelling.isidentifier():
            scope = _joined(scope, cursor.spelling)
            yield scope
        yield from self._below(cursor, scope)

    def _typedef(self, cursor: Any, scope: str) -> Iterator[str]:
        full = _joined(scope, cursor.spelling)
        yield full
        declared = cursor.underlying_typedef_type.get_declaration()
        # fields are known by the typedef's name
        if declared.kind in self._with_fields:
            fields = (f for f in declared.get_children() if f.kind == self._field)
            yield from (f"{full}::{f.spelling}" for f in fields)

    def _enum(self, cursor: Any, scope: str) -> Iterator[str]:
        if cursor.spelling.isidentifier():
            yield _joined(scope, cursor.spelling)
        yield from (_joined(scope, e.spelling) for e in cursor.get_children())

    def _own(self, cursor: Any, scope: str) -> Iterator[str]:
        yield _joined(scope, cursor.spelling)

    def _function(self, cursor: Any, scope: str) -> Iterator[str]:
        name = _joined(scope, cursor.spelling)
        made = self._arity(cursor)
        known = self.arities.get(name)
        self.arities[name] = made if known is None else known.joined(made)
        yield name

    def _arity(self, cursor: Any) -> Arity:
        parameters = [c for c in cursor.get_children() if c.kind == self._parameter]
        packs = sum(p.type.spelling.endswith("...") for p in parameters)
        count = len(parameters) - packs
        least = count - sum(map(self._has_default, parameters))
        open_ended = packs or (
            cursor.type.kind == self._with_types and cursor.type.is_function_variadic()
        )
        return Arity(least, -1 if open_ended else count)

    def _has_default(self, parameter: Any) -> bool:
        if parameter.type.kind in self._arrays:
            return False  # what stands below is the array's size
        return any(c.kind.is_expression() for c in parameter.get_children())

    def _macro(self, cursor: Any, _: str) -> Iterator[str]:
        yield cursor.spelling


def _joined(scope: str, name: str) -> str:
    return f"{scope}::{name}" if scope else name
