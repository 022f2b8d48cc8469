# SPDX-License-Identifier: Apache-2.0
"""The expanded table of a target: what it says of every name of the CUDA vocabulary, rows and
naming rule together.

Beside it the way back: which target names stand for several CUDA names. `ambiguous.tsv` of a
target's folder lists them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Kind, Status
from portkit.targets.rows import TableError
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity, Vocabulary

AMBIGUOUS = "ambiguous.tsv"
HEAD = "profiles\ttarget\tcuda"
ALL = "all"


def expanded(target: Target, vocabulary: Vocabulary) -> Iterator[tuple[str, Kind, str, Row]]:
    """Yield (full name, kind, library, row) for every name of the vocabulary that the target says
    something of, in order.
    """
    return answers(target, in_order(vocabulary))


def in_order(vocabulary: Vocabulary) -> list[Entity]:
    """Return every entity of the vocabulary: by name, qualifier, kind and library."""
    return [
        entity
        for name in sorted(vocabulary.names)
        for entity in sorted(
            vocabulary.get(name), key=lambda e: (e.qualifier, e.kind.value, e.library)
        )
    ]


def answers(target: Target, entities: Iterable[Entity]) -> Iterator[tuple[str, Kind, str, Row]]:
    """Yield (full name, kind, library, row) of those entities that the target says something of."""
    for entity in entities:
        name, qualifier = entity.name, entity.qualifier
        row = target.row(name, entity.kind, entity.library, qualifier)
        if row is not None:
            full = f"{qualifier}::{name}" if qualifier else name
            yield full, entity.kind, entity.library, row


def lines(target: Target, entities: Iterable[Entity]) -> list[str]:
    """Return the expanded table of entities (see `in_order`) as tab separated lines: name, kind,
    library, target, status, exists, pairs, recipe, `derived`.
    """
    return [
        "\t".join(
            (
                name,
                kind.value,
                library,
                row.target,
                row.status.value,
                row.exists.name.lower(),
                row.pairs.name.lower(),
                row.recipe,
            )
            + (("derived",) if row.derived else ())
        )
        for name, kind, library, row in answers(target, entities)
    ]


def ambiguous(target: Target) -> dict[str, tuple[str, ...]]:
    """Return the target names that stand for several CUDA names, so that the way back is not one:
    {target name: CUDA names}.

    Asked are the rows, without fields (one spelling in two structs is no clash); a name that only
    the naming rule makes is not written by default. A broken row is left out.
    """
    found: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for key in target.table.lines:
        try:
            row = target.table.row(key)
        except TableError:
            continue
        if (
            row is not None
            and row.status in (Status.MAPPED, Status.SAME)
            and row.kind is not Kind.FIELD
        ):
            found[row.target, row.kind is Kind.HEADER].add(row.name)
    for name in target.table.bulk.keys() - target.table.removed - target.table.lines.keys():
        found[target.naming.derive(name) or name, False].add(name)
    return {
        new: tuple(sorted(names)) for (new, _), names in sorted(found.items()) if len(names) > 1
    }


def declared_ambiguous(folder: Path, profile: str) -> dict[str, tuple[str, ...]]:
    """Return what a target's ambiguous.tsv says of one profile; an absent file says nothing.

    Raises PortkitError for a line that is none: profiles, target name, CUDA names.
    """
    path = folder / AMBIGUOUS
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(
        path.read_text(encoding="utf-8").splitlines() if path.is_file() else (), 1
    ):
        cells = line.split("\t")
        if number == 1 and line == HEAD:
            continue
        if len(cells) != 3 or len(cells[2].split()) < 2:
            raise PortkitError(
                f"want profiles, target name and two or more CUDA names, not {line!r}",
                f"{path}:{number}",
            )
        if cells[0] == ALL or profile in cells[0].split():
            found[cells[1]] = tuple(cells[2].split())
    return found
