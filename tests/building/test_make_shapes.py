# SPDX-License-Identifier: Apache-2.0
"""Files of Make's whose size is in their variables: what they make of a few bytes is bounded, and a
line that holds more is a person's.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from build_trees import Moved, move
from portkit.languages.make.lines import Reading
from portkit.languages.make.makefile import read_makefile
from portkit.languages.make.variables import Expansion, Variables

END = "out: solve.cu\n\tnvcc $(V30) -c solve.cu -o out\n"


def reading(text: str) -> Reading:
    return Reading(read_makefile(text.encode()))


def make(text: str, folder: Path) -> Moved:
    return move(folder, {"Makefile": text, "solve.cu": "int solve;\n"}, "musa")


@pytest.mark.parametrize(
    ("operator", "reference"),
    [("=", "$(V{})"), (":=", "${{V{}}}"), ("+=", "$(strip $(V{}))"), ("?=", "$(V{}:.o=.c)")],
)
def test_a_line_that_holds_more_than_is_followed(
    operator: str, reference: str, tmp_path: Path
) -> None:
    tenfold = " ".join([reference] * 10)
    text = "V0 = -lcudart\n" + "".join(
        f"V{n} {operator} {tenfold.format(*[n - 1] * 10)}\n" for n in range(1, 31)
    )
    (line,) = reading(text + END).lines
    assert line.role == "lost"
    moved = make(text + END, tmp_path)
    assert ("PK709", "nvcc") in moved.rules("Makefile")
    assert END in moved.files["Makefile"]


def test_a_long_chain_is_no_loss() -> None:
    text = "V0 = -lcudart\n" + "".join(f"V{n} = $(V{n - 1}) -O{n}\n" for n in range(1, 31))
    (line,) = reading(text + END).lines
    assert line.role == "compile"
    assert line.words[0] == "-lcudart"
    assert len(line.words) == 35


@pytest.mark.parametrize(
    "text",
    [
        "A = $(A) -O2\nout: x.cu\n\tnvcc $(A) -c x.cu\n",
        "A = $(B) -O2\nB = $(A)\nout: x.cu\n\tnvcc $(A) -c x.cu\n",
        "A += $(A:.cu=.o) -O2\nout: x.cu\n\tnvcc $(A) -c x.cu\n",
    ],
)
def test_a_variable_in_its_own_value_stays(text: str) -> None:
    (line,) = reading(text).lines
    assert line.role == "compile"
    assert line.words.count("-O2") == 1


def test_values_are_taken_in_once_for_a_line() -> None:
    file = read_makefile(b"A = x y z\n" + b"B = $(A)\n" * 200)
    variables = Variables(file.assignments, len(file.text))
    before = variables.left
    Expansion(variables).of("$(B) $(B) $(B)")
    # each value is made once; what a text holds is counted where it is put in
    assert before - variables.left < 8 * len("x y z ") * 200


@pytest.mark.parametrize(
    "text",
    [
        "F = " + "$(" * 4000 + " cuda\n",
        "F = " + "${" * 4000 + "$(" * 4000 + "\n\tnvcc\n",
        "F = " + "$(a " * 2000 + "-lcudart" + ")" * 2000 + "\n",
        "F = " + "a/" * 20000 + " cuda\n",
        "F = " + "a" * 50000 + ".cub cuda\n",
        "F = " + "\"'" * 5000 + " cuda\n",
        "a:" * 5000 + "\n\tnvcc -c a.cu\n",
        "CC = " + "nvcc " * 5000 + "\nout: a.cu\n\t$(CC) -c a.cu\n",
    ],
)
def test_shapes_that_cost_what_they_weigh(text: str) -> None:
    from portkit.languages.make.reader import references_of

    file = read_makefile(text.encode())
    found = references_of(file)
    assert all(text[r.span.start : r.span.end] == r.name for r in found)
    spans = [r.span for r in found]
    assert all(one.end <= two.start for one, two in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("values", "arch"),
    [
        ("SM =\nSM += 80\n", "80"),
        ("SM =\n", ""),
        ("SM = 80\nSM = 90\n", "80"),
        ("SM = 80 all\n", ""),
        ("SM = compute_80\n", "compute_80"),
    ],
)
def test_the_architecture_that_a_variable_holds(values: str, arch: str) -> None:
    assert reading(values).arch_of("SM")[0] == arch
