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


def test_all_conditions_that_a_place_needs_are_named(portkit: Product, tmp_path: Path) -> None:
    inner = f"#ifdef INNER\nvoid f() {{ {USES} }}\n#endif\n"
    text = (
        f"#ifdef OUTER\n{inner}#endif\n"
        f"#if defined(A) || defined(B)\n#ifdef C\n#ifdef A\nvoid g() {{ cudaFree(0); }}\n"
        "#endif\n#endif\n#endif\n"
    )
    got = hidden(portkit, tmp_path, text)["conditions"]
    assert [(c["condition"], c["option"], c["references"]) for c in got] == [
        ("OUTER&INNER", "-DOUTER -DINNER", 2),
        ("A&C", "-DA -DC", 1),
    ]


def test_the_outer_condition_is_named(portkit: Product, tmp_path: Path) -> None:
    """Where it holds more than the inner one."""
    inner = f"#ifdef INNER\nvoid f() {{ {USES} }}\n#endif\n"
    text = f"#ifdef OUTER\n{inner}void g() {{ {USES} }}\n#endif\n"
    assert [c["condition"] for c in hidden(portkit, tmp_path, text)["conditions"]] == ["OUTER"]


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
