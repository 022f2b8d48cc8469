# SPDX-License-Identifier: Apache-2.0
"""Names that are spelt alike by the naming rule alone are kept, with a reason of their own and one
note for the tree; who wants none of it has them left to a person.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from product import Product

SOURCE = """#include <cuda_runtime.h>
int width(cudaPitchedPtr p) { return (int)p.xsize + (int)p.ysize; }
int more(cudaPitchedPtr p) { return (int)p.xsize; }
"""


def plan(portkit: Product, tree: Path, *more: str) -> Any:
    for name in ("a.cu", "b.cu"):
        (tree / name).write_text(SOURCE)
    where = ("report", tree, "--root", tree, "--to", "musa", "--format", "json", "--no-cache")
    return json.loads(portkit(*where, *more).stdout)["plans"][0]


def reasons(of: Any, name: str) -> list[tuple[str, str]]:
    every = [r for f in of["files"] for r in f["references"] if r["name"] == name]
    return [(r["decision"], r["reason"]) for r in every]


def test_kept_with_a_reason_and_one_note(portkit: Product, tmp_path: Path) -> None:
    got = plan(portkit, tmp_path)
    assert reasons(got, "xsize") == [("keep", "assumed-same")] * 4
    notes = [f for f in got["findings"] if f["rule"] == "PK112"]
    assert len(notes) == 1
    assert (notes[0]["args"]["count"], notes[0]["args"]["names"]) == ("6", "2")
    assert notes[0]["args"]["name"] == "xsize, ysize"  # the most used ones first
    assert not notes[0]["blocking"] and notes[0]["severity"] == "info"


@pytest.mark.parametrize("way", [("--accept", "assumed=no"), ("--accept", "exists=doc,assumed=no")])
def test_left_to_a_person_when_asked(
    portkit: Product, tmp_path: Path, way: tuple[str, str]
) -> None:
    got = plan(portkit, tmp_path, *way)
    assert reasons(got, "xsize") == [("manual", "unproven")] * 4
    assert not [f for f in got["findings"] if f["rule"] == "PK112"]


def test_the_note_can_be_silenced(portkit: Product, tmp_path: Path) -> None:
    got = plan(portkit, tmp_path, "--ignore", "PK112")
    assert [f["suppressed"] for f in got["findings"] if f["rule"] == "PK112"] != [None]


def test_of_a_configuration_too(portkit: Product, tmp_path: Path) -> None:
    (tmp_path / "portkit.toml").write_text('[accept]\nassumed = "no"\n')
    assert reasons(plan(portkit, tmp_path), "ysize") == [("manual", "unproven")] * 2


def test_a_source_is_no_assumption(portkit: Product, tmp_path: Path) -> None:
    (tmp_path / "k.cu").write_text("__global__ void k(float *p) { p[threadIdx.x] = 0; }\n")
    assert reasons(plan(portkit, tmp_path), "threadIdx") == [("keep", "same-spelling")]


@pytest.mark.parametrize("said", ["assumed=maybe", "assumed", "assumed=no,assumed=yes"])
def test_mistakes_are_told(portkit: Product, tmp_path: Path, said: str) -> None:
    (tmp_path / "a.cu").write_text(SOURCE)
    done = portkit("report", tmp_path, "--to", "musa", "--accept", said, code=2)
    assert "--accept" in done.stderr
