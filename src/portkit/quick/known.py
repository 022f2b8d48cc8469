# SPDX-License-Identifier: Apache-2.0
"""What the tables know of a name, as `query` says it: found, and put into words. Needs nothing of a
command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from portkit.model.rows import Row
from portkit.targets.other_rows import OtherRow
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity, Vocabulary

# What a row that no table lists says, by its status and whether it has a note.
_DERIVED = {
    ("manual", True): "looked for and not found",
    ("same", True): "assumed: no source names it",
}


def answer_of(name: str, vocabulary: Vocabulary, targets: Sequence[Target]) -> dict[str, Any]:
    """Return the answer for a name, with its namespace or without: entities, a row a target, and
    what it may be instead.
    """
    qualifier, _, last = name.rpartition("::")
    entities = [e for e in vocabulary.get(last) if not qualifier or e.qualifier == qualifier]
    answer: dict[str, Any] = {
        "name": name,
        "entities": [_entity(e) for e in entities],
        "targets": [],
    }
    for target in targets:
        row = row_of(target, entities)
        found: dict[str, Any] = {"target": target.spec, "status": "unknown"}
        if row is not None:
            found = _row(target, row)
        if others := target.others.named(name):
            found["others"] = [_other(target, other) for other in others]
        answer["targets"].append(found)
    if not is_known(answer):
        answer["suggestions"] = difflib.get_close_matches(
            last, _near(last, vocabulary.names), 5, 0.75
        )
    return answer


def row_of(target: Target, entities: Sequence[Entity]) -> Row | None:
    """Return the first row that a target has for what one name stands for."""
    for e in entities:
        row = target.row(e.name, e.kind, e.library, e.qualifier)
        if row is not None:
            return row
    return None


def _near(name: str, names: frozenset[str]) -> list[str]:
    low = name.lower()
    return sorted(n for n in names if n[:2].lower() == low[:2] and abs(len(n) - len(name)) <= 4)


def _entity(e: Entity) -> dict[str, Any]:
    found = msgspec.to_builtins(e)
    found["flags"] = sorted(found["flags"])
    return {k: v for k, v in found.items() if v}


def _row(target: Target, row: Row) -> dict[str, Any]:
    return {
        "target": target.spec,
        "name": row.target,
        "status": row.status.value,
        "exists": row.exists.name.lower(),
        "pairs": row.pairs.name.lower(),
        "derived": row.derived,
        "sources": {s: target.sources.get(s, "") for s in row.sources},
        "note": row.note,
    }


def _other(target: Target, row: OtherRow) -> dict[str, Any]:
    return {
        "table": row.table,
        "kind": row.kind,
        "name": row.target,
        "status": row.status,
        "exists": row.exists,
        "pairs": row.pairs,
        "sources": {s: target.sources.get(s, "") for s in row.sources},
        "note": row.note,
    }


def is_known(answer: dict[str, Any]) -> bool:
    """Return whether the vocabulary, or a target's table of other files, has the name."""
    return bool(answer["entities"]) or any("others" in row for row in answer["targets"])


def lines_of(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer."""
    yield answer["name"]
    for e in answer["entities"]:
        yield entity_line(e)
    if not is_known(answer):
        hint = (
            f"; did you mean {', '.join(answer['suggestions'])}?"
            if answer.get("suggestions")
            else ""
        )
        yield f"  not in the vocabulary{hint}"
    for row in answer["targets"]:
        yield from target_lines(row)


def entity_line(e: dict[str, Any]) -> str:
    """Return the line of one entity of an answer."""
    versions = ", ".join(f"{k} {e[k]}" for k in ("since", "deprecated", "removed") if k in e)
    where = f" in {e['header']}" if "header" in e else ""
    return (
        f"  CUDA: {e['kind']} of {e['library']}{where}{' (' + versions + ')' if versions else ''}"
    )


def target_lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of one target of an answer."""
    others = row.get("others", ())
    if row["status"] == "unknown" and not others:
        yield f"  {row['target']}: no row (unknown, which is not unsupported)"
    if row["status"] != "unknown":
        made = f"exists: {row['exists']}, pairs: {row['pairs']}"
        if row["derived"]:
            made = _DERIVED.get((row["status"], bool(row["note"])), "by the naming rule only")
        yield f"  {row['target']}: {row['name'] or '-'} ({row['status']}; {made})"
        yield from _evidence(row)
    for other in others:
        where = f"{other['table']}, {other['kind']}"
        made = f"{other['status']}; exists: {other['exists']}, pairs: {other['pairs']}"
        yield f"  {row['target']}: {other['name'] or '-'} ({where}; {made})"
        yield from _evidence(other)


def _evidence(row: dict[str, Any]) -> Iterator[str]:
    for source in row["sources"].values():
        yield f"    source: {source}"
    if row["note"]:
        yield f"    note: {row['note']}"
