# SPDX-License-Identifier: Apache-2.0
"""The reader of Python files: which strings hold CUDA source, and the exact bytes of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from portkit.cli.main import cli
from portkit.languages.python.language import Python
from portkit.languages.python.reader import read_python
from portkit.model.words import Parse
from portkit.vocab.vocabulary import load_vocabulary

SOURCE = "__global__ void k() {}"


def held(data: bytes) -> list[bytes]:
    """Return the bytes of each string that is reported."""
    return [data[i.span.start : i.span.end] for i in read_python(data, load_vocabulary()).issues]


def test_names() -> None:
    claims = Python().claims
    assert claims("a/b.py") and claims("A.PY") and not claims("a.pyx") and not claims("a.cu")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("x = '中文'; k = 's'\n", "utf-8"),
        ("x = '中文'; k = 's'\n", "utf-8-sig"),
        ("# -*- coding: gb18030 -*-\nx = '中文'; k = 's'; y = 1\n", "gb18030"),
        ("# coding: latin-1\r\nx = 'é'\r\ny = 'é', 's'\r\n", "latin-1"),
    ],
)
def test_spans_are_bytes_of_the_file(text: str, encoding: str) -> None:
    assert held(text.replace("'s'", f"'{SOURCE}'").encode(encoding)) == [f"'{SOURCE}'".encode()]


def test_one_issue_a_string_whatever_its_form() -> None:
    whole = [
        f"'''\n{SOURCE}\n{SOURCE}\n'''",
        f"'a ' 'b '\\\n  '{SOURCE}'",
        f"rb'{SOURCE}'",
        "f'__device__ {kind} {name()}'",
        "'static __device__ int %s();'",
    ]
    data = "".join(f"v{i} = ({text})\n" for i, text in enumerate(whole)).encode()
    assert held(data) == [text.encode() for text in whole]


def test_a_string_inside_of_braces_is_looked_at_by_itself() -> None:
    assert held(b"x = f'void {g(\"__device__ int f();\")} __host__'\n") == [
        b'"__device__ int f();"'
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'"""{SOURCE}"""\n',
        f'def f():\n    """{SOURCE}"""\n',
        f"x = 1  # {SOURCE}\n",
        "x = ['__global__', '__device__ __global__']\n",
        "x = 'my__global__ void'\n",
        "__global__ = 1\n",
    ],
)
def test_what_is_no_source(text: str) -> None:
    assert held(text.encode()) == []


@pytest.mark.parametrize(
    "text", ["print 'old'\n", "x = (\n", "x = '\0'\n", "(" * 5000 + ")" * 5000 + "\n"]
)
def test_what_python_refuses_falls_back_to_the_word(text: str) -> None:
    data = f"{text}k = '{SOURCE}'\nl = '{SOURCE}'\n".encode()
    read = read_python(data, load_vocabulary())
    (issue,) = read.issues
    assert read.parse is Parse.LEX
    assert data[issue.span.start : issue.span.end] == b"__global__" and issue.span.end < data.index(
        b"l = "
    )
    assert issue.args == {"name": "__global__", "case": "unparsed", "count": "2"}


def test_a_tree_with_a_generator(tmp_path: Path) -> None:
    generator = f"K = '{SOURCE}'  # cudaMalloc(0)\nL = '__device__ int f();'  # portkit: ignore[PK912] a test\n"
    generator += "M = '''\n#include <cutlass/cutlass.h>\n'''\n"
    (tmp_path / "a.cu").write_text("#include <cuda_runtime.h>\nvoid f(void* p) { cudaFree(p); }\n")
    (tmp_path / "gen.py").write_text(generator)
    (tmp_path / "other.py").write_text("x = 'cudaFree'\n")
    done = CliRunner().invoke(
        cli,
        [
            "report",
            str(tmp_path),
            "--to",
            "musa",
            "--to",
            "enflame",
            "--format",
            "json",
            "--no-cache",
        ],
    )
    assert done.exit_code == 0, done.output
    for plan in json.loads(done.stdout)["plans"]:
        assert [f["path"] for f in plan["files"]] == ["a.cu", "gen.py", "other.py"]
        file = plan["files"][1]
        assert file["parse"] == "syntax" and file["references"] == []
        places = [
            (f["rule"], f["line"], f["column"], bool(f.get("suppressed"))) for f in file["findings"]
        ]
        assert places == [("PK912", 1, 5, False), ("PK912", 2, 5, True)]
    moved = [
        "migrate",
        str(tmp_path),
        "--to",
        "musa",
        "--in-place",
        "--allow-dirty",
        "--comments",
        "--no-cache",
    ]
    done = CliRunner().invoke(cli, moved)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "gen.py").read_text() == generator
    assert "musaFree" in (tmp_path / "a.cu").read_text()
    alone = CliRunner().invoke(
        cli, ["report", str(tmp_path / "gen.py"), "--to", "musa", "--no-cache"]
    )
    assert "gen.py:1:5: PK912" in alone.stdout
