# SPDX-License-Identifier: Apache-2.0
"""The names that an SDK's headers declare, by libclang. Only names are taken: no layout, no value,
no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from portkit.languages.cxx.clang.caught import caught
from portkit.languages.cxx.clang.libclang import Clang
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


def declared_names(clang: Clang, folder: Path, headers: Iterable[Path]) -> set[str]:
    """Return the names that the headers below `folder` declare: with their namespace; fields as
    `Struct::field`.

    A header that libclang gives up on adds nothing. What a header includes from elsewhere does not
    count.
    """
    cindex, top = clang.cindex, str(folder.resolve())
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
            names.update(_names(unit.cursor, cindex.CursorKind, top, "", False))
    return names


def _names(cursor: Any, kinds: Any, top: str, scope: str, known: bool) -> Iterator[str]:
    """Yield the names declared below a cursor; `known` says that it lies in the SDK already."""
    for child in cursor.get_children():
        if not known:
            file = child.location.file
            if file is None or not str(file.name).startswith(top):
                continue
        kind, name = child.kind, child.spelling
        full = f"{scope}::{name}" if scope else name
        if kind in (kinds.NAMESPACE, kinds.LINKAGE_SPEC, kinds.UNEXPOSED_DECL):
            if kind is kinds.NAMESPACE or kind == kinds.NAMESPACE:
                yield full
                yield from _names(child, kinds, top, full, True)
            else:
                yield from _names(child, kinds, top, scope, True)
        elif kind in (kinds.STRUCT_DECL, kinds.CLASS_DECL, kinds.UNION_DECL, kinds.CLASS_TEMPLATE):
            plain = name if name.isidentifier() else ""
            if plain:
                yield full
            yield from _names(child, kinds, top, full if plain else scope, True)
        elif kind == kinds.TYPEDEF_DECL:
            yield full
            declared = child.underlying_typedef_type.get_declaration()
            # fields are known by the typedef's name
            if declared.kind in (kinds.STRUCT_DECL, kinds.UNION_DECL):
                yield from (
                    f"{full}::{f.spelling}"
                    for f in declared.get_children()
                    if f.kind == kinds.FIELD_DECL
                )
        elif kind == kinds.ENUM_DECL:
            if name.isidentifier():
                yield full
            yield from (
                f"{scope}::{e.spelling}" if scope else e.spelling for e in child.get_children()
            )
        elif kind in (
            kinds.FUNCTION_DECL,
            kinds.VAR_DECL,
            kinds.FUNCTION_TEMPLATE,
            kinds.TYPE_ALIAS_DECL,
            kinds.FIELD_DECL,
        ):
            yield full
        elif kind == kinds.MACRO_DEFINITION:
            yield name
