# SPDX-License-Identifier: Apache-2.0
"""The CUDA vocabulary: entities by name, shape rules for names that the tables lack, and word lists."""

from __future__ import annotations

import csv
import functools
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from portkit.model import Kind, PortkitError
from portkit.vocab.data import mappings_folder

COLUMNS = ("name", "kind", "qualifier", "header", "since", "deprecated", "removed", "arity", "flags", "type")
_ORDER = {Kind.FIELD: 2, Kind.NAMESPACE: 1}


class Entity(msgspec.Struct, frozen=True):
    """One CUDA name. `qualifier` is its namespace, or its struct for a field; versions are like "11.8" or empty.

    `type` is a function's result type, an enumerator's enum, or a type's shape: pointer, struct, enum, integer.
    """

    name: str
    kind: Kind
    library: str
    qualifier: str = ""
    header: str = ""
    since: str = ""
    deprecated: str = ""
    removed: str = ""
    arity: str = ""
    flags: frozenset[str] = frozenset()
    type: str = ""


class Vocabulary:
    """The tables of one folder, read once. Rows stay raw until a name is asked for."""

    def __init__(self, folder: Path) -> None:
        self._rows: dict[str, list[tuple[str, list[str]]]] = {}
        self._entities: dict[str, tuple[Entity, ...]] = {}
        digest, bad = hashlib.sha256(), []
        for path in sorted(folder.glob("*.csv")):
            data = path.read_bytes()
            digest.update(path.name.encode() + data)
            rows = csv.reader(data.decode("utf-8").splitlines())
            if tuple(next(rows, ())) != COLUMNS:
                raise PortkitError(f"the first line must be {','.join(COLUMNS)}", f"{path}:1")
            library, table = path.stem, self._rows
            for row in rows:
                if len(row) != len(COLUMNS):
                    bad.append(f"{path}:{rows.line_num}: {len(row)} columns, not {len(COLUMNS)}")
                    continue
                table.setdefault(row[0], []).append((library, row))
        if bad:
            raise PortkitError("; ".join(bad[:20]), hint="rebuild the tables with tools/build_vocabulary.py")
        text = (folder / "vocabulary.toml").read_bytes()
        digest.update(text)
        self.digest = digest.hexdigest()[:16]
        facts = tomllib.loads(text.decode("utf-8"))
        self._read_facts(facts)

    def _read_facts(self, facts: dict[str, Any]) -> None:
        self.version: str = facts["version"]
        self.namespaces = frozenset(facts["namespaces"])
        self.arch_macros = frozenset(facts["arch_macros"])
        self.version_macros = frozenset(facts["version_macros"])
        self.compiler_macros = frozenset(facts["compiler_macros"])
        self.guard_macros = self.arch_macros | self.version_macros | self.compiler_macros
        self.symbol_loaders = frozenset(facts["symbol_loaders"])
        self._stems = frozenset(facts["stems"])
        self.source_loaders = frozenset(facts["source_loaders"])
        self.execution_space: dict[str, str] = facts["execution_space"]
        self.library_file = re.compile(facts["library_file"], re.A)
        self._shapes = [(re.compile(s["pattern"], re.A), s["library"]) for s in facts["shapes"]]
        self._headers = [(re.compile(s["pattern"], re.A), s["library"]) for s in facts["headers"]]

    @property
    def names(self) -> frozenset[str]:
        """Every name of the tables."""
        return frozenset(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def get(self, name: str) -> tuple[Entity, ...]:
        """Return the entities called `name`, fields last; empty when there is none."""
        known = self._entities.get(name)
        if known is None:
            rows = self._rows.get(name)
            if rows is None:
                return ()
            made = (_entity(library, row) for library, row in rows)
            known = tuple(sorted(made, key=lambda e: (_ORDER.get(e.kind, 0), e.qualifier, e.library)))
            self._entities[name] = known
        return known

    def is_plain(self, name: str) -> bool:
        """Return whether every entity of that name is also a plain word."""
        return all("plain" in e.flags for e in self.get(name))

    def header(self, spelling: str) -> Entity | None:
        """Return the header entity that an include spells, if the tables have it."""
        return next((e for e in self.get(spelling) if e.kind is Kind.HEADER), None)

    def header_library(self, spelling: str) -> str | None:
        """Return the library that a header's spelling suggests, or None when it is not CUDA's."""
        return next((library for pattern, library in self._headers if pattern.fullmatch(spelling)), None)

    def shape_of(self, name: str) -> str | None:
        """Return the library that the shape of `name` suggests, or None when it has not CUDA's shape."""
        return next((library for pattern, library in self._shapes if pattern.fullmatch(name)), None)

    def is_stem(self, word: str) -> bool:
        """Return whether joining something to `word` can make a CUDA name (`cuda##x`)."""
        return word in self._stems or any(self.shape_of(word + tail) for tail in ("Xxx", "_X", "XxxXxx"))

    def stem_library(self, word: str) -> str:
        """Return the library that a stem suggests."""
        for tail in ("Xxx", "_X", "XxxXxx"):
            library = self.shape_of(word + tail)
            if library is not None:
                return library
        return ""

    def library_of_file(self, match: re.Match[str]) -> str:
        """Return the library that a shared object's name stands for (a match of `library_file`)."""
        return match.group(1).lower()


def _entity(library: str, row: list[str]) -> Entity:
    name, kind, qualifier, header, since, deprecated, removed, arity, flags, kind_type = row
    return Entity(
        name, Kind(kind), library, qualifier, header, since, deprecated, removed, arity, frozenset(flags.split()), kind_type
    )


@functools.cache
def load_vocabulary(folder: Path | None = None) -> Vocabulary:
    """Return the CUDA vocabulary, read once a process. Raises PortkitError for a broken table."""
    return Vocabulary(folder or mappings_folder() / "cuda")
