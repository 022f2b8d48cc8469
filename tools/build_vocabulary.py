# SPDX-License-Identifier: Apache-2.0
"""Rebuild mappings/cuda/*.csv from NVIDIA's headers and the HIPIFY inventory.

usage: python tools/build_vocabulary.py HEADERS INVENTORY OUT

HEADERS is what fetch_headers.py made; INVENTORY is a folder with hipify_rows.csv and hipify_versions.json (facts of
ROCm/HIPIFY's tables: names, kinds, versions). Only names, kinds, versions, arity and result types are kept.
A name's first version is the inventory's where it has one; else the oldest CUDA release (11.8, 12.0, 13.0 stand for
11, 12, 13) whose headers have it, left empty for release 11. A name missing from release 13 is `removed` there.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clang import cindex

K = cindex.CursorKind
RELEASES = {"11": "", "12": "12.0", "13": "13.0"}
COLUMNS = ("name", "kind", "qualifier", "header", "since", "deprecated", "removed", "arity", "flags", "type")
# label stem -> library; a header's own rule below comes first
LABEL_LIBRARY = {
    "runtime": "runtime", "crt": "device", "nvrtc": "nvrtc", "nvtx": "nvtx", "cupti": "cupti", "profiler": "runtime", "nvml": "nvml",
    "cufile": "cufile", "nvjpeg": "nvjpeg", "curand": "curand", "npp": "npp", "cutensor": "cutensor", "cusparselt": "cusparselt",
    "nccl": "nccl", "nvshmem": "nvshmem", "cufft": "cufft", "cusparse": "cusparse", "cusolver": "cusolver", "cublas": "cublas", "cudnn": "cudnn",
}  # fmt: skip
HEADER_LIBRARY = (
    (r"^(cuda|cudaGL|cudaEGL|cudaVDPAU|cudaProfiler|cudaTypedefs|cudaD3D\w*)\.h", "driver"),
    (r"^(cuComplex)\.h", "cucomplex"),
    (r"^cublasLt\.h", "cublaslt"),
    (r"^cublasXt\.h", "cublasxt"),
    (r"^cooperative_groups", "cooperative_groups"),
    (r"(^|/)mma\.h", "wmma"),
    (r"^(cuda_fp\w*|cuda_bf16|device_\w+|sm_\w+|math_\w+|vector_\w+|texture_\w+|surface_\w+|host_defines|builtin_types)\.h", "device"),
    (r"^(crt/|cuda_awbarrier|cuda_pipeline)", "device"),
    (r"^nvtx3/|nvToolsExt", "nvtx"),
)
INVENTORY_LIBRARY = {
    "API_DRIVER": "driver", "API_RUNTIME": "runtime", "API_COMPLEX": "cucomplex", "API_BLAS": "cublas", "API_RAND": "curand", "API_DNN": "cudnn",
    "API_FFT": "cufft", "API_SPARSE": "cusparse", "API_SOLVER": "cusolver", "API_CUB": "cub", "API_CAFFE2": "caffe2", "API_RTC": "nvrtc",
}  # fmt: skip
SKIP_HEADERS = re.compile(
    r"(^|/)(generated_|nvtx3?/nvtxDetail|detail/|__|cudart_platform|nvshmemi|nvshmem_(device|host)/|internal|cupti_runtime_cbid|cupti_driver_cbid|"
    r"nvrtc_builtins|cublas_api_old|Openacc|Openmp|fatbinary|nvPTXCompiler|nvvm)|common_functions|nvfunctional"
)
PLAIN = re.compile(r"^[a-z]{1,12}[0-9]?[fl]?$|^[A-Z]{1,3}$|^[A-Z][a-z]+$|^(min|max|abs|clock64|assert|size_t|wchar_t)$")
DISTINCT = re.compile(
    r"^(cuda|cu[A-Z]|CU[A-Z_]|CU[a-z]+_|cublas|cufft|curand|cusolver|cusparse|cudnn|nccl|NCCL|nvrtc|NVRTC|nvml|NVML|nvtx|NVTX|npp|Npp|NPP|nvjpeg|NVJPEG|"
    r"cutensor|cuFile|cupti|CUpti|CUPTI|__|nvshmem|atomic[A-Z]|make_|tex[123]D|surf[123]D)"
)


@dataclass
class Name:
    name: str
    kind: str
    library: str
    qualifier: str = ""
    header: str = ""
    since: str = ""
    deprecated: str = ""
    removed: str = ""
    arities: set[int] = field(default_factory=set)
    variadic: bool = False
    flags: set[str] = field(default_factory=set)
    type: str = ""
    releases: set[str] = field(default_factory=set)

    def arity(self) -> str:
        if not self.arities:
            return ""
        low, high = min(self.arities), max(self.arities)
        return f"{low}+" if self.variadic else (str(low) if low == high else f"{low}-{high}")

    def row(self) -> list[str]:
        return [self.name, self.kind, self.qualifier, self.header, self.since, self.deprecated, self.removed, self.arity(),
                " ".join(sorted(self.flags)), self.type]  # fmt: skip


Table = dict[tuple[str, str, str], Name]


def library_of(label: str, header: str) -> str:
    for pattern, library in HEADER_LIBRARY:
        if re.search(pattern, header):
            return library
    return LABEL_LIBRARY[label]


def parse(folder: Path, includes: list[Path], headers: list[str]) -> Any:
    text = "".join(f"#include <{h}>\n" for h in headers)
    arguments = ["-x", "cuda", "--cuda-host-only", "-nocudainc", "-nocudalib", "--cuda-path=/none", "-std=c++17", "-ferror-limit=0", "-w",
                 "-D__CUDA_ARCH_LIST__=900", "-DCUDA_API_PER_THREAD_DEFAULT_STREAM_OFF", "--target=x86_64-unknown-linux-gnu"]  # fmt: skip
    arguments += [f"-I{i}" for i in [folder, *includes]]
    arguments += ["-D__CUDACC__", "-D__CUDA_NO_INTRINSICS", "-D__device_builtin__=", "-D__cudart_builtin__="]
    return cindex.Index.create().parse("all.cu", args=arguments, unsaved_files=[("all.cu", text)], options=0x200 | 1)


def public(name: str) -> bool:
    if not name or " " in name or "(" in name or name.endswith(("_H", "_H_", "_H__", "_HPP", "_INCLUDED", "_HPP__")):
        return False
    return not name.startswith("_") or re.match(r"^__[a-z0-9]+(_[a-z0-9]+)*$|^__nv_|^__half|^__CUDA", name) is not None


def walk(label: str, folder: Path, unit: Any) -> Iterator[Name]:
    root = str(folder) + "/"
    stack = [(c, "") for c in unit.cursor.get_children()]
    while stack:
        cursor, space = stack.pop()
        file = cursor.location.file
        if file is None or not file.name.startswith(root):
            continue
        header = file.name[len(root):]
        if SKIP_HEADERS.search(header):
            continue
        library, kind, name = library_of(label, header), cursor.kind, cursor.spelling
        made = Name(name, "", library, space, header)
        if kind in (K.LINKAGE_SPEC, K.UNEXPOSED_DECL):
            stack += [(c, space) for c in cursor.get_children()]
        elif kind is K.NAMESPACE:
            if public(name) and name not in ("detail", "details", "internal", "impl", "__v1"):
                yield Name(name, "namespace", library, space, header)
                stack += [(c, f"{space}::{name}" if space else name) for c in cursor.get_children()]
        elif not public(name):
            if kind is K.ENUM_DECL:
                stack += [(c, space) for c in cursor.get_children()]
        elif kind in (K.FUNCTION_DECL, K.FUNCTION_TEMPLATE):
            made.kind = "device_function" if library == "device" else "function"
            if kind is K.FUNCTION_TEMPLATE:
                made.flags.add("template")
                made.arities.add(sum(c.kind is K.PARM_DECL for c in cursor.get_children()))
            else:
                made.arities.add(len(list(cursor.get_arguments())))
            made.type = cursor.result_type.spelling.replace("struct ", "").replace("enum ", "").strip()
            if not re.fullmatch(r"\w+", made.type):
                made.type = ""
            yield made
        elif kind in (K.TYPEDEF_DECL, K.TYPE_ALIAS_DECL, K.STRUCT_DECL, K.UNION_DECL, K.CLASS_DECL, K.ENUM_DECL, K.CLASS_TEMPLATE, K.TYPE_ALIAS_TEMPLATE_DECL):
            made.kind, made.type = "type", shape(cursor)
            if kind in (K.CLASS_TEMPLATE, K.TYPE_ALIAS_TEMPLATE_DECL):
                made.flags.add("template")
            yield made
            for child in cursor.get_children():
                if child.kind is K.ENUM_CONSTANT_DECL and public(child.spelling):
                    scoped = f"{space}::{name}" if cursor.is_scoped_enum() and space else (name if cursor.is_scoped_enum() else space)
                    yield Name(child.spelling, "enumerator", library, scoped, header, type=name)
                elif child.kind is K.FIELD_DECL and public(child.spelling) and library != "device":
                    yield Name(child.spelling, "field", library, name, header, flags={"plain"})
        elif kind is K.ENUM_CONSTANT_DECL:
            yield Name(name, "enumerator", library, space, header)
        elif kind is K.MACRO_DEFINITION:
            tokens = [t.spelling for t in cursor.get_tokens()]
            made.kind = "macro"
            if len(tokens) > 1 and tokens[1] == "(" and cursor.is_macro_function_like() if hasattr(cursor, "is_macro_function_like") else False:
                made.arities.add(max(0, tokens[2: tokens.index(")")].count(",") + (tokens[2] != ")")))
            elif len(tokens) == 1:
                made.type = "empty"
            yield made


def shape(cursor: Any) -> str:
    kind = cursor.type.get_canonical().kind if cursor.kind not in (K.CLASS_TEMPLATE, K.TYPE_ALIAS_TEMPLATE_DECL) else None
    T = cindex.TypeKind
    if kind is T.POINTER:
        return "pointer"
    if kind is T.ENUM:
        return "enum"
    if kind in (T.INT, T.UINT, T.LONG, T.ULONG, T.LONGLONG, T.ULONGLONG, T.USHORT, T.SHORT, T.UCHAR):
        return "integer"
    return "struct"


def add(table: Table, made: Name, release: str) -> None:
    key = (made.library, made.name, made.qualifier if made.kind != "enumerator" else "")
    known = table.setdefault(key, made)
    if known.kind == "macro" and made.kind != "macro":
        made.arities |= known.arities
        table[key] = known = made
    known.arities |= made.arities
    known.flags |= made.flags
    known.type = known.type or made.type
    if release:
        known.releases.add(release)


def read_headers(root: Path, table: Table) -> dict[str, set[str]]:
    covered: dict[str, set[str]] = defaultdict(set)
    for folder in sorted(root.iterdir(), key=lambda p: (p.name.rpartition("-")[2] != "13", p.name)):
        label, _, release = folder.name.rpartition("-")
        if label == "cccl" or not folder.is_dir():
            continue
        others = [root / f"{o}-{release}" for o in ("runtime", "crt", "cublas", "cusparse", "nvtx", "npp", "cupti") if (root / f"{o}-{release}").is_dir()]
        headers = [str(p.relative_to(folder)) for p in sorted(folder.rglob("*.h")) if not SKIP_HEADERS.search(str(p.relative_to(folder)))]
        headers = [h for h in headers if "/" not in h or h.startswith(("nvtx3/", "cooperative_groups", "crt/mma", "crt/device_", "crt/sm_", "crt/host_defines"))]
        headers = [h for h in headers if not h.startswith(("cudaD3D", "cudaEGL", "cudaVDPAU", "cudaGL", "cuda_egl", "cuda_gl", "cuda_vdpau", "cuda_d3d"))]
        if label in ("runtime", "crt"):
            headers = ["cuda_runtime.h", *[h for h in headers if h != "cuda_runtime.h"]]
        unit = parse(folder, others, headers)
        before = len(table)
        for made in walk(label, folder, unit):
            covered[made.library].add(release)
            add(table, made, release)
        for header in sorted(folder.rglob("*")):
            rel = str(header.relative_to(folder))
            if header.is_file() and header.suffix in (".h", ".hpp", ".cuh") and not SKIP_HEADERS.search(rel):
                add(table, Name(rel, "header", library_of(label, rel), header=rel), release)
        print(folder.name, (folder / "VERSION").read_text().strip(), len(headers), "headers", len(table) - before, "new names")
    return covered


CCCL = re.compile(
    r"^[ \t]*(?:template\s*<[^;{}]*?>\s*)?(?:[A-Z_]{4,}(?:\([^()]*\))?\s+)*(?:(?:struct|class|enum class|enum|using)\s+(?:[A-Z_]+(?:\([^()]*\))?\s+)*([A-Za-z]\w*)|"
    r"(?:[\w:<>,&* ]+?)[ \t\n]([a-z]\w*)\()", re.M)  # fmt: skip


def read_cccl(root: Path, table: Table) -> None:
    """Top-level names of thrust, cub and libcu++: one public header a name, so the header's own name and its declarations."""
    for release in ("13", "12", "11"):
        folder = root / f"cccl-{release}"
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            rel = str(path.relative_to(folder)).removeprefix("cccl/")
            top = rel.split("/")[0]
            if not path.is_file() or top not in ("thrust", "cub", "cuda", "nv") or "detail" in rel or "/__" in rel or "system/" in rel:
                continue
            library = {"thrust": "thrust", "cub": "cub"}.get(top, "libcudacxx")
            add(table, Name(rel, "header", library, header=rel), release)
            if top == "nv":
                continue
            text = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(errors="replace"), flags=re.S)
            space = "cuda::std" if rel.startswith("cuda/std") else top
            for match in CCCL.finditer(text):
                name = match.group(1) or match.group(2)
                if not name or name.startswith("_") or name in KEYWORDS or len(name) < 3:
                    continue
                if match.group(2) and (top == "cub" or name not in path.stem and name.split("_")[0] not in path.stem):
                    continue
                made = Name(name, "type" if match.group(1) else "function", library, space, rel, flags={"plain"})
                if "template" in match.group(0) or match.group(2):
                    made.flags.add("template")
                add(table, made, release)


KEYWORDS = frozenset("if for while return sizeof operator enable_if typename const static void else switch catch alignas decltype noexcept static_assert defined T Policy".split())


def read_inventory(folder: Path, table: Table) -> None:
    versions: dict[str, list[str]] = {}
    for name, rows in json.loads((folder / "hipify_versions.json").read_text()).items():
        if name.startswith("CUDA_") and not name.endswith("CHANGED_VER_MAP"):
            versions.update({k: v for k, v in rows.items() if isinstance(v, list) and len(v) == 3})
    index: dict[str, list[Name]] = defaultdict(list)
    for made in table.values():
        index[made.name].append(made)
    with (folder / "hipify_rows.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name, conv, kind = row["cuda"], row["conv"], inventory_kind(row)
            entries = [n for n in index[name] if n.kind != "field"]
            if not entries:
                library = "device" if "DEVICE" in row["map"] else INVENTORY_LIBRARY.get(row["api"], "runtime")
                made = Name(name, kind, library, header=name if kind == "header" else "")
                if conv == "CONV_TYPE" and kind == "type":
                    made.type = "struct"
                table[(library, name, "")] = made
                index[name].append(made)
                entries = [made]
    for name, (since, deprecated, removed) in versions.items():
        for made in index.get(name, ()):
            if made.kind != "field":
                made.since, made.deprecated, made.removed = version(since), version(deprecated), version(removed)


def version(word: str) -> str:
    match = re.fullmatch(r"[A-Z]+_(\d+)", word)
    if match is None or match.group(1) == "0" or not word.startswith("CUDA_"):
        return ""
    digits = match.group(1)
    return f"{digits[:-1]}.{digits[-1]}"


def inventory_kind(row: dict[str, str]) -> str:
    conv, where = row["conv"], row["map"]
    if where.startswith("CUDA_INCLUDE"):
        return "header"
    if conv == "CONV_NUMERIC_LITERAL":
        return "enumerator"
    if conv == "CONV_DEFINE":
        return "macro"
    if "DEVICE_FUNCTION" in where:
        return "device_function"
    if conv in ("CONV_TYPE", "CONV_DEVICE_TYPE") or "TYPE_NAME" in where:
        return "type"
    return "namespace" if "NAMESPACE" in where else "function"


def finish(table: Table, covered: dict[str, set[str]]) -> dict[str, list[Name]]:
    by_library: dict[str, list[Name]] = defaultdict(list)
    for made in table.values():
        seen = covered.get(made.library, set())
        if made.releases and not made.since and "11" in seen:
            made.since = RELEASES[min(made.releases)]
        if made.releases and not made.removed and "13" in seen and "13" not in made.releases:
            made.removed = "13.0"
        if made.kind not in ("header", "field") and PLAIN.match(made.name) and not DISTINCT.match(made.name):
            made.flags.add("plain")
        by_library[made.library].append(made)
    return by_library


def main() -> None:
    headers, inventory, out = (Path(a) for a in sys.argv[1:4])
    table: Table = {}
    covered = read_headers(headers, table)
    read_cccl(headers, table)
    read_inventory(inventory, table)
    by_library = finish(table, covered)
    for extra in sorted(out.glob("extra/*.csv")):
        with extra.open(newline="") as file:
            for row in csv.DictReader(file):
                known = {(n.name, n.qualifier) for n in by_library[extra.stem]}
                if (row["name"], row["qualifier"]) not in known:
                    by_library[extra.stem].append(Name(row["name"], row["kind"], extra.stem, row["qualifier"], row["header"], row["since"],
                                                       flags=set(row["flags"].split()), type=row["type"]))  # fmt: skip
    for library, names in by_library.items():
        with (out / f"{library}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(sorted(n.row() for n in names))
    print({k: len(v) for k, v in sorted(by_library.items())}, sum(map(len, by_library.values())))


if __name__ == "__main__":
    main()
