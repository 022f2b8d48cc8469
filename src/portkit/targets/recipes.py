# SPDX-License-Identifier: Apache-2.0
"""Recipes: what does not fit a table cell (argument order, value map, split call ...). Read and
checked here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from portkit.targets.rows import TableError

OVERLOAD = "overload"
HOLE = re.compile(r"\{(\d+)\}")  # where an argument goes in a call of a split


class Recipe(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True
):
    """What every recipe has. `sources` are ids of sources.toml; `note` says in a line what a person
    should know, `note_zh` the same in Chinese.

    `pairs`: how we know that what the recipe makes is the equivalent of the CUDA call; the row
    itself says `no`, since the name alone is not. `arity`: the numbers of arguments of the CUDA
    calls that it speaks of, where there are several forms; empty: of any. `optional`: where the
    recipe cannot be carried out the name is changed all the same; for rows whose name alone is
    right in most calls, and the compiler tells where it is not. Positions of arguments count from
    0, in CUDA's order.
    """

    sources: tuple[str, ...]
    note: str = ""
    note_zh: str = ""
    pairs: Literal["usage", "table", "alike"] = "alike"
    arity: tuple[int, ...] = ()
    optional: bool = False

    mends: ClassVar[bool] = True  # whether a rewrite by the recipe gives the target's call

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the recipe by itself."""
        if not self.sources:
            yield "names no source"
        if any(n < 0 for n in self.arity):
            yield "arity is negative"

    def names(self) -> tuple[str, ...]:
        """Return the texts that the recipe writes: they hold the target's names and placeholders
        `{i}`.
        """
        return ()

    def speaks_of(self, count: int) -> bool:
        """Return whether the recipe is for a CUDA call with `count` arguments."""
        return not self.arity or count in self.arity


class Reorder(Recipe, frozen=True, tag="reorder"):
    """The call's arguments in the target's order: `order[i]` is the CUDA index of the target's
    argument i.

    The order that changes nothing says that the target has only the form with so many arguments.
    """

    order: tuple[int, ...]

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not self.order or sorted(self.order) != list(range(len(self.order))):
            yield f"order {list(self.order)} is not a permutation"

    def speaks_of(self, count: int) -> bool:
        return count == len(self.order)


class Drop(Recipe, frozen=True, tag="drop"):
    """Arguments that the target's function lacks."""

    arguments: tuple[int, ...]

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if (
            not self.arguments
            or len(set(self.arguments)) != len(self.arguments)
            or min(self.arguments) < 0
        ):
            yield f"arguments {list(self.arguments)}: want different positions"


class Insert(Recipe, frozen=True, tag="insert"):
    """An argument that the target's function has more, before the position `at`."""

    at: int
    text: str

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.at < 0 or not self.text.strip():
            yield "wants a position `at` and a text"

    def names(self) -> tuple[str, ...]:
        return (self.text,)


class Fill(Recipe, frozen=True, tag="fill"):
    """Arguments from the position `at` on that have a default in CUDA and none on the target, all of
    them: what a call leaves out is filled in. `cast`: types that arguments are cast to (C's way),
    by position, where CUDA has a template and the target one type.
    """

    at: int
    values: tuple[str, ...] = ()
    cast: dict[str, str] = {}

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.at < 0 or not all(v.strip() for v in self.values):
            yield "wants a position `at` and values"
        if not self.values and not self.cast:
            yield "wants values or a cast"
        if not all(p.isdecimal() and t.strip() for p, t in self.cast.items()):
            yield "cast: want positions and types"

    def names(self) -> tuple[str, ...]:
        return self.values


class Overload(Recipe, frozen=True, tag=OVERLOAD):
    """Calls with as many arguments as `arity` says become what another function of CUDA's does,
    `function`; the row's name is that of the others.
    """

    function: str

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not self.function.isidentifier() or not self.arity:
            yield "wants a function and the arity that it is for"


class ValueMap(Recipe, frozen=True, tag="value-map"):
    """Values of one argument that are written otherwise; a call with another value is left to a
    person.
    """

    argument: int
    values: dict[str, str]

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if (
            self.argument < 0
            or not self.values
            or not all(k.strip() and v.strip() for k, v in self.values.items())
        ):
            yield "wants an `argument` and values"

    def names(self) -> tuple[str, ...]:
        return tuple(self.values.values())


class Split(Recipe, frozen=True, tag="split"):
    """One CUDA call is several calls of the target, in this order.

    Either whole calls, `{i}` standing for CUDA's argument i, or names alone: then a person writes
    the arguments.
    """

    into: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether `into` says all of the calls."""
        return all("(" in call for call in self.into)

    @property
    def used(self) -> list[int]:
        """Which of CUDA's arguments the calls use, one entry a use."""
        return [int(n) for call in self.into for n in HOLE.findall(call)]

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if len(self.into) < 2 or len({"(" in call for call in self.into}) != 1:
            yield "into: want two or more calls, all with arguments or all without"

    def names(self) -> tuple[str, ...]:
        return self.into


class IncludeAdd(Recipe, frozen=True, tag="include-add"):
    """The target's name needs these headers beside what the file includes."""

    headers: tuple[str, ...]

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not self.headers or any(c in h for h in self.headers for c in '<>" '):
            yield "headers: want spellings without brackets"


class VersionPredicate(Recipe, frozen=True, tag="version-predicate"):
    """The row holds only where this preprocessor condition does; `otherwise` is the name used
    elsewhere.
    """

    condition: str
    otherwise: str = ""

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not self.condition.strip():
            yield "wants a condition"

    def names(self) -> tuple[str, ...]:
        return (self.condition, self.otherwise)


class ByName(Recipe, frozen=True, tag="by-name"):
    """An enumerator whose number is another one: the rename is all where its name alone is used; where
    its number counts, or may, a person is needed.
    """


class NeedsPerson(Recipe, frozen=True, tag="needs-person"):
    """No mechanical rewrite is right; `note` says what to do."""

    mends: ClassVar[bool] = False

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not self.note:
            yield "a recipe for a person needs a note"


AnyRecipe = (
    Reorder
    | Drop
    | Insert
    | Fill
    | Overload
    | ValueMap
    | Split
    | IncludeAdd
    | VersionPredicate
    | ByName
    | NeedsPerson
)


def is_mechanical(recipe: AnyRecipe) -> bool:
    """Return whether a rewrite by the recipe gives the target's call, with nothing left to a
    person.
    """
    match recipe:
        case Split():
            return recipe.whole
        case VersionPredicate():
            return bool(recipe.otherwise)
        case _:
            return recipe.mends


def mends(recipes: Mapping[str, AnyRecipe], name: str) -> bool:
    """Return whether `name` is a recipe that is carried out."""
    return bool(name) and name in recipes and is_mechanical(recipes[name])


def load_recipes(path: Path, sources: frozenset[str] | None = None) -> dict[str, AnyRecipe]:
    """Return the recipes of a recipes.toml by name; none when there is no such file.

    Raises TableError that lists every recipe of an unknown kind, with a wrong field or of an
    unknown source, as file:line: [name] reason.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        tables: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise TableError(
            [f"{path}{f':{line[1]}' if line else ''}: broken recipes: {error}"]
        ) from error
    found: dict[str, AnyRecipe] = {}
    problems = []
    for name, table in tables.items():
        where = f"{path}:{_line(text, name)}: [{name}]"
        try:
            recipe = msgspec.convert(table, AnyRecipe)
        except msgspec.ValidationError as error:
            problems.append(f"{where} {error}")
            continue
        faults = [
            *recipe.faults(),
            *(
                f"unknown source id {s!r}"
                for s in recipe.sources
                if sources is not None and s not in sources
            ),
        ]
        problems += [f"{where} {fault}" for fault in faults]
        found[name] = recipe
    if problems:
        raise TableError(problems)
    return found


def _line(text: str, name: str) -> int:
    """Return the line (from 1) on which a recipe's table begins."""
    match = re.search(rf'^\s*\[\s*"?{re.escape(name)}"?\s*\]', text, re.M) or re.search(
        rf"^\s*{re.escape(name)}\b", text, re.M
    )
    return text.count("\n", 0, match.end()) + 1 if match else 1
