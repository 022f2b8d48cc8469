# SPDX-License-Identifier: Apache-2.0
"""Recipes: what does not fit a table cell (argument order, value map, split call ...). Read and checked here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from portkit.model import PortkitError


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What every recipe has. `sources` are ids of sources.toml; `note` says in a line what a person should know."""

    sources: tuple[str, ...]
    note: str = ""


class Reorder(Recipe, frozen=True, tag="reorder"):
    """The call's arguments in the target's order: `order[i]` is the 0-based CUDA index of the target's argument i."""

    order: tuple[int, ...]


class Drop(Recipe, frozen=True, tag="drop"):
    """Arguments that the target's function lacks (0-based, in CUDA's order)."""

    arguments: tuple[int, ...]


class Insert(Recipe, frozen=True, tag="insert"):
    """An argument that the target's function has more, before the 0-based position `at`."""

    at: int
    text: str


class ValueMap(Recipe, frozen=True, tag="value-map"):
    """Values of one argument (0-based) that are written otherwise."""

    argument: int
    values: dict[str, str]


class Split(Recipe, frozen=True, tag="split"):
    """One CUDA call is several calls of the target, in this order."""

    into: tuple[str, ...]


class IncludeAdd(Recipe, frozen=True, tag="include-add"):
    """The target's name needs another header."""

    headers: tuple[str, ...]


class VersionPredicate(Recipe, frozen=True, tag="version-predicate"):
    """The row holds only where this preprocessor condition does; `otherwise` is the name used elsewhere."""

    condition: str
    otherwise: str = ""


class NeedsPerson(Recipe, frozen=True, tag="needs-person"):
    """No mechanical rewrite is right; `note` says what to do."""

    hint: ClassVar[str] = "a person must rewrite it"


AnyRecipe = Reorder | Drop | Insert | ValueMap | Split | IncludeAdd | VersionPredicate | NeedsPerson


def load_recipes(path: Path, sources: frozenset[str] | None = None) -> dict[str, AnyRecipe]:
    """Return the recipes of a recipes.toml by name; none when there is no such file.

    Raises PortkitError that lists every recipe of an unknown kind, with a wrong field or of an unknown source.
    """
    if not path.is_file():
        return {}
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PortkitError(f"broken recipes: {error}", str(path)) from error
    found: dict[str, AnyRecipe] = {}
    problems = []
    for name, table in tables.items():
        try:
            recipe = msgspec.convert(table, AnyRecipe)
        except msgspec.ValidationError as error:
            problems.append(f"[{name}] {error}")
            continue
        problems += [f"[{name}] {fault}" for fault in _faults(recipe, sources)]
        found[name] = recipe
    if problems:
        raise PortkitError("; ".join(problems), str(path))
    return found


def _faults(recipe: AnyRecipe, sources: frozenset[str] | None) -> list[str]:
    faults = [f"unknown source id {s!r}" for s in recipe.sources if sources is not None and s not in sources]
    if not recipe.sources:
        faults.append("names no source")
    if isinstance(recipe, Reorder) and sorted(recipe.order) != list(range(len(recipe.order))):
        faults.append(f"order {list(recipe.order)} is not a permutation")
    if isinstance(recipe, NeedsPerson) and not recipe.note:
        faults.append("a recipe for a person needs a note")
    return faults
