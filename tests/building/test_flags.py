# SPDX-License-Identifier: Apache-2.0
"""Options of nvcc's: how a list of words is read, and what becomes of each option on a target."""

from __future__ import annotations

import functools

import pytest

from portkit.languages.cmake.flag_lists import FlagWord
from portkit.languages.nvcc_flags import nvcc_flags, read_flags
from portkit.model.spans import Span
from portkit.model.words import Action, Reason
from portkit.plan.building.flags import flag_fates
from portkit.targets.flags import COLUMNS, FlagTable
from portkit.targets.floors import Floors
from portkit.targets.target import load_target


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("-arch=sm_70 -O3", [("--gpu-architecture", "sm_70"), ("--optimize", "3")]),
        ("-arch sm_70", [("--gpu-architecture", "sm_70")]),
        ("--gpu-architecture=compute_70 x.cu", [("--gpu-architecture", "compute_70")]),
        (
            "-gencode arch=compute_75,code=sm_75 -gencode=arch=compute_86,code=sm_86",
            [
                ("--generate-code", "arch=compute_75,code=sm_75"),
                ("--generate-code", "arch=compute_86,code=sm_86"),
            ],
        ),
        ("-Xcompiler -Wall,-fPIC -v", [("--compiler-options", "-Wall,-fPIC"), ("--verbose", "")]),
        ("--compiler-options=-Wall", [("--compiler-options", "-Wall")]),
        ("-Werror all-warnings -Werror a.cu", [("--Werror", "all-warnings"), ("--Werror", "")]),
        ("-lcublas -L /opt -Iinc -DA=1", [
            ("--library", "cublas"), ("--library-path", "/opt"), ("--include-path", "inc"),
            ("--define-macro", "A=1"),
        ]),
        ("-dc -rdc=true --extended-lambda --expt-extended-lambda", [
            ("--device-c", ""), ("--relocatable-device-code", "true"),
            ("--extended-lambda", ""), ("--extended-lambda", ""),
        ]),
        ("-frobnicate -x", [(None, ""), ("--x", "")]),
    ],
)  # fmt: skip
def test_a_line_is_read_by_nvcc_s_grammar(line: str, read: list[tuple[str | None, str]]) -> None:
    found = [(u.flag.name if u.flag else None, u.value) for u in read_flags(line.split())]
    assert found == read


target = functools.cache(load_target)


def fates(spec: str, line: str) -> list[tuple[str, str, str]]:
    """Return (option, action, words in its place) of a line under a target."""
    words, at = [], 0
    for word in line.split():
        at = line.index(word, at)
        words.append(FlagWord(word, Span(at, at + len(word))))
        at += len(word)
    found = []
    for one in flag_fates(words, target(spec).build, Floors()):
        assert line[one.span.start : one.span.end].split() == one.use.written.split()
        action = one.decision.action.value if one.decision is not None else "shared"
        found.append((one.use.written, action, " ".join(one.words)))
    return found


@pytest.mark.parametrize(
    ("spec", "line", "come"),
    [
        ("musa", "-arch=sm_80 --use_fast_math", ["edit --offload-arch=mp_31", "edit -ffast-math"]),
        ("musa@mp_22", "-gencode arch=compute_70,code=sm_70", ["edit --offload-arch=mp_22"]),
        ("musa", "-Xcompiler -Wall,-fPIC", ["edit -Wall -fPIC"]),
        ("musa", "-Xcompiler ${JOINED} -Xcompiler -O2", ["manual -Xcompiler ${JOINED}", "edit -O2"]),
        ("musa", "--extended-lambda -lineinfo", ["edit ", "manual -lineinfo"]),
        ("musa", "-ftz=true -O2", ["manual -ftz=true", "shared -O2"]),
        ("musa", "-lcublas -lnppc -lm", ["edit -lmublas", "manual -lnppc", "shared -lm"]),
        ("musa", "--frob -Wextra", ["manual --frob", "shared -Wextra"]),
        ("musa", "-arch=native -maxrregcount=32", [
            "manual -arch=native", "manual -maxrregcount=32",
        ]),
        ("maca", "-arch=sm_80 -use_fast_math", [
            "edit -offload-arch=xcore1000", "edit -use-fast-math",
        ]),
        ("maca", "-maxrregcount=64 -lineinfo", ["edit -maxmregcount=64", "keep -lineinfo"]),
        ("maca", "-Xptxas -v -dc", ["edit --resource-usage", "edit -c -fgpu-rdc"]),
        ("biren@gen1", "-arch=sm_80 -keep", ["edit --supa-gpu-arch=br100", "edit -save-temps"]),
        ("biren@gen2", "-Xcompiler -fPIC -Xcompiler -Wall", ["edit -fPIC", "manual -Xcompiler -Wall"]),
        ("enflame", "-arch=sm_80 --threads 4 -std=c++17", [
            "edit -arch=gcu300", "edit ", "shared -std=c++17",
        ]),
        ("enflame@gcu400", "-gencode arch=compute_90,code=sm_90", ["edit -arch=gcu400"]),
        ("maca@cu-bridge", "-maxrregcount=64 --threads 2", [
            "edit -maxmregcount=64", "keep --threads 2",
        ]),
    ],
)  # fmt: skip
def test_what_becomes_of_options(spec: str, line: str, come: list[str]) -> None:
    assert [f"{action} {words}" for _, action, words in fates(spec, line)] == come


def test_several_architectures_become_one() -> None:
    line = "-gencode arch=compute_70,code=sm_70 -gencode arch=compute_80,code=sm_80"
    assert [words for *_, words in fates("musa", line)] == ["--offload-arch=mp_31", ""]


def test_what_is_left_out_says_so() -> None:
    words = [FlagWord("--extended-lambda", Span(0, 17))]
    (one,) = flag_fates(words, target("musa").build, Floors())
    assert one.decision is not None
    assert one.decision.action is Action.EDIT and one.decision.reason is Reason.DROPPED
    assert one.decision.row is not None and one.decision.row.sources


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("-lineinfo,,-lineinfo,,word,compile,no,same,doc,no,one,", "no long form"),
        ("--ftz,,-f,,word,compile,no,mapped,doc,no,one,", "takes a value"),
        ("--ftz,true,-f,,word,compile,no,mapped,doc,no,two,", "unknown source id 'two'"),
        ("--ftz,true,-f,,curly,compile,no,mapped,doc,no,one,", "form 'curly'"),
        ("--ftz,true,-f,,equal,compile,no,mapped,doc,no,one,", "do not go together"),
        ("--ftz,true,,,word,compile,no,manual,doc,no,one,", "a note must say why"),
        ("--ftz,true,-f,,word,never,no,mapped,doc,no,one,", "step 'never'"),
    ],
)
def test_a_broken_row_is_said(row: str, said: str, tmp_path: object) -> None:
    path = tmp_path / "flags.csv"  # type: ignore[operator]
    path.write_text(",".join(COLUMNS) + "\n" + row + "\n")
    table = FlagTable({"one"})
    table.read(path)
    assert len(table.problems) == 1 and said in table.problems[0]


def test_the_grammar_lists_every_spelling_once() -> None:
    known = nvcc_flags()
    assert known["-lineinfo"] is known["--generate-line-info"]
    assert all(s.startswith("-") for s in known)
