# SPDX-License-Identifier: Apache-2.0
"""A vendor's SDK on this machine: a mock made of a part of the table, read, kept, named in reports
and taken away.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEADER = """#pragma once
#include <stddef.h>
#include "sub/types.h"
#define MUSART_VERSION 40000
extern "C" {
musaError_t musaMalloc(void **p, size_t n);
musaError_t musaMemPoolImportPointer(void **p, void *pool);
}
/* musaFree is only a word here */
"""
TYPES = (
    "typedef enum musaError { musaSuccess, musaErrorInvalidValue } musaError_t;\ntypedef "
    "struct MUstream_st *musaStream_t;\n"
)
LIBRARY = """int musaStreamCreate(void **s) { return 0; }
static int musaGetDeviceCount(int *n) { return 1; }
int own(int *n) { return musaGetDeviceCount(n); }
"""
CODE = (
    "#include <cuda_runtime.h>\nvoid f(void** p, cudaStream_t s) { cudaMalloc(p, 4); "
    "cudaFree(*p); cudaStreamCreate(&s); }\n"
)


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    folder = tmp_path / "mock-4.0"
    (folder / "include" / "sub").mkdir(parents=True)
    (folder / "include" / "musa_runtime.h").write_text(HEADER, encoding="utf-8")
    (folder / "include" / "sub" / "types.h").write_text(TYPES, encoding="utf-8")
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cu").write_text(CODE, encoding="utf-8")
    return folder


def grades(portkit: Any, tree: Path, data: Path) -> tuple[dict[str, str], dict[str, Any]]:
    done = portkit(
        "report", tree, "--to", "musa", "--format", "json", "-j", "1", PORTKIT_DATA_DIR=str(data)
    )
    document = json.loads(done.stdout)
    references = document["plans"][0]["files"][0]["references"]
    return {r["name"]: r["exists"] for r in references}, document["tool"]


def test_headers_raise_what_they_declare_and_reports_name_the_sdk(
    sdk: Path, tree: Path, portkit: Any, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    before, tool = grades(portkit, tree, data)
    assert before["cudaMalloc"] == "usage" and "sdk" not in tool
    said = portkit("targets", "--sdk", sdk, "--to", "musa", PORTKIT_DATA_DIR=str(data)).stdout
    assert said.startswith("musa@mp_31: mock-4.0 (") and "2 headers, 0 shared objects" in said
    lacking = said.split("\nruntime: ")[1].split("\nthrust")[0]
    assert "not there" in lacking.splitlines()[0] and "musaMalloc\n" not in lacking
    after, tool2 = grades(portkit, tree, data)
    assert {n for n in after if after[n] != before[n]} == {
        "cuda_runtime.h",
        "cudaMalloc",
        "cudaStream_t",
    }
    assert (after["cudaMalloc"], after["cudaFree"]) == ("header", "usage")
    assert tool2["sdk"]["musa@mp_31"].startswith("mock-4.0 (") and tool2["tables"] != tool["tables"]
    for form in ("text", "markdown", "sarif"):
        out = portkit(
            "report", tree, "--to", "musa", "--format", form, "-j", "1", PORTKIT_DATA_DIR=str(data)
        ).stdout
        assert "mock-4.0" in out, form
    overlay = json.loads((data / "sdk" / "musa@mp_31.json").read_text(encoding="utf-8"))
    assert "musaFree" not in overlay["names"] and str(tmp_path) not in json.dumps(overlay)
    portkit("targets", "--forget-sdk", "--to", "musa", PORTKIT_DATA_DIR=str(data))
    assert grades(portkit, tree, data) == (before, tool)


def test_a_name_that_only_the_rule_gave_is_edited_once_an_sdk_has_it(
    sdk: Path, tree: Path, portkit: Any, tmp_path: Path
) -> None:
    data, name = tmp_path / "data", "cudaGraphCondTypeIf"
    (tree / "a.cu").write_text(f"#include <cuda_runtime.h>\nint x = {name};\n", encoding="utf-8")
    row = json.loads(
        portkit(
            "query", name, "--to", "maca", "--format", "json", PORTKIT_DATA_DIR=str(data)
        ).stdout
    )["answers"][0]["targets"][0]
    assert row["exists"] == "rule", "choose another name for this test: a table lists it by now"
    (sdk / "include" / "graph.h").write_text(f"enum kinds {{ {row['name']} }};\n", encoding="utf-8")
    for wanted in ("manual", "edit"):
        done = portkit(
            "report",
            tree,
            "--to",
            "maca",
            "--format",
            "json",
            "-j",
            "1",
            PORTKIT_DATA_DIR=str(data),
        )
        references = json.loads(done.stdout)["plans"][0]["files"][0]["references"]
        assert {r["decision"] for r in references if r["name"] == name} == {wanted}
        portkit("targets", "--sdk", sdk, "--to", "maca", PORTKIT_DATA_DIR=str(data))


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to make a shared object")
def test_exported_symbols_count_and_hidden_ones_do_not(
    sdk: Path, tree: Path, portkit: Any, tmp_path: Path
) -> None:
    pytest.importorskip("elftools", reason="needs pyelftools")
    source = tmp_path / "a.c"
    source.write_text(LIBRARY, encoding="utf-8")
    (sdk / "lib").mkdir()
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", sdk / "lib" / "libmusart.so.4", source], check=True
    )
    (sdk / "lib" / "libmusart.so").symlink_to("libmusart.so.4")
    (sdk / "lib" / "libbroken.so").write_text("no ELF", encoding="utf-8")
    said = portkit(
        "targets", "--sdk", sdk, "--to", "musa", PORTKIT_DATA_DIR=str(tmp_path / "data")
    ).stdout
    assert "2 headers, 2 shared objects" in said
    names = json.loads((tmp_path / "data" / "sdk" / "musa@mp_31.json").read_text(encoding="utf-8"))[
        "names"
    ]
    assert "musaStreamCreate" in names and "musaGetDeviceCount" not in names


def test_mistakes(sdk: Path, tree: Path, portkit: Any, tmp_path: Path) -> None:
    empty, data = tmp_path / "empty", tmp_path / "data"
    empty.mkdir()
    assert (
        "no such folder"
        in portkit("targets", "--sdk", tmp_path / "none", "--to", "musa", code=2).stderr
    )
    assert (
        "no headers and no shared objects"
        in portkit("targets", "--sdk", empty, "--to", "musa", code=2).stderr
    )
    assert "want --to" in portkit("targets", "--sdk", sdk, code=2).stderr
    (empty / "a.h").write_text("int mine;\n", encoding="utf-8")
    portkit("targets", "--sdk", empty, "--to", "musa", code=1, PORTKIT_DATA_DIR=str(data))
    (data / "sdk").mkdir(parents=True)
    (data / "sdk" / "musa@mp_31.json").write_text("{", encoding="utf-8")
    assert (
        "make it anew"
        in portkit("report", tree, "--to", "musa", code=2, PORTKIT_DATA_DIR=str(data)).stderr
    )


def test_a_compiler_checks_what_was_written(tree: Path, portkit: Any, tmp_path: Path) -> None:
    (tree / "b.cu").write_text(CODE.replace("f(", "g("), encoding="utf-8")
    (tree / "c.cu").write_text("int nothing_of_cuda;\n", encoding="utf-8")
    fake = tmp_path / "compiler.py"
    fake.write_text(
        "import sys\ntext = open(sys.argv[2]).read()\nsys.exit('a.cu:1: no' if 'f(void' in text else 0)\n",
        encoding="utf-8",
    )
    command = f"{sys.executable} {fake} -fsyntax-only {{}}"
    done = portkit(
        "migrate",
        tree,
        "--to",
        "musa",
        "--out-dir",
        tmp_path / "out",
        "--compiler",
        command,
        "-j",
        "1",
        code=1,
    )
    assert (
        "a.cu: refused by the compiler\n  a.cu:1: no\n" in done.stderr
        and "takes 1 of 2 sources" in done.stderr
    )
    portkit(
        "migrate",
        tree,
        "--to",
        "musa",
        "--out-dir",
        tmp_path / "out2",
        "--compiler",
        f"{sys.executable} -c pass",
        "-j",
        "1",
    )
    assert (
        "cannot run"
        in portkit(
            "migrate",
            tree,
            "--to",
            "musa",
            "--out-dir",
            tmp_path / "out3",
            "--compiler",
            "/no/cc",
            code=2,
        ).stderr
    )
    portkit("migrate", tree, "--to", "musa", "--compiler", command, code=2)


def test_a_header_proves_a_name_and_never_its_arguments(
    sdk: Path, tree: Path, portkit: Any, tmp_path: Path
) -> None:
    """The header has the function with two arguments, CUDA's takes three."""
    data, name = tmp_path / "data", "cudaMemPoolImportPointer"
    (tree / "a.cu").write_text(
        "#include <cuda_runtime.h>\nvoid f(void **p, cudaMemPool_t m, cudaMemPoolPtrExportData *d)"
        f" {{ {name}(p, m, d); }}\n",
        encoding="utf-8",
    )
    portkit("targets", "--sdk", sdk, "--to", "musa", PORTKIT_DATA_DIR=str(data))
    overlay = json.loads((data / "sdk" / "musa@mp_31.json").read_text(encoding="utf-8"))
    assert overlay["arities"] == {"musaMalloc": [2, 2], "musaMemPoolImportPointer": [2, 2]}
    done = portkit(
        "report", tree, "--to", "musa", "--format", "json", "-j", "1", PORTKIT_DATA_DIR=str(data)
    )
    file = json.loads(done.stdout)["plans"][0]["files"][0]
    assert [r["reason"] for r in file["references"] if r["name"] == name] == ["arity"]
    said = [f["message"] for f in file["findings"] if f["rule"] == "PK110"]
    assert len(said) == 1 and "3 arguments" in said[0] and "takes 2" in said[0]


def test_arities_of_headers_join_overloads_templates_and_defaults(tmp_path: Path) -> None:
    from portkit.languages.cxx.clang.libclang import load_clang
    from portkit.targets.arity import Arity
    from portkit.targets.sdk_headers import declared_names, headers_of

    (tmp_path / "a.h").write_text(
        "#define OR(x) = x\nint plain(int a, int b[4]);\nint less(int a, int b OR(0));\n"
        "int more(int a, ...);\nint over(int a);\nint over(int a, int b, int c = 1);\n"
        "template <class T> int tall(T **p, int n = 2);\n"
        "template <class... T> int pack(int a, T... t);\n"
        'namespace inner { int kept(); }\nextern "C" { int old(void); }\n',
        encoding="utf-8",
    )
    clang = load_clang()
    assert clang is not None
    _, arities = declared_names(clang, tmp_path, headers_of(tmp_path))
    assert arities == {
        "plain": Arity(2, 2),
        "less": Arity(1, 2),
        "more": Arity(1, -1),
        "over": Arity(1, 3),
        "tall": Arity(1, 2),
        "pack": Arity(1, -1),
        "inner::kept": Arity(0, 0),
        "old": Arity(0, 0),
    }


def test_a_function_that_is_another_names_by_a_table_proves_nothing_of_a_derived_one(
    tmp_path: Path, tree: Path, portkit: Any
) -> None:
    data, folder = tmp_path / "data", tmp_path / "drv-1"
    folder.mkdir()
    (folder / "r.h").write_text(
        "int topsMemcpyPeer(void *d, int a, const void *s, int b, unsigned long n);\n"
    )
    (tree / "a.cu").write_text(
        "#include <cuda.h>\nvoid f(CUdeviceptr d, CUcontext c) { cuMemcpyPeer(d, c, d, c, 4); }\n"
    )
    portkit("targets", "--sdk", folder, "--to", "enflame", PORTKIT_DATA_DIR=str(data))
    done = portkit(
        "report", tree, "--to", "enflame", "--format", "json", "-j", "1", PORTKIT_DATA_DIR=str(data)
    )
    references = json.loads(done.stdout)["plans"][0]["files"][0]["references"]
    assert [r["decision"] for r in references if r["name"] == "cuMemcpyPeer"] == ["manual"]


def test_an_sdk_confirms_what_keeps_its_spelling_and_says_what_the_tree_needs(
    tmp_path: Path, portkit: Any
) -> None:
    data, tree, folder = tmp_path / "data", tmp_path / "tree", tmp_path / "sdk-1"
    tree.mkdir()
    folder.mkdir()
    (tree / "a.cu").write_text(
        "#include <cuda_runtime.h>\n__global__ void k(float *p) { p[0] = sqrtf(p[1]) + __ldcs(p); }\n"
        "void f(void **p) { cudaMalloc(p, 4); cudaFree(*p); cudaDeviceGraphMemTrim(0); }\n",
        encoding="utf-8",
    )
    (folder / "r.h").write_text(
        "int suMallocDevice(void **p, unsigned long n);\nfloat sqrtf(float x);\n"
        "float __ldcs(const float *p);\n",
        encoding="utf-8",
    )
    env, rows = {"PORTKIT_DATA_DIR": str(data)}, tmp_path / "rows.csv"
    ask = ("report", tree, "--to", "biren@gen1", "--format", "json", "-j", "1")

    def reasons() -> dict[str, str]:
        plan = json.loads(portkit(*ask, **env).stdout)["plans"][0]
        return {r["name"]: r["reason"] for r in plan["files"][0]["references"]}

    before = reasons()
    assert (before["sqrtf"], before["__ldcs"]) == ("assumed-same", "unknown")
    said = portkit(
        "targets",
        "--sdk",
        folder,
        "--to",
        "biren@gen1",
        "--coverage",
        tree,
        "--export",
        rows,
        **env,
    ).stdout
    first = said.splitlines()[1:]
    assert "the SDK lacks" in first[0] and any("suFree" in line for line in first[1:5])
    assert "suMallocDevice" not in said.split("not known of this tree")[0]
    assert "from rule" in said and "from unknown" in said
    after = reasons()
    assert (after["sqrtf"], after["__ldcs"]) == ("same-spelling", "same-spelling")
    assert {n for n in after if after[n] != before[n]} == {"sqrtf", "__ldcs"}
    exported = rows.read_text(encoding="utf-8")
    assert "cudaDeviceGraphMemTrim,,function,unknown," in exported and "__ldcs" not in exported


def test_a_wrapper_s_sdk_proves_the_names_that_it_takes_as_they_are(
    tmp_path: Path, portkit: Any
) -> None:
    data, tree, folder = tmp_path / "data", tmp_path / "tree", tmp_path / "wrap-1"
    tree.mkdir()
    folder.mkdir()
    name = "cudaDeviceGraphMemTrim"
    (tree / "a.cu").write_text(
        f"#include <cuda_runtime.h>\nvoid f() {{ {name}(0); cudaGraphAddNode(0, 0, 0, 0, 0); }}\n",
        encoding="utf-8",
    )
    (folder / "w.h").write_text(f"int {name}(int device);\n", encoding="utf-8")
    env = {"PORTKIT_DATA_DIR": str(data)}
    ask = ("report", tree, "--to", "biren@suda", "--format", "json", "-j", "1")

    def decisions() -> dict[str, str]:
        plan = json.loads(portkit(*ask, **env).stdout)["plans"][0]
        return {r["name"]: r["decision"] for r in plan["files"][0]["references"]}

    assert decisions()[name] == "manual"
    portkit("targets", "--sdk", folder, "--to", "biren@suda", **env)
    after = decisions()
    assert (after[name], after["cudaGraphAddNode"]) == ("keep", "manual")
