# SPDX-License-Identifier: Apache-2.0
"""Checks of a target's tables beyond their form (`portkit targets --check`): each fault is one line, file: reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portkit.model import Kind, PortkitError, Row, Status
from portkit.target.rows import TableError, split
from portkit.target.target import Target
from portkit.vocab.vocabulary import Vocabulary

UNLISTED = "unlisted"  # the table of names that the vendor's sources have and the vocabulary has not
_WORD = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*", re.A)


def check_target(target: Target, vocabulary: Vocabulary) -> list[str]:
    """Return every fault: malformed rows, unknown sources and recipes, corrupt names, names that are not CUDA's."""
    try:
        problems = target.table.check() + list(_unused(target))
    except PortkitError as error:
        return [str(error)]
    problems += _guards(target, vocabulary)
    problems += _bulk(target, vocabulary)
    problems += _missing(target, vocabulary)
    for key, (library, file, _) in target.table.lines.items():
        try:
            row = target.table.row(key)
        except TableError:
            continue  # already reported
        if row is not None:
            problems += [f"{file}: {row.name}: {fault}" for fault in _faults(row, library, target, vocabulary)]
    return problems


def _unused(target: Target) -> Iterator[str]:
    lines = [line for path in target.folder.glob("*.csv") for line in path.read_text(encoding="utf-8").splitlines()]  # of every profile
    used = {cells[7] for cells in map(split, lines) if len(cells) > 7}
    for recipe in sorted(target.recipes.keys() - used):
        yield f"{target.folder / 'recipes.toml'}: no row names the recipe {recipe}"


def _guards(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    path = target.folder / "target.toml"
    for macro, source in target.vendor_switches.items():
        if not source or set(source.split()) - target.sources.keys():
            yield f"{path}: switch {macro}: unknown source id {source!r}"
    for macro, facts in target.guards.items():
        if macro not in vocabulary:
            yield f"{path}: guard {macro} is not in the CUDA vocabulary"
        if "target" not in facts:
            yield f"{path}: guard {macro} does not say what it becomes"
        if facts.get("fact", "") not in {"", *target.facts}:
            yield f"{path}: guard {macro} takes its value from an unknown fact {facts['fact']}"
        unknown = set(facts.get("source", "").split()) - target.sources.keys()
        yield from (f"{path}: guard {macro}: unknown source id {s!r}" for s in sorted(unknown))


def _missing(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    path = target.folder / "target.toml"
    entities = [(f"{e.qualifier}::{name}" if e.qualifier else name, e.library) for name in vocabulary.names for e in vocabulary.get(name)]
    for entry in target.missing:
        what = entry.names or ", ".join(entry.libraries)
        unknown = set(entry.source.split()) - target.sources.keys()
        yield from (f"{path}: missing {what}: unknown source id {s!r}" for s in sorted(unknown))
        if not any(entry.holds(name, library) for name, library in entities):
            yield f"{path}: missing {what}: no name of the CUDA vocabulary is meant"


def _bulk(target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    for name, group in target.table.bulk.items():
        if target.naming.derive(name) is None:
            yield f"{group.path}: {name}: the naming rule does not speak of it"
        if name in target.table.lines and "@" not in target.table.lines[name][1]:
            yield f"{group.path}: {name}: also in {target.table.lines[name][1]}"
        if group.library != UNLISTED and name not in vocabulary:
            yield f"{group.path}: {name}: the CUDA vocabulary does not have it"


def _faults(row: Row, library: str, target: Target, vocabulary: Vocabulary) -> Iterator[str]:
    last = row.name.rpartition("::")[2]
    derived = target.naming.derive(last) if row.kind is not Kind.HEADER else None
    if row.target and row.kind not in (Kind.HEADER, Kind.LINK_LIBRARY) and not _WORD.fullmatch(row.target):
        yield f"{row.target!r} is no name"
    regular = derived is None or row.target.rpartition("::")[2] == derived
    if row.status is Status.MAPPED and not regular and not row.note:
        yield f"{row.target} is not what the naming rule says ({derived}): corrupt, or a note must say why"
    if library == UNLISTED:
        return
    known = vocabulary.get(row.name) or vocabulary.get(last)
    if not known and not (row.kind is Kind.HEADER and vocabulary.header_library(row.name)):
        yield "the CUDA vocabulary does not have it"
    elif known and row.kind not in {e.kind for e in known}:
        yield f"kind {row.kind} is none of the vocabulary's: {', '.join(sorted({e.kind for e in known}))}"
