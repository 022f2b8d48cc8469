# SPDX-License-Identifier: Apache-2.0
"""Top-level public names of thrust, cub and libcu++, read with libclang and its own C++ library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clang import cindex

from vocabulary.headers import FLAGS, TEMPLATES, TYPES, shape
from vocabulary.names import Name, Table, add
from vocabulary.places import relative

K = cindex.CursorKind
TOPS = {"thrust": "thrust", "cub": "cub", "cuda": "libcudacxx", "nv": "libcudacxx"}
PRIVATE = re.compile(
    r"(^|/)(__|details?/|system/(omp|tbb)/|agent/|dispatch/|tuning/|kernels/|internal)"
)
NOT_API = re.compile(r"(^|/)(detail|agent|tuning|kernels)/")
SPACES = re.compile(
    r"(thrust(::(async|mr|random|placeholders|cuda|cpp|omp|tbb|device|host|system))?|cub|"
    r"cuda(::(std(::chrono)?|ptx|device|mr|execution|experimental))?|nv::target)"
)
MACRO = re.compile(
    r"(THRUST|CUB)_(?!.*(PP_|DETAIL|IMPL|OPTIONAL|COMPILER|PREVENT|DECLTYPE|DISABLE|TAG\d|MSVC|_CUH?$|_H$|ENTRY|TMP_|TEMP_))[A-Z]"
)
# cuda::ptx declares what the PTX version of the compiler has, and knows none for libclang's: take
# the newest.
ISA_HEADER = "cuda/std/__cccl/ptx_isa.h"
ISA = (
    f"#if __has_include(<{ISA_HEADER}>)\n#include <{ISA_HEADER}>\n#undef "
    f"__cccl_ptx_isa\n#define __cccl_ptx_isa 999ULL\n#endif\n"
)
HIDDEN = ("detail", "internal", "cuda_cub", "cpp_detail", "unimplemented")
FUNCTIONS = (K.FUNCTION_DECL, K.FUNCTION_TEMPLATE)


def read_cccl(root: Path, table: Table) -> dict[str, set[str]]:
    """Read each release's cccl wheel, newest first; return which releases each library was read
    from.
    """
    for release in ("13", "12", "11"):
        folder = root / f"cccl-{release}"
        base = folder / "cccl" if (folder / "cccl").is_dir() else folder
        headers = []
        for top, library in TOPS.items():
            for path in sorted((base / top).rglob("*")):
                header = path.relative_to(base).as_posix()
                if path.is_file() and not PRIVATE.search(header):
                    headers.append(header)
                    add(table, Name(header, "header", library, header=header), release)
        text = ISA + "".join(f"#include <{h}>\n" for h in ["cuda_runtime.h", *headers])
        includes = [base, root / f"runtime-{release}", root / f"crt-{release}"]
        arguments = [
            *FLAGS,
            "-D__CUDACC_EXTENDED_LAMBDA__",
            f"-D__CUDACC_VER_MAJOR__={release}",
            "-D__CUDACC_VER_MINOR__=0",
            "-D__NV_NO_HOST_COMPILER_CHECK",
        ]
        arguments += [f"-I{i}" for i in includes]
        unit = cindex.Index.create().parse(
            "all.cu", args=arguments, unsaved_files=[("all.cu", text)], options=0x200 | 1
        )
        before = len(table)
        for made in walk(unit.cursor, f"{base}/", frozenset(headers)):
            add(table, made, release)
        print(f"{folder.name}: {len(headers)} headers, {len(table) - before} new names")
    return {library: {"11", "12", "13"} for library in ("thrust", "cub", "libcudacxx")}


def walk(top: Any, root: str, headers: frozenset[str]) -> Iterator[Name]:
    """Yield the public names of the namespaces in SPACES; inline version namespaces are seen
    through.
    """
    stack = [(c, "") for c in top.get_children()]
    while stack:
        cursor, space = stack.pop()
        file = cursor.location.file
        header = relative(file.name, root) if file is not None else None
        if header is None or header.split("/")[0] not in TOPS:
            continue
        name, kind = cursor.spelling, cursor.kind
        library = TOPS[header.split("/")[0]]
        shown = public_header(header, headers)
        if kind is K.LINKAGE_SPEC or (kind is K.UNEXPOSED_DECL and not name.endswith("_v")):
            stack += [(c, space) for c in cursor.get_children()]
        elif kind is K.NAMESPACE:
            if name in HIDDEN or name.endswith("_detail"):
                continue
            inline = (
                not name
                or cindex.conf.lib.clang_Cursor_isInlineNamespace(cursor)
                or name.startswith(("_", "THRUST_", "CUB_"))
            )
            inner = space if inline else f"{space}::{name}".removeprefix("::")
            if not inline and SPACES.fullmatch(inner) and TOPS[inner.split("::")[0]] == library:
                yield Name(name, "namespace", library, space, shown)
            stack += [(c, inner) for c in cursor.get_children()]
        elif kind is K.MACRO_DEFINITION:
            if MACRO.match(name) and TOPS[name.split("_")[0].lower()] == library:
                yield Name(name, "macro", library, "", shown)
        elif SPACES.fullmatch(space) and not NOT_API.search(header):
            yield from _declared(cursor, library, space, shown)


def _declared(cursor: Any, library: str, space: str, header: str) -> Iterator[Name]:
    if cursor.kind is K.USING_DECLARATION:
        cursor = _introduced(cursor)
        if cursor is None:
            return
    kind, name, flags = cursor.kind, cursor.spelling, set[str]()
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.A):
        return
    if kind in TEMPLATES:
        flags.add("template")
    if kind in FUNCTIONS:
        yield Name(name, "function", library, space, header, flags=flags)
    elif kind in TYPES:
        yield Name(name, "type", library, space, header, flags=flags, type=shape(cursor))
        if kind is K.ENUM_DECL and not cursor.is_scoped_enum():
            for child in cursor.get_children():
                if child.kind is K.ENUM_CONSTANT_DECL and not child.spelling.startswith("_"):
                    yield Name(child.spelling, "enumerator", library, space, header, type=name)
    elif kind is K.UNEXPOSED_DECL and name.endswith(
        "_v"
    ):  # what libclang calls a variable template
        yield Name(name, "enumerator", library, space, header, flags={"template"}, type="variable")
    elif kind is K.VAR_DECL and space != "nv::target":
        yield Name(name, "enumerator", library, space, header, type="variable")
    elif kind is K.ENUM_CONSTANT_DECL:
        yield Name(name, "enumerator", library, space, header, type=cursor.semantic_parent.spelling)


def _introduced(using: Any) -> Any:
    """Return what a using-declaration brings in, or None when libclang does not say."""
    for child in reversed(list(using.get_children())):
        if child.kind is K.OVERLOADED_DECL_REF:
            if cindex.conf.lib.clang_getNumOverloadedDecls(child) == 0:
                return None
            found = cindex.conf.lib.clang_getOverloadedDecl(child, 0)
            # the binding leaves it out, and a cursor without it can only be compared
            found._tu = child._tu
        elif child.kind in (K.TYPE_REF, K.TEMPLATE_REF, K.DECL_REF_EXPR):
            found = child.referenced
        else:
            continue
        for _ in range(4):
            if found is None or found.kind is not K.USING_DECLARATION:
                return found
            found = _introduced(found)
        return found
    return None


def public_header(header: str, headers: frozenset[str]) -> str:
    """Return the header that a program includes for `header`: itself, or the one its private folder
    is named after.
    """
    if header in headers:
        return header
    public = re.sub(r"/__(\w+)/.*", r"/\1", header)
    return public if public in headers else ""
