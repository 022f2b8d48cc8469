# SPDX-License-Identifier: Apache-2.0
"""Recipes are checked when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model.errors import PortkitError
from portkit.targets.recipes import AnyRecipe, NeedsPerson, Reorder, Split, ValueMap, load_recipes
from portkit.targets.rows import TableError

GOOD = """
[swap]
kind = "reorder"
order = [1, 0]
sources = ["doc"]
[values]
kind = "value-map"
argument = 2
values = {0 = "A", 1 = "B"}
sources = ["doc"]
[two]
kind = "split"
into = ["a", "b"]
sources = ["doc"]
[person]
kind = "needs-person"
note = "other object model"
sources = ["doc"]
"""


def load(tmp_path: Path, text: str) -> dict[str, object]:
    path = tmp_path / "recipes.toml"
    path.write_text(text, encoding="utf-8")
    return dict(load_recipes(path, frozenset({"doc"})))


def test_kinds(tmp_path: Path) -> None:
    recipes = load(tmp_path, GOOD)
    assert [type(r) for r in recipes.values()] == [Reorder, ValueMap, Split, NeedsPerson]


def test_no_file_no_recipes(tmp_path: Path) -> None:
    assert load_recipes(tmp_path / "recipes.toml") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[a]\nkind = "turn"\nsources = ["doc"]', "turn"),
        ('[a]\nkind = "reorder"\nsources = ["doc"]', "order"),
        ('[a]\nkind = "reorder"\norder = [0, 2]\nsources = ["doc"]', "not a permutation"),
        ('[a]\nkind = "drop"\narguments = [0]\nextra = 1\nsources = ["doc"]', "extra"),
        ('[a]\nkind = "drop"\narguments = [0]\nsources = ["blog"]', "unknown source id 'blog'"),
        ('[a]\nkind = "drop"\narguments = [0]\nsources = []', "names no source"),
        ('[a]\nkind = "needs-person"\nsources = ["doc"]', "needs a note"),
        ("[a", "broken recipes"),
    ],
)
def test_a_bad_recipe_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PortkitError, match=message):
        load(tmp_path, text)


def test_all_bad_recipes_are_listed(tmp_path: Path) -> None:
    with pytest.raises(PortkitError) as caught:
        load(
            tmp_path,
            '[a]\nkind = "turn"\nsources = []\n[b]\nkind = "drop"\narguments = [0]\nsources = []\n',
        )
    assert "[a]" in caught.value.message and "[b]" in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[a]\nkind = "drop"\narguments = [1, 1]\nsources = ["doc"]', "different positions"),
        ('[a]\nkind = "insert"\nat = 1\ntext = " "\nsources = ["doc"]', "a text"),
        ('[a]\nkind = "value-map"\nargument = 1\nvalues = {}\nsources = ["doc"]', "values"),
        ('[a]\nkind = "split"\ninto = ["f", "g({0})"]\nsources = ["doc"]', "two or more calls"),
        ('[a]\nkind = "include-add"\nheaders = ["<x.h>"]\nsources = ["doc"]', "without brackets"),
        ('[a]\nkind = "version-predicate"\ncondition = ""\nsources = ["doc"]', "a condition"),
        ('[a]\nkind = "reorder"\norder = [0]\npairs = "no"\nsources = ["doc"]', "pairs"),
    ],
)
def test_each_kind_checks_what_it_says(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PortkitError, match=message):
        load(tmp_path, text)


def test_a_fault_names_file_and_line(tmp_path: Path) -> None:
    text = (
        '# two\n[good]\nkind = "reorder"\norder = [1, 0]\nsources = ["doc"]\n\n[bad]\nkind = '
        '"reorder"\norder = [1]\nsources = []\n'
    )
    with pytest.raises(TableError) as caught:
        load(tmp_path, text)
    path = tmp_path / "recipes.toml"
    assert caught.value.problems == [
        f"{path}:7: [bad] names no source",
        f"{path}:7: [bad] order [1] is not a permutation",
    ]
    with pytest.raises(TableError, match=r"recipes\.toml:2: broken recipes"):
        load(tmp_path, "[a]\nkind = \n")


def test_a_recipe_speaks_of_calls_with_so_many_arguments(tmp_path: Path) -> None:
    head = 'sources = ["doc"]\n'
    recipes = load_recipes_of(
        tmp_path,
        f'[swap]\nkind = "reorder"\norder = [1, 0]\n{head}[add]\nkind = "insert"\nat = 2\ntext '
        f'= "0"\narity = [2]\n{head}',
    )
    assert [recipes["swap"].speaks_of(n) for n in (1, 2, 3)] == [False, True, False]
    assert [recipes["add"].speaks_of(n) for n in (1, 2, 3)] == [False, True, False]
    assert recipes["add"].mends and recipes["add"].names() == ("0",)


def load_recipes_of(tmp_path: Path, text: str) -> dict[str, AnyRecipe]:
    (tmp_path / "recipes.toml").write_text(text, encoding="utf-8")
    return load_recipes(tmp_path / "recipes.toml", frozenset({"doc"}))
