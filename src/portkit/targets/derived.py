# SPDX-License-Identifier: Apache-2.0
"""A target's names as a vocabulary, derived from CUDA's and the target's rows: what a migrated tree
is read with.

CUDA's own names are part of it: what a migration left to a person is still spelt like that.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Set
from typing import Any

import msgspec

from portkit.model.rows import Row
from portkit.model.words import Kind, Status
from portkit.targets.floors import Floors
from portkit.targets.rows import APART
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity, Vocabulary, best_first

_WORD = re.compile(r"[A-Za-z_]\w*", re.A)
_TAILS = ("Xxx", "_XXX")
_NOTHING = re.compile(r"(?!)")


class Origin(msgspec.Struct, frozen=True):
    """A CUDA name that a spelling may stand for. `row` is the target's row of it; None: it is spelt
    like that in CUDA too.
    """

    name: str  # with its namespace
    library: str
    row: Row | None


Key = tuple[str, str, str]


def key_of_origin(name: str, kind: Kind, qualifier: str) -> Key:
    """Return the key of a spelling: kinds that may share one are apart, and fields are known by
    their own name alone.
    """
    return name, "" if kind is Kind.FIELD else qualifier, kind.value if kind in APART else ""


class DerivedVocabulary(Vocabulary):
    """The names of `source` and of CUDA. `origins`: what CUDA calls each, under `key_of_origin`."""

    def __init__(self, base: Vocabulary, source: Target, floors: Floors) -> None:
        """Derive it; `floors` say which rows a migration went by."""
        # What is not said otherwise below is CUDA's on both sides.
        said = {n for n, v in vars(Vocabulary).items() if isinstance(v, functools.cached_property)}
        vars(self).update({name: v for name, v in vars(base).items() if name not in said})
        self._base, self._source, self._floors = base, source, floors
        made: dict[str, dict[Entity, None]] = {}
        origins: dict[Key, dict[Origin, None]] = {}
        for entity, spelled, row in self._spellings():
            made.setdefault(spelled.name, {})[spelled] = None
            full = f"{entity.qualifier}::{entity.name}" if entity.qualifier else entity.name
            key = key_of_origin(spelled.name, spelled.kind, spelled.qualifier)
            origins.setdefault(key, {})[Origin(full, entity.library, row)] = None
        self.origins = {key: tuple(found) for key, found in origins.items()}
        self._made = {name: best_first(found) for name, found in made.items()}
        digest = hashlib.sha256(f"{base.digest} {source.spec} {source.digest} {floors}".encode())
        self.digest, self.version = digest.hexdigest()[:16], base.version
        self._shape_memo: dict[str, str | None] = {}
        self._spoken = {}
        self.memo: dict[str, Any] = {}
        self.nothing: set[str] = set()
        self.vendors: set[str] = set()
        self._lists(base)

    def _lists(self, base: Vocabulary) -> None:
        new = {word: self._forward(word) for group in _GROUPS for word in getattr(base, group)}
        for group in _GROUPS:
            words = getattr(base, group)
            renamed = frozenset(new[w] for w in words)
            setattr(self, group, renamed if group.endswith("macros") else renamed | words)
        self.guard_macros = self.arch_macros | self.version_macros | self.compiler_macros
        self.namespaces = base.namespaces | {self._qualifier(n) for n in base.namespaces}
        self.execution_space = {
            self._forward(w): space for w, space in base.execution_space.items()
        } | base.execution_space
        self.implied_header = ""
        files = sorted(
            n
            for n, es in self._made.items()
            if any(e.kind is Kind.LINK_LIBRARY for e in es) and n not in base
        )
        suffixes = r"(?:\.so(?:\.[0-9]+)*|\.dll|\.dylib)"
        self.library_file = (
            re.compile(f"(?:lib)?({'|'.join(map(re.escape, files))}){suffixes}", re.A)
            if files
            else _NOTHING
        )
        derive = self._source.naming.derive
        made = {(t, d) for stem in base.stems for t in _TAILS if (d := derive(stem + t))}
        self.stems = frozenset(d[: -len(t)] for t, d in made if d.endswith(t))

    def _spellings(self) -> Iterator[tuple[Entity, Entity, Row | None]]:
        """Yield each CUDA entity with what it is spelt like on the target, and as it is where a
        migration leaves it so.
        """
        types: dict[str, str] = {}
        rows: list[tuple[Entity, Row | None]] = []
        for name in sorted(self._base.names):
            for entity in self._base.get(name):
                row = self._source.row(entity.name, entity.kind, entity.library, entity.qualifier)
                renames = row is not None and row.status is Status.MAPPED and bool(row.target)
                rows.append((entity, row if renames else None))
                if (
                    entity.kind is Kind.TYPE
                    and row is not None
                    and renames
                    and not entity.qualifier
                ):
                    types[entity.name] = row.target
        rows += self._unlisted()
        for entity, row in rows:
            yield entity, entity, None
            if row is not None:
                spelled = self._spelled(entity, row, types)
                yield entity, spelled, row
                # the struct's name may have stayed
                if entity.kind is Kind.FIELD and spelled.qualifier != entity.qualifier:
                    yield entity, msgspec.structs.replace(spelled, qualifier=entity.qualifier), row

    def _unlisted(self) -> list[tuple[Entity, Row | None]]:
        """Return the target's rows of names that CUDA's vocabulary lacks, as entities."""
        found: list[tuple[Entity, Row | None]] = []
        for name in sorted(
            {
                key.partition(":")[2] if ":" in key and "::" not in key else key
                for key in self._source.table.cells
            }
        ):
            if name.rpartition("::")[2] in self._base or not _WORD.fullmatch(name):
                continue
            row = self._source.row(name, Kind.UNKNOWN)
            if row is not None and row.status is Status.MAPPED and row.target:
                found.append((Entity(name, row.kind, row.library), row))
        return found

    def _spelled(self, entity: Entity, row: Row, types: dict[str, str]) -> Entity:
        before, _, last = row.target.rpartition("::")
        if entity.kind is Kind.HEADER:
            return msgspec.structs.replace(entity, name=row.target, header=row.target)
        if entity.kind is Kind.FIELD:
            qualifier = types.get(entity.qualifier, entity.qualifier)
        else:
            qualifier = before or (self._qualifier(entity.qualifier) if entity.qualifier else "")
        made = types.get(entity.type, entity.type)
        return msgspec.structs.replace(entity, name=last, qualifier=qualifier, type=made)

    @functools.cache  # noqa: B019 - one a run
    def _qualifier(self, scope: str) -> str:
        """Return a namespace as a migration spells it."""
        outer, parts = "", list[str]()
        for part in scope.split("::"):
            row = self._source.row(part, Kind.NAMESPACE, "", outer)
            renames = row is not None and row.status is Status.MAPPED and self._floors.accepts(row)
            parts.append(row.target.rpartition("::")[2] if row is not None and renames else part)
            outer = f"{outer}::{part}" if outer else part
        return "::".join(parts)

    def _forward(self, word: str) -> str:
        """Return how the target spells a CUDA word."""
        for entity in self._base.get(word):
            row = self._source.row(entity.name, entity.kind, entity.library, entity.qualifier)
            if row is not None and row.status is Status.MAPPED and "::" not in row.target:
                return row.target
        return word

    @functools.cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self._made)

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def get(self, name: str) -> tuple[Entity, ...]:
        return self._made.get(name, ())

    def header_library(self, spelling: str) -> str | None:
        return "" if self._source.is_vendor_header(spelling) else None

    def known(self, words: Set[str]) -> set[str]:
        return {w for w in words if w in self._made}

    def shaped(self, words: Set[str]) -> set[str]:
        return {w for w in words if self.shape_of(w) is not None}

    def of_vendors(self, words: Set[str]) -> set[str]:
        return set()  # they are the names that this vocabulary reads

    def shape_of(self, name: str) -> str | None:
        return "" if self._source.is_own_name(name) else None

    def library_of_file(self, match: re.Match[str]) -> str:
        return next(
            (e.library for e in self.get(match.group(1)) if e.kind is Kind.LINK_LIBRARY), ""
        )


_GROUPS = (
    "arch_macros",
    "version_macros",
    "compiler_macros",
    "feature_macros",
    "symbol_loaders",
    "source_loaders",
)
