# SPDX-License-Identifier: Apache-2.0
"""A tree says behind which conditions most of its names hide from a compiler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from product import Product

USES = "cudaFree(0); cudaDeviceSynchronize();"
FUNCTION = f"void f{{}}() {{ {USES} }}\n"


def hidden(portkit: Product, tree: Path, text: str, to: str = "musa") -> Any:
    (tree / "a.cu").write_text("#include <cuda_runtime.h>\n" + text)
    out = portkit("report", tree, "--root", tree, "--to", to, "--format", "json", "--no-cache")
    return json.loads(out.stdout)["plans"][0]["summary"]["hidden"]


@pytest.mark.parametrize(
    ("opening", "condition", "option"),
    [
        ("#ifdef USE_IT", "USE_IT", "-DUSE_IT"),
        ("#if defined(USE_IT) && defined(AND_THIS)", "AND_THIS&USE_IT", "-DAND_THIS -DUSE_IT"),
        ("#if defined(USE_IT) || defined(OR_THIS)", None, None),
        ("#if USE_IT", "USE_IT", "-DUSE_IT"),
        ("#if USE_IT >= 3", "USE_IT", "-DUSE_IT=3"),
        ("#if USE_IT > 2", "USE_IT", "-DUSE_IT=3"),
        ("#if (USE_IT == 4) && defined(AND_THIS)", "AND_THIS&USE_IT", "-DAND_THIS -DUSE_IT=4"),
        ("#if USE_IT > OTHER", "USE_IT", "-DUSE_IT"),  # no number is told
    ],
)
def test_the_condition_and_its_option(
    portkit: Product, tmp_path: Path, opening: str, condition: str | None, option: str | None
) -> None:
    got = hidden(portkit, tmp_path, f"{opening}\nvoid f() {{ {USES} }}\n#endif\n")
    assert got["all"] == 2
    first = got["conditions"][0]
    assert (first["references"], first["files"]) == (2, 1)
    if condition is not None:
        assert sorted(first["condition"].split("&")) == sorted(condition.split("&"))
        assert sorted(first["option"].split()) == sorted(str(option).split())


def test_the_outer_condition_is_named(portkit: Product, tmp_path: Path) -> None:
    text = f"#ifdef OUTER\n#ifdef INNER\nvoid f() {{ {USES} }}\n#endif\n#endif\n"
    (only,) = hidden(portkit, tmp_path, text)["conditions"]
    assert (only["condition"], only["option"], only["references"]) == (
        "OUTER",
        "-DOUTER -DINNER",
        2,
    )


def test_the_option_opens_the_branches_that_hide_most(portkit: Product, tmp_path: Path) -> None:
    text = (
        "#ifdef OUTER\n"
        f"#ifdef FEW\nvoid f() {{ {USES} }}\n#elif defined(MANY)\n"
        f"void f() {{ {USES} }}\n#if DEEP > 1\nvoid g() {{ {USES} {USES} }}\n#endif\n#endif\n#endif\n"
    )
    (only,) = hidden(portkit, tmp_path, text)["conditions"]
    assert only["references"] == 8
    assert only["option"] == "-DOUTER -DMANY -DDEEP=2"


def test_the_option_opens_what_it_names(portkit: Product, tmp_path: Path) -> None:
    text = f"#if LEVEL >= 2\n#ifdef INNER\nvoid f() {{ {USES} }}\n#endif\n#endif\n"
    (only,) = hidden(portkit, tmp_path, text)["conditions"]
    given = (
        "report",
        tmp_path,
        "--root",
        tmp_path,
        "--to",
        "musa",
        "--format",
        "json",
        "--no-cache",
    )
    out = portkit(*given, *only["option"].split())
    assert json.loads(out.stdout)["plans"][0]["summary"]["hidden"]["all"] == 0


def test_a_condition_that_is_met_hides_nothing(portkit: Product, tmp_path: Path) -> None:
    text = (
        f"#define OUTER\n#ifdef OUTER\nvoid f() {{ {USES} }}\n#ifdef INNER\nvoid g() {{ {USES} }}\n"
        "#endif\n#endif\n"
    )
    got = hidden(portkit, tmp_path, text)
    assert [(c["condition"], c["references"]) for c in got["conditions"]] == [("INNER", 2)]


def test_another_vendors_branch_is_not_hidden_work(portkit: Product, tmp_path: Path) -> None:
    text = f"#ifdef __HIP__\nvoid f() {{ {USES} }}\n#endif\nvoid g() {{ {USES} }}\n"
    assert hidden(portkit, tmp_path, text) == {"all": 0, "conditions": []}


def test_the_text_names_it(portkit: Product, tmp_path: Path) -> None:
    (tmp_path / "a.cu").write_text(f"#ifdef USE_IT\nvoid f() {{ {USES} }}\n#endif\n")
    out = portkit("report", tmp_path, "--root", tmp_path, "--to", "maca", "--no-cache").stdout
    assert "Not compiled here: 2 references, 2 behind USE_IT; try -DUSE_IT" in out
