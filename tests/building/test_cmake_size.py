# SPDX-License-Identifier: Apache-2.0
"""CMake files that are large, or made to keep a reader busy: what is decided of them stays right, and
four times the file is four times the work.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from build_trees import cmake
from calls import calls_of
from portkit.languages.cmake import matches as letters
from portkit.languages.cmake.commands import Argument, read_commands
from portkit.languages.cmake.expressions import MOST_LEVELS, behind_language, whole_expressions
from portkit.languages.cmake.flag_lists import flag_lists
from portkit.languages.cmake.reader import read_cmake
from portkit.languages.cmake.targets import device_variables
from portkit.model.reading import FileScan
from portkit.model.spans import Span
from portkit.plan.building.made import Made
from portkit.plan.building.plan import plan_build
from portkit.rules.view import FileSource
from portkit.targets.floors import Floors
from portkit.targets.target import Target, load_target
from portkit.vocab.vocabulary import load_vocabulary

HEAD = "project(many LANGUAGES CXX CUDA)\n"
EXE = "add_executable(solve solve.cu)\n"
ASKS = "$<$<COMPILE_LANGUAGE:CUDA>:"


def _each(line: str) -> Callable[[int], str]:
    """Return a maker of files of n lines; `{i}` and `{j}` are the line's number and the next."""
    return lambda n: HEAD + "".join(line.format(i=i, j=i + 1) + "\n" for i in range(n))


def _words(start: str, word: str) -> Callable[[int], str]:
    """Return a maker of files with one long command."""
    return lambda n: f"{HEAD}{EXE}{start}{word * n})\n"


SHAPES = {
    "a list and a target each": _each("set(S{i} k{i}.cu)\nadd_library(t{i} ${{S{i}}})"),
    "a list of lists": lambda n: (
        _each("set(S{i} ${{S{j}}})")(n) + f"set(S{n} k.cu)\nadd_library(t ${{S0}})\n"
    ),
    "one list in pieces": lambda n: _each("list(APPEND S k{i}.cu)")(n) + "add_library(t ${S})\n",
    "patterns": _each("file(GLOB S{i} k{i}/*.cu)\nadd_executable(t{i} ${{S{i}}})"),
    "options of options": _each("list(APPEND CUDA_NVCC_FLAGS ${{F0}})\nset(F{i} -G ${{F{j}}})"),
    "targets that link": _each("add_library(t{i} k.cu)\ntarget_link_libraries(t{i} CUDA::cufft)"),
    "properties of sources": _each(
        "add_executable(t{i} k{i}.cc)\nset_source_files_properties(k{i}.cc PROPERTIES LANGUAGE CUDA)"
    ),
    "properties of targets": _each(
        "add_library(t{i} k.cu)\nset_target_properties(t{i} PROPERTIES CUDA_STANDARD 17)"
    ),
    "features": _each("add_library(t{i} k.cu)\ntarget_compile_features(t{i} PUBLIC cuda_std_17)"),
    "options of targets": _each(
        f"add_library(t{{i}} k.cu)\ntarget_compile_options(t{{i}} PRIVATE {ASKS}-lineinfo>)"
    ),
    "options of the folder": _each(f"add_compile_options({ASKS}-DN{{i}}=1 -lineinfo>)"),
    "packages": lambda n: "find_package(CUDAToolkit)\n" * n + "if(CUDAToolkit_FOUND)\nendif()\n",
    "features of one target": _words("target_compile_features(solve PUBLIC", " cuda_std_17"),
    "properties of one target": _words(
        "set_target_properties(solve PROPERTIES", " CUDA_STANDARD 17 CUDA_ARCHITECTURES 80"
    ),
    "expressions in a row": _words("target_compile_options(solve PRIVATE", f" {ASKS}-lineinfo>"),
    "options without end": _words(f"target_compile_options(solve PRIVATE {ASKS}", " -lineinfo"),
    "languages": _words("enable_language(CUDA", " CUDA"),
    "architectures": _words("if(CMAKE_CUDA_ARCHITECTURES", " OR CMAKE_CUDA_ARCHITECTURES"),
    "options in one list": _words("set(CMAKE_CUDA_FLAGS", " --use_fast_math --nobody-has-it -G"),
    "headers": _words("find_path(HERE", " cuda.h cublas_v2.h"),
}


@pytest.fixture(scope="module")
def targets() -> list[Target]:
    return [load_target(name) for name in ("musa", "maca")]


def _planned(text: str, target: Target, route: str = "") -> Made:
    data, vocabulary = text.encode(), load_vocabulary()
    read = read_cmake(data, vocabulary)
    scan = FileScan(
        "CMakeLists.txt", "", len(data), 1, "utf-8", read.parse,
        tuple(read.references), language="cmake",
    )  # fmt: skip
    return plan_build(FileSource(scan, data, vocabulary), target, Floors(), route)


def _names(text: str) -> list[tuple[str, str]]:
    """Return the constructs in a file: kind and name."""
    return [(r.kind.value, r.name) for r in read_cmake(text.encode(), load_vocabulary()).references]


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_file_is_four_times_the_work(shape: str, targets: list[Target]) -> None:
    for target, route in zip(targets, ("replace", "beside"), strict=True):
        _planned(SHAPES[shape](3), target, route)  # what is loaded once
        few, short = calls_of(lambda: _planned(SHAPES[shape](20), target, route))  # noqa: B023
        many, long = calls_of(lambda: _planned(SHAPES[shape](80), target, route))  # noqa: B023
        assert len(many.decisions) >= len(few.decisions) > 0
        assert long < 4.3 * short


LONG = 30_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"set(S {'a/' * LONG}k.cux b.cu)", [("source", "b.cu")]),
        (f"set(S {'${A}/' * LONG}k.cu)", [("source", f"{'${A}/' * LONG}k.cu")]),
        (f"set(S {'.cu' * LONG}. b.cu)", [("source", "b.cu")]),
        (f"set(S k.cu{'+' * LONG} nvcc)", [("source", "k.cu"), ("tool", "nvcc")]),
        (f"set(S {'(' * LONG}k.cu{')' * LONG})", [("source", "k.cu")]),
        (f"set(S [==[{'cu ]=] ' * LONG}k.cu]==])", [("source", "k.cu")]),
        (f"#[[{' k.cu' * LONG}]]\nset(S k.cu)", [("source", "k.cu")]),
        (f"{'# k.cu (' * LONG}\nset(S k.cu)", [("source", "k.cu")]),
        (f"set(S {'$<' * LONG} k.cu)", [("source", "k.cu")]),
        (f"set(LANG {'$<' * LONG} k.cu)", [("source", "k.cu")]),
        (f"add_compile_options({ASKS[:-2]}{',CUDA' * LONG} -G)", [("variable", "CUDA")] * (LONG + 1)),
        (f"set(S {ASKS[:-2]}{',CUDA' * LONG}> k.cu)", [("source", "k.cu")]),
        (f"set(CMAKE_CUDA_FLAGS {';' * LONG}-G)", [("variable", "CMAKE_CUDA_FLAGS"), ("flag", "-G")]),
        (f"set(CMAKE_CUDA_FLAGS -G{' ' * LONG})", [("variable", "CMAKE_CUDA_FLAGS"), ("flag", "-G")]),
        (f"set(CMAKE_CUDA_FLAGS [[-G {chr(39) * LONG}]])", [("variable", "CMAKE_CUDA_FLAGS"), ("flag", "-G")]),
    ],
    ids=range(15),
)  # fmt: skip
def test_long_texts_are_gone_through_once(text: str, found: list[tuple[str, str]]) -> None:
    names = [(kind, name) for kind, name in _names(text) if kind not in ("condition",)]
    assert names == found


def test_lists_of_lists_that_grow_tenfold_each_are_not_written_out(tmp_path: Path) -> None:
    lists = "".join(f"set(S{i + 1} {f'${{S{i}}} ' * 10})\n" for i in range(12))
    flags = lists.replace("S", "F") + "set(CUDA_NVCC_FLAGS ${F12})\n"
    text = f"{HEAD}set(S0 k.cu)\n{lists}set(F0 --use_fast_math)\n{flags}add_library(t ${{S12}})\n"
    moved = cmake(text, tmp_path).files["CMakeLists.txt"]
    assert "set(F0 -ffast-math)" in moved
    assert "musa_add_library(t ${S12})" in moved
    assert lists in moved


def test_lists_in_a_circle() -> None:
    text = "set(A ${B})\nset(B ${A} k.cu)\nset(CUDA_NVCC_FLAGS ${X})\nset(X ${Y} -G)\nset(Y ${X} -lineinfo)"
    commands = read_commands(text.encode()).commands
    assert device_variables(commands) == {"A", "B"}
    assert [one.texts for one in flag_lists(commands)] == [
        ["${X}"],
        ["${Y}", "-G"],
        ["${X}", "-lineinfo"],
    ]


def test_expressions_in_one_another_up_to_a_depth() -> None:
    """Beyond it an expression is part of the one around it, and its options are read all the same."""
    levels = MOST_LEVELS * 50
    text = f"target_compile_options(solve PRIVATE {f'{ASKS}-G -lineinfo ' * levels}{'>' * levels})"
    lists = flag_lists(read_commands(text.encode()).commands)
    assert len(lists) == MOST_LEVELS
    assert lists[0].texts.count("-lineinfo") == levels


def test_conditions_in_one_another_up_to_a_length(targets: list[Target]) -> None:
    """Those of a vendor are known as deep as anyone writes them."""
    inside = (
        "".join(f"if(HAS_{i})\n" for i in range(60)) + "if(USE_MUSA)\nset(CMAKE_CUDA_FLAGS -G)\n"
    )
    read = read_cmake(
        f"{inside}{'if(AND_MORE)' * 9000}\nset(CUDA_NVCC_FLAGS -G)".encode(), load_vocabulary()
    )
    assert read.references[0].guard.endswith(";HAS_59;USE_MUSA")
    assert read.references[-1].guard.startswith("HAS_0;HAS_1;")
    assert len(read.references[-1].guard) <= 2048
    made = _planned(inside, targets[0])
    assert {d.reason.value for d in made.decisions.values()} == {"vendor-code"}


def test_else_branches_are_told_of_as_before() -> None:
    text = (
        "if(A)\nif(X AND Y)\nif(NOT B)\nset(CUDA_1 x)\nelse()\nset(CUDA_2 x)\nendif()\nelse()\n"
        "set(CUDA_3 x)\nendif()\nelseif(CUDA_4)\nset(CUDA_5 x)\nendif()\nendif()\nset(CUDA_6 x)\n"
    )
    read = read_cmake(text.encode(), load_vocabulary())
    assert [r.guard for r in read.references] == ["A;!B", "A;B", "A", "", "!A", ""]


@pytest.mark.parametrize("command", ["list(k.cu)", "file(k.cu)", "set(k.cu)", "list(APPEND k.cu)"])
@pytest.mark.parametrize("target", ["musa", "maca", "enflame"])
def test_a_list_without_a_name(command: str, target: str, tmp_path: Path) -> None:
    moved = cmake(f"{HEAD}{EXE}{command}\n", tmp_path, target)
    assert ("PK707", "k.cu") in moved.rules()


def test_each_letter_is_read_as_where_all_is_tried_everywhere() -> None:
    parts = [
        "a", "k.cu", ".cuh", "/", "${V}", "${V", "}", "$<COMPILE_LANGUAGE:CUDA", ">", "CUDA::x", "::",
        "/usr/local/cuda", "-1.2", "sm_80", "nvcc", " ", ";", ".", ".cu", "-", "*", ":", "$<", "|",
    ]  # fmt: skip
    simple, draw = letters._all(sources=True), random.Random(7)
    for _ in range(4000):
        text = "".join(draw.choices(parts, k=draw.randint(1, 9)))
        found = [(m.lastgroup, m.span()) for m in letters.matches(text)]
        assert found == [(m.lastgroup, m.span()) for m in simple.finditer(text)], text


def test_each_expression_ends_where_its_bracket_is_closed() -> None:
    parts, draw = (
        [ASKS, "$<", ">", ":", "a>b ", "$<CONFIG:Debug>", "$<NOT:", "-G "],
        random.Random(7),
    )
    for _ in range(1500):
        text = "".join(draw.choices(parts, k=draw.randint(1, 10)))
        found = [b.whole for b in behind_language(Argument(Span(0, len(text)), text))]
        ends = [(m.start(), _end(text, m.start())) for m in re.finditer(r"\$<(?=\$<)", text)]
        assert {(s.start, s.end) for s in found} <= {e for e in ends if e[1]}
        asked = 0  # where a condition ends: what it holds gives no content
        for start, end in ends:
            closed = _end(text, start + 2)
            if closed and start < asked:
                assert Span(start, end) not in found, text
                continue
            asked = max(asked, closed if end else 0)
            whole = end > 0 and text[closed : closed + 1] == ":" and ":CUDA" in text[start:closed]
            assert (Span(start, end) in found) is (closed > 0 and whole), text


def _end(text: str, start: int) -> int:
    """Return where an expression ends, by counting from its start; 0 where it does not."""
    depth = 0
    for at in range(start, len(text)):
        depth += text.startswith("$<", at) - (text[at] == ">")
        if depth == 0:
            return at + 1
    return 0


def test_expressions_that_blanks_part_are_one_argument() -> None:
    text = 'f(a $<$<X>: b  "c d" e> g $<1:h "i>" "$<" j)'
    given = read_commands(text.encode()).commands[0].arguments
    assert [(a.text, a.quoted) for a in whole_expressions(given)] == [
        ("a", False), ("$<$<X>: b   c d", False), ("e>", False), ("g", False),
        ("$<1:h  i>", False), ("$<", True), ("j", False),
    ]  # fmt: skip
