# SPDX-License-Identifier: Apache-2.0
"""Read names, kinds, arity and result types from C and CUDA headers with libclang."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clang import cindex

from vocabulary.names import Key, Name, Table, add, key_of
from vocabulary.places import (
    FIELDS_IN,
    FLAT,
    SKIP,
    library_of,
    public,
    relative,
    shown,
    write_foreign,
)

K, T = cindex.CursorKind, cindex.TypeKind
TYPES = (
    K.TYPEDEF_DECL,
    K.TYPE_ALIAS_DECL,
    K.STRUCT_DECL,
    K.UNION_DECL,
    K.CLASS_DECL,
    K.ENUM_DECL,
    K.CLASS_TEMPLATE,
    K.TYPE_ALIAS_TEMPLATE_DECL,
)
TEMPLATES = (K.CLASS_TEMPLATE, K.TYPE_ALIAS_TEMPLATE_DECL, K.FUNCTION_TEMPLATE)
RECORDS = (K.STRUCT_DECL, K.UNION_DECL, K.CLASS_DECL)
INTEGERS = (
    T.BOOL,
    T.UCHAR,
    T.SCHAR,
    T.CHAR_S,
    T.SHORT,
    T.USHORT,
    T.INT,
    T.UINT,
    T.LONG,
    T.ULONG,
    T.LONGLONG,
    T.ULONGLONG,
)
ALIAS = re.compile(r"(?:__CUDA_API_\w+ \( )?([A-Za-z_]\w*)(?: \))?")
FLAGS = [
    "-x",
    "cuda",
    "--cuda-host-only",
    "-nocudainc",
    "-nocudalib",
    "--cuda-path=/none",
    "-std=c++17",
    "-ferror-limit=0",
    "-w",
    "--target=x86_64-unknown-linux-gnu",
    "-D__CUDACC__",
    "-D__device_builtin__=",
    "-D__cudart_builtin__=",
]
# others' or nobody's
NOT_SPACES = ("std", "cuda", "detail", "details", "internal", "impl", "utility")
NO_HEADER = re.compile(r"^generated_|/details/")  # read for names, but no program includes it
# same names as the current header, other meaning: read after it
LEGACY = ("cublas.h", "cusparse_v2.h")
COMPANIONS = ("runtime", "crt", "cublas", "cusparse", "nvtx", "npp", "cupti")


def parse(text: str, includes: list[Path], extra: list[str]) -> Any:
    """Return the translation unit of `text`; what does not parse is left out by libclang
    (KeepGoing).
    """
    arguments = [*FLAGS, *extra, *(f"-I{i}" for i in includes)]
    return cindex.Index.create().parse(
        "all.cu", args=arguments, unsaved_files=[("all.cu", text)], options=0x200 | 1
    )


class Walk:
    """Collects the names that one wheel's headers declare."""

    def __init__(self, label: str, folder: Path) -> None:
        self.label, self.root = label, f"{folder}/"
        self.fields: dict[str, tuple[str, str, list[str]]] = {}
        self.typedefs: dict[str, list[str]] = defaultdict(list)
        self.aliases: list[tuple[Name, str]] = []
        self.results: dict[Key, str] = {}
        self.seen: set[str] = set()

    def names(self, unit: Any) -> Iterator[Name]:
        """Yield every public name, fields last."""
        stack = [(c, "") for c in reversed(list(unit.cursor.get_children()))]
        while stack:
            cursor, space = stack.pop()
            file = cursor.location.file
            header = relative(file.name, self.root) if file is not None else None
            if header is None or SKIP.search(header):
                continue
            library, kind, name = library_of(self.label, header), cursor.kind, cursor.spelling
            header = shown(header)
            if kind in (K.LINKAGE_SPEC, K.UNEXPOSED_DECL):
                stack += [(c, space) for c in reversed(list(cursor.get_children()))]
            elif kind is K.NAMESPACE:
                if public(name) and name not in NOT_SPACES:
                    if name != "__v1":
                        yield Name(name, "namespace", library, space, header)
                    inner = space if name == "__v1" else f"{space}::{name}".removeprefix("::")
                    stack += [(c, inner) for c in reversed(list(cursor.get_children()))]
            elif kind is K.ENUM_DECL and not public(name, library):
                yield from self._enumerators(cursor, library, space, header, "")
            elif public(name, library):
                yield from self._declared(cursor, Name(name, "", library, space, header))
        yield from self._fields()

    def _declared(self, cursor: Any, made: Name) -> Iterator[Name]:
        kind = cursor.kind
        if kind in TEMPLATES:
            made.flags.add("template")
        if kind in (K.FUNCTION_DECL, K.FUNCTION_TEMPLATE):
            self._function(cursor, made)
            yield made
        elif kind in RECORDS and not cursor.is_definition() and cursor.get_definition() is not None:
            return  # the definition names the better header
        elif kind in TYPES:
            made.kind, made.type = "type", shape(cursor)
            yield made
            if kind is K.ENUM_DECL:
                yield from self._enumerators(
                    cursor, made.library, made.qualifier, made.header, made.name
                )
            elif kind in RECORDS and FIELDS_IN.match(made.header) and has_public_fields(made):
                self.fields.setdefault(cursor.get_usr(), (made.library, made.header, [made.name]))[
                    2
                ].extend(record_fields(cursor, made.library))
            elif kind is K.TYPEDEF_DECL:
                self.typedefs[
                    cursor.underlying_typedef_type.get_canonical().get_declaration().get_usr()
                ].append(made.name)
        elif kind is K.MACRO_DEFINITION:
            made.kind = "macro"
            self._macro(cursor, made)
            yield made

    def _function(self, cursor: Any, made: Name) -> None:
        made.kind = "device_function" if made.library == "device" else "function"
        parameters = [c for c in cursor.get_children() if c.kind is K.PARM_DECL]
        packs = sum(p.type.spelling.endswith("...") for p in parameters)
        optional = sum(has_default(p) for p in parameters)
        made.variadic = packs > 0 or (
            cursor.kind is K.FUNCTION_DECL
            and cursor.type.kind is T.FUNCTIONPROTO
            and cursor.type.is_function_variadic()
        )
        made.arities |= {len(parameters) - packs - optional, len(parameters) - packs}
        result = re.sub(r"\b(struct|enum|const)\b", "", cursor.result_type.spelling).strip()
        made.type = (
            result if re.fullmatch(r"\w+", result) and cursor.kind is K.FUNCTION_DECL else ""
        )
        usr = cursor.get_usr()
        if usr not in self.seen:
            self.seen.add(usr)
            if key_of(made) in self.results:
                made.flags.add("overloaded")
                made.mixed = (
                    "" not in (made.type, other := self.results[key_of(made)])
                    and other != made.type
                )
            self.results.setdefault(key_of(made), made.type)

    def _macro(self, cursor: Any, made: Name) -> None:
        tokens = [t.spelling for t in cursor.get_tokens()]
        if cindex.conf.lib.clang_Cursor_isMacroFunctionLike(cursor):
            parameters = tokens[2 : tokens.index(")")]
            made.variadic = bool(parameters) and parameters[-1].endswith("...")
            made.arities.add(len([p for p in parameters if p not in (",", "...")]))
        elif len(tokens) == 1:
            made.type = "empty"
        else:
            alias = ALIAS.fullmatch(" ".join(tokens[1:]))
            if alias is not None:
                self.aliases.append((made, alias.group(1)))

    def _enumerators(
        self, cursor: Any, library: str, space: str, header: str, enum: str
    ) -> Iterator[Name]:
        if enum and cursor.is_scoped_enum():
            return  # named through their enum, which is a name of its own
        for child in cursor.get_children():
            if child.kind is K.ENUM_CONSTANT_DECL and public(
                child.spelling, "" if library == "curand" else library
            ):
                yield Name(child.spelling, "enumerator", library, space, header, type=enum)

    def _fields(self) -> Iterator[Name]:
        for usr, (library, header, (tag, *members)) in self.fields.items():
            called = [n for n in self.typedefs.get(usr, []) if n != tag]
            plain = [n for n in called if not re.search(r"_v\d+$", n)]
            owners = plain or called
            if not owners or not re.search(r"(_st|_v\d+|_s)$", tag):
                owners = [tag, *owners]
            for owner in dict.fromkeys(owners):
                for member in dict.fromkeys(members):
                    yield Name(member, "field", library, owner, header)


def has_public_fields(made: Name) -> bool:
    """Return whether programs use the fields of a type: those of the device language's classes are
    private, save vectors'.
    """
    return made.header == "vector_types.h" or made.library not in (
        "device",
        "wmma",
        "cooperative_groups",
    )


def record_fields(cursor: Any, library: str) -> list[str]:
    """Return the field names of a struct or union, those of nested ones included."""
    found: list[str] = []
    for child in cursor.get_children():
        if (
            child.kind is K.FIELD_DECL
            and public(child.spelling)
            and not re.match(r"(reserved|pad|padding|_)\d*$", child.spelling)
        ):
            found.append(child.spelling)
        elif child.kind in RECORDS:
            found += record_fields(child, library)
    return found


def has_default(parameter: Any) -> bool:
    """Return whether a parameter has a default argument."""
    if parameter.type.kind in (T.CONSTANTARRAY, T.INCOMPLETEARRAY, T.DEPENDENTSIZEDARRAY):
        return False
    return any(c.kind.is_expression() for c in parameter.get_children())


def shape(cursor: Any) -> str:
    """Return what a type is at bottom: pointer, enum, integer or struct."""
    if cursor.kind in TEMPLATES:
        return "struct"
    kind = cursor.type.get_canonical().kind
    if kind in (T.POINTER, T.MEMBERPOINTER):
        return "pointer"
    if kind is T.ENUM:
        return "enum"
    return "integer" if kind in INTEGERS else "struct"


def resolve_aliases(aliases: list[tuple[Name, str]], table: Table) -> None:
    """Turn macros that only rename a function or a type (`cuMemAlloc` -> `cuMemAlloc_v2`) into what
    they rename.
    """
    by_name: dict[str, Name] = {}
    for made in table.values():
        if not made.qualifier and made.kind in ("function", "type"):
            by_name.setdefault(made.name, made)
    targets = {made.name: target for made, target in aliases}
    for made, target in aliases:
        for _ in range(4):
            if target in by_name or target not in targets:
                break
            target = targets[target]
        known, real = table.get((made.library, made.name, "")), by_name.get(target)
        if known is not None and known.kind == "macro" and real is not None:
            known.kind, known.type, known.arities, known.variadic = (
                real.kind,
                real.type,
                set(real.arities),
                real.variadic,
            )


def read_headers(root: Path, table: Table, scratch: Path) -> dict[str, set[str]]:
    """Read every wheel but cccl's, the newest release first; return which releases each library was
    read from.
    """
    write_foreign(scratch)
    covered: dict[str, set[str]] = defaultdict(set)
    for folder in sorted(root.iterdir(), key=lambda p: (-int(p.name.rpartition("-")[2]), p.name)):
        label, _, release = folder.name.rpartition("-")
        if label == "cccl":
            continue
        includes = [
            folder,
            *(p for o in COMPANIONS if (p := root / f"{o}-{release}").is_dir()),
            scratch,
        ]
        headers = [
            h
            for p in sorted(folder.rglob("*.h"))
            if not SKIP.search(h := p.relative_to(folder).as_posix()) and FLAT.match(h)
        ]
        if label in ("runtime", "crt"):
            headers.insert(0, "cuda_runtime.h")
        before = len(table)
        legacy = [h for h in headers if h in LEGACY]
        passes = [([h for h in headers if h not in LEGACY], list[str]())]
        if legacy:
            passes.append((legacy, []))
        if label == "runtime":
            passes.append((headers, ["-D__CUDA_API_VERSION_INTERNAL"]))
        for chosen, extra in passes:
            walk = Walk(label, folder)
            text = "".join(f"#include <{h}>\n" for h in chosen)
            for made in walk.names(parse(text, includes, extra)):
                covered[made.library].add(release)
                add(table, made, release)
            resolve_aliases(walk.aliases, table)
        for path in sorted(folder.rglob("*")):
            header = path.relative_to(folder).as_posix()
            if (
                path.suffix in (".h", ".hpp", ".cuh")
                and not SKIP.search(header)
                and not NO_HEADER.search(header)
            ):
                add(
                    table, Name(header, "header", library_of(label, header), header=header), release
                )
        print(f"{folder.name}: {len(headers)} headers, {len(table) - before} new names")
    return covered
