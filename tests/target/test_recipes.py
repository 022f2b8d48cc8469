# SPDX-License-Identifier: Apache-2.0
"""Recipes are checked when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.model import PortkitError
from portkit.target.recipes import NeedsPerson, Reorder, Split, ValueMap, load_recipes

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
        load(tmp_path, '[a]\nkind = "turn"\nsources = []\n[b]\nkind = "drop"\narguments = [0]\nsources = []\n')
    assert "[a]" in caught.value.message and "[b]" in caught.value.message
