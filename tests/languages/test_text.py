# SPDX-License-Identifier: Apache-2.0
"""The text side of a scan: what is kept of it, and what its short cuts must not change."""

from __future__ import annotations

import pytest

from portkit.languages.cxx.letters.constructs import launches
from portkit.languages.cxx.letters.lexer import lex
from portkit.languages.cxx.letters.source import SourceFile, read_source
from portkit.languages.cxx.project import lexed_files as kept
from portkit.languages.cxx.project.lexed_files import LexedFiles
from portkit.vocab.vocabulary import load_vocabulary

CODE = """#define JOIN(x) std ## x
namespace fs = std::chrono;
/* cudaMalloc */ float4 v; v.z = 1; int i = v . y;
cuda::std::chrono::nanoseconds a; cuda :: std :: array<int, 2> b; cuda::std::/* there */string c;
::cudaError_t e = cudaMalloc(&p, size); time(0);
"""


def read(text: str, plain: bool = True) -> SourceFile:
    return read_source("a.cu", "a.cu", text.encode(), "utf-8", load_vocabulary(), plain)


def test_files_that_came_first_stay_when_a_tree_is_larger_than_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "STAYING_BYTES", 20)
    monkeypatch.setattr(kept, "LAST_BYTES", 10)
    memory, source = LexedFiles(), read("int a;\nxx")  # 9 bytes
    keys = [(str(n), "") for n in range(5)]
    for key in keys:
        memory.put(key, source)
    assert [memory.get(key) is source for key in keys] == [True, True, False, False, True]


@pytest.mark.parametrize(
    "code",
    [CODE, CODE.replace("##", "").replace("/* there */", "")],
    ids=["searched whole", "behind colons"],
)
def test_without_plain_words_nothing_is_lost_that_speaks_for_itself(code: str) -> None:
    every = [c for c in read(code).candidates if c.telling]
    assert [c for c in read(code, plain=False).candidates if c.telling] == every
    assert {"nanoseconds", "array", "cudaError_t", "cudaMalloc"} <= {c.word for c in every}


def test_without_plain_words_fields_and_free_words_are_left_out() -> None:
    assert {"y", "z"} <= {c.word for c in read(CODE).candidates}
    assert not {"y", "z", "size", "time"} & {c.word for c in read(CODE, plain=False).candidates}


def test_few_words_are_found_like_many() -> None:
    lexed = lex("cub::cub cubes \xe9cub cub\xe9 _cub cub1 acub (cub)".encode("latin-1"))
    assert lexed.places(["cub"]) == lexed.find({"cub"}) == [(0, "cub"), (5, "cub"), (41, "cub")]


@pytest.mark.parametrize(
    ("before", "kernel"),
    [
        ("f", "f"),
        ("ns :: f", "ns::f"),
        ("a::~b", "a::~b"),
        ("f<int, g<2>>", "f"),
        ("x < y; k<T> ", "k"),
        ("foo<int>::bar", "bar"),
        ("3f", "f"),
        (")", ""),
        ("a::2b", "b"),
    ],
)
def test_a_launch_names_what_stands_right_before_it(before: str, kernel: str) -> None:
    assert [launch.kernel for launch in launches(read(f"{before}<<<1, 2>>>(p);"))] == [kernel]
