# SPDX-License-Identifier: Apache-2.0
"""Recipes carried out: fixtures/recipes/<kind>/{before,after} for a toy target with one row for
each kind of recipe.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from portkit.languages.cxx.letters.lexer import lex
from portkit.plan.calls import find_call
from portkit.targets.recipes import AnyRecipe

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures" / "recipes"
KINDS = sorted(p.parent.name for p in FIXTURES.glob("*/before"))
# What each case leaves to a person, and why.
LEFT = {
    "by-name": {"number": 3, "number-unclear": 1},
    "drop": {"effect": 2},
    "overload": {"in-macro": 1, "not-proved": 1},
    "reorder": {"count": 1},
    "needs-person": {"noted": 1},
    "split": {"statement": 4, "effect": 1},
    "value-map": {"value": 2},
    "version-predicate": {"statement": 2},
}


@pytest.fixture
def mappings(tmp_path: Path) -> str:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "cuda").symlink_to(ROOT / "mappings" / "cuda")
    (folder / "toy").symlink_to(FIXTURES / "toy")
    return str(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_every_kind_has_a_fixture() -> None:
    assert sorted(str(kind.__struct_config__.tag) for kind in get_args(AnyRecipe)) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_before_becomes_after_and_stays(
    kind: str, tmp_path: Path, portkit: Any, copy_tree: Any, mappings: str
) -> None:
    before = copy_tree(FIXTURES / kind / "before", tmp_path / "before")
    for tree, out in ((before, tmp_path / "one"), (tmp_path / "one", tmp_path / "two")):
        portkit(
            "migrate", tree, "--to", "toy", "--out-dir", out, "-j", "1", PORTKIT_MAPPINGS=mappings
        )
        assert contents(out) == contents(FIXTURES / kind / "after")


def test_what_an_overload_becomes_has_the_type_of_the_function_that_it_is(
    tmp_path: Path, portkit: Any
) -> None:
    """Clang reads the output: a call of the new name goes where its result decides."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    (tree / "a.cpp").write_text(
        "#include <cuda_runtime.h>\n#include <cublas_v2.h>\n"
        "int check(cudaError_t e);\nint check(cublasStatus_t s);\n"
        "int f(cudaEvent_t *e, unsigned n) { return check(cudaEventCreate(e, n)) + "
        "check(cudaEventCreate(e)); }\n"
    )
    portkit("migrate", tree, "--to", "enflame", "--out-dir", out, "-j", "1")
    text = (out / "a.cpp").read_text()
    assert "check(topsEventCreateWithFlags(e, n)) + check(topsEventCreate(e))" in text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_is_a_finding_that_says_why(
    kind: str, tmp_path: Path, portkit: Any, copy_tree: Any, mappings: str
) -> None:
    tree, output = (
        copy_tree(FIXTURES / kind / "before", tmp_path / "before"),
        tmp_path / "report.json",
    )
    portkit(
        "report",
        tree,
        "--to",
        "toy",
        "--format",
        "json",
        "-o",
        output,
        "-j",
        "1",
        PORTKIT_MAPPINGS=mappings,
    )
    files = json.loads(output.read_text(encoding="utf-8"))["plans"][0]["files"]
    findings = [f for file in files for f in file["findings"]]
    left = Counter(f["args"]["case"] for f in findings if f["rule"] in ("PK110", "PK805"))
    assert left == LEFT.get(kind, {})
    assert all(f["blocking"] and "?" not in f["message"] for f in findings if f["rule"] == "PK110")
    applied = [f for f in findings if f["rule"] == "PK109"]
    assert {f["args"]["case"] for f in applied} == ({kind} if kind != "needs-person" else set())
    decisions = Counter(
        r["reason"] for file in files for r in file["references"] if r["decision"] == "manual"
    )
    assert sum(left.values()) == decisions["recipe"] + decisions["differs"]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("f()", []),
        ("f( /* none */ )", []),
        ("f (a)", ["a"]),
        ('f(a, "x,y", g(b, c), /* , */ d // z,\n, e)', ["a", '"x,y"', "g(b, c)", "d", "e"]),
        (
            "f([&](int a, int b) { return a < b; }, T{1, 2}, x[i, j])",
            ["[&](int a, int b) { return a < b; }", "T{1, 2}", "x[i, j]"],
        ),
        (
            "f(at<int, 3>(x), ns::V<A<B, C>>::size(), V<int, 2>{1})",
            ["at<int, 3>(x)", "ns::V<A<B, C>>::size()", "V<int, 2>{1}"],
        ),
        ("f(a < b, c, 1 << 2, p->q)", ["a < b", "c", "1 << 2", "p->q"]),
        ("f(R\"(a,b)\", ',', 1'000)", ['R"(a,b)"', "','", "1'000"]),
        ("f(a < b, c > d)", None),  # two comparisons, or a template with two arguments
        ("f(a,\n#ifdef X\nb\n#endif\n)", None),
        ("f(g(\n#if X\n1\n#endif\n))", None),
        ("f(a; b)", None),
        ("f(a, (b]", None),
        ("f(a", None),
        ("f<int>(a)", None),
        ("f", None),
    ],
)
def test_arguments_are_told_apart_or_not_at_all(text: str, arguments: list[str] | None) -> None:
    call = find_call(lex(text.encode()), 1)
    assert (None if call is None else [text[a.start : a.end] for a in call.arguments]) == arguments
