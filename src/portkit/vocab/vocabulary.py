# SPDX-License-Identifier: Apache-2.0
"""The CUDA vocabulary: entities by name, shape rules for names that the tables lack, and word
lists.
"""

from __future__ import annotations

import contextlib
import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

import msgspec

from portkit.files.compiled import Form
from portkit.model.errors import PortkitError
from portkit.model.words import Kind
from portkit.vocab.data import mappings_folder
from portkit.vocab.facts import Library, Speaks, VocabularyFacts, read_facts
from portkit.vocab.packed import Packed, PackedRows, pack
from portkit.vocab.tables import RawRow, Rows, read_tables, split_row
from portkit.vocab.vendor_words import target_files, vendor_shapes

_MANY = 10_000  # words looked up, after which a set of all names is cheaper
_ORDER = {Kind.FIELD: 3, Kind.NAMESPACE: 2, Kind.LINK_LIBRARY: 2, Kind.ENVIRONMENT: 2}


class Entity(msgspec.Struct, frozen=True):
    """One CUDA name. `qualifier` is its namespace, or its struct for a field; versions are like
    "11.8" or empty.

    `type` is a function's result type, an enumerator's enum, or a type's shape: pointer, struct,
    enum, integer. The columns and flags are described in mappings/cuda/vocabulary.toml.
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
        """Read `folder`. Raises PortkitError that lists every broken line as file:line: reason."""
        self._rows, self._facts, self.digest = _read(folder)
        self._entities: dict[str, tuple[Entity, ...]] = {}
        self._shape_memo: dict[str, str | None] = {}
        self.memo: dict[str, Any] = {}  # what the lexer makes of a word, by the word
        self._asked = 0
        self.nothing: set[str] = set()  # words that are nothing of this vocabulary's
        self.vendors: set[str] = set()  # words met so far that look like a vendor's
        facts = self._facts
        self.version: str = facts.version
        self.namespaces = frozenset(facts.namespaces)
        self.arch_macros = frozenset(facts.arch_macros)
        self.version_macros = frozenset(facts.version_macros)
        self.compiler_macros = frozenset(facts.compiler_macros)
        self.feature_macros = frozenset(facts.feature_macros)
        self.guard_macros = self.arch_macros | self.version_macros | self.compiler_macros
        self.symbol_loaders = frozenset(facts.symbol_loaders)
        self.source_loaders = frozenset(facts.source_loaders)
        self.execution_space: dict[str, str] = facts.execution_space
        self.library_spaces: dict[str, str] = facts.library_spaces
        self.libraries: dict[str, Library] = facts.libraries
        self.library_file = re.compile(facts.library_file, re.A)
        self.stems = frozenset(facts.stems)
        self.base_libraries = frozenset(facts.base_libraries)
        self.language_libraries = frozenset(facts.language_libraries)
        self.implied_header: str = facts.implied_header
        self.without_implied = frozenset(facts.without_implied)
        self.foreign_headers: tuple[str, ...] = facts.foreign_headers
        self.environment_functions = frozenset(facts.environment_functions)
        self.command_functions = frozenset(facts.command_functions)
        self.host_maths = frozenset(f"{m}{end}" for m in facts.host_maths for end in ("", "f", "l"))
        self.bundles, self.unread = facts.bundles, facts.unread
        self.speaks: dict[str, Speaks] = facts.speaks
        self.wraps: dict[str, tuple[str, ...]] = facts.wraps
        self._spoken: dict[str, re.Pattern[str]] = {}
        self.shows: dict[str, str] = facts.shows
        self.same_names = self.shows | {inner: outer for outer, inner in self.shows.items()}

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Every name of the tables."""
        return self._rows.names()

    @functools.cached_property
    def listed(self) -> frozenset[str]:
        """The words of the lists that a file's words are held against, whether or not the tables
        have them.
        """
        return (
            self.guard_macros
            | self.symbol_loaders
            | self.source_loaders
            | self.environment_functions
            | self.command_functions
            | self.namespaces
            | self.stems
            | {macro for speaks in self.speaks.values() for macro in speaks.arguments}
            | self.execution_space.keys()
        )

    @functools.cached_property
    def _shapes(self) -> list[tuple[re.Pattern[str], str]]:
        return [(re.compile(s.pattern, re.A), s.library) for s in self._facts.shapes]

    @functools.cached_property
    def _headers(self) -> list[tuple[re.Pattern[str], str]]:
        return [(re.compile(s.pattern, re.A), s.library) for s in self._facts.headers]

    @functools.cached_property
    def _foreign(self) -> re.Pattern[str]:
        return re.compile("|".join(self.foreign_headers) or r"(?!)", re.A)

    @functools.cached_property
    def tools(self) -> re.Pattern[str]:
        """What names a program of CUDA's in a command."""
        return re.compile(self._facts.tools, re.A)

    @functools.cached_property
    def environment_literal(self) -> re.Pattern[str]:
        """A literal that is a variable of CUDA's environment by its letters, or one with a value."""
        return re.compile(rf'"({self._facts.environment_shape})(?:=[^"]*)?"', re.A)

    @functools.cached_property
    def _telling(self) -> re.Pattern[bytes]:
        return re.compile(self._facts.telling_word.encode(), re.A)

    @functools.cached_property
    def _any_shape(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{s.pattern})" for s in self._facts.shapes) or r"(?!)", re.A)

    @functools.cached_property
    def _vendor_line(self) -> re.Pattern[str]:
        return re.compile(rf"\n(?:{self._facts.vendor_shapes or '(?!)'})(?=\n)", re.A)

    @functools.cached_property
    def _shaped_line(self) -> re.Pattern[str]:
        return re.compile(rf"\n(?:{self._any_shape.pattern})(?=\n)", re.A)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def get(self, name: str) -> tuple[Entity, ...]:
        """Return the entities called `name`, best first: unqualified ones, then namespaced ones,
        fields last.
        """
        known = self._entities.get(name)
        if known is None:
            rows = self._rows.get(name)
            if not rows:
                return ()
            known = best_first(_entity(row) for row in rows)
            self._entities[name] = known
        return known

    def is_plain(self, name: str) -> bool:
        """Return whether the tables have the name, but only as a word that is somebody else's too."""
        entities = self.get(name)
        return bool(entities) and all("plain" in e.flags for e in entities)

    def is_header_guard(self, name: str) -> bool:
        """Return whether a name is the include guard of a header of CUDA's, or a macro that
        programs test in its place: whoever writes a header chooses it.
        """
        return any("guard" in e.flags for e in self.get(name))

    def header(self, spelling: str) -> Entity | None:
        """Return the header entity that an include spells (without quotes or `<>`), if the tables
        have it.
        """
        return next((e for e in self.get(spelling) if e.kind is Kind.HEADER), None)

    def header_library(self, spelling: str) -> str | None:
        """Return the library that a header's spelling suggests, or None when it is not CUDA's."""
        return next(
            (library for pattern, library in self._headers if pattern.fullmatch(spelling)), None
        )

    def implies(self, spelling: str) -> bool:
        """Return whether an include of a header of CUDA's brings what nvcc includes by itself."""
        known = self.header(spelling)
        library = known.library if known is not None else self.header_library(spelling)
        return library is not None and library not in self.without_implied

    def is_foreign_header(self, spelling: str) -> bool:
        """Return whether an include spells a header of a platform that is no target."""
        return self._foreign.fullmatch(spelling) is not None

    def shape_of(self, name: str) -> str | None:
        """Return the library that the shape of `name` suggests, or None when it has not CUDA's
        shape.
        """
        memo = self._shape_memo
        known = memo.get(name)
        if known is None and self._any_shape.fullmatch(name) is not None:
            known = memo[name] = next(
                (library for pattern, library in self._shapes if pattern.fullmatch(name)), None
            )
        return known

    def known(self, words: Set[str]) -> set[str]:
        """Return those of `words` that the tables have. Many look-ups pay for a set of all names."""
        self._asked += len(words)
        return {w for w in words if w in self} if self._asked < _MANY else {*words} & self.names

    def shaped(self, words: Set[str]) -> set[str]:
        """Return those of `words` that have CUDA's shape."""
        return {m.group()[1:] for m in self._shaped_line.finditer("\n" + "\n".join(words) + "\n")}

    def of_vendors(self, words: Set[str]) -> set[str]:
        """Return those of `words` that look like a name of a target's platform."""
        return {m.group()[1:] for m in self._vendor_line.finditer("\n" + "\n".join(words) + "\n")}

    def telling_words(self, data: bytes) -> int:
        """Count the words in bytes that say by their letters alone that CUDA is there."""
        return len(self._telling.findall(data))

    def spoken(self, library: str) -> re.Pattern[str]:
        """Return what says in a file's text that it uses a library of `speaks`."""
        if library not in self._spoken:
            self._spoken[library] = re.compile(self.speaks[library].pattern, re.A)
        return self._spoken[library]

    def is_called(self, library: str, name: str) -> bool:
        """Return whether a member of that name is a function of a class, not a part of a struct."""
        return library in self.speaks and name in self.speaks[library].words

    def spells(self, library: str, word: str) -> bool:
        """Return whether a word is spelt like a name that a macro of `speaks` takes."""
        return re.fullmatch(self.speaks[library].key, word, re.A) is not None

    def is_stem(self, word: str) -> bool:
        """Return whether joining something to `word` can make a CUDA name (`cuda##x`)."""
        return word in self.stems or any(
            self.shape_of(word + tail) for tail in ("Xxx", "_X", "XxxXxx")
        )

    @functools.cached_property
    def _in_order(self) -> list[str]:
        return sorted(self.names)

    def begins_names(self, word: str) -> bool:
        """Return whether a longer name of CUDA's begins with `word`."""
        names, at = self._in_order, bisect_right(self._in_order, word)
        return at < len(names) and names[at].startswith(word)

    def stem_library(self, word: str) -> str:
        """Return the library that a stem suggests, or an empty text."""
        return next(
            (found for tail in ("Xxx", "_X", "XxxXxx") if (found := self.shape_of(word + tail))), ""
        )

    def library_of_file(self, match: re.Match[str]) -> str:
        """Return the library that a shared object's name stands for (a match of `library_file`)."""
        return self._facts.library_ids.get(match.group(1), match.group(1).lower())


def best_first(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Sort the entities of one name: unqualified ones, then namespaced ones, fields last."""
    return tuple(
        sorted(
            entities, key=lambda e: (_ORDER.get(e.kind, 0), e.qualifier, not e.header, e.library)
        )
    )


def _entity(row: RawRow) -> Entity:
    library, line = row
    name, kind, qualifier, header, since, deprecated, removed, arity, flags, made = split_row(line)
    return Entity(
        name,
        Kind(kind),
        library,
        qualifier,
        header,
        since,
        deprecated,
        removed,
        arity,
        frozenset(flags.split()),
        made,
    )


def _read(folder: Path) -> tuple[Rows | PackedRows, VocabularyFacts, str]:
    """Return the rows, the hand-kept part and the digest of both, from the cache where it has them."""
    toml, code = folder / "vocabulary.toml", Path(__file__).parent
    form = Form(
        "vocabulary",
        folder,
        [
            *sorted(folder.glob("*.csv")),
            toml,
            *target_files(folder.parent),
            *(code / f"{m}.py" for m in ("tables", "facts", "packed", "vendor_words")),
        ],
    )
    packed = form.recall(Packed)
    if packed is not None:
        with contextlib.suppress(ValueError):
            return PackedRows(packed), packed.facts, packed.digest
    rows, running = read_tables(folder)
    facts = read_facts(toml, running)
    shapes = vendor_shapes(folder.parent)
    running.update(shapes.encode())
    facts = msgspec.structs.replace(facts, vendor_shapes=shapes)
    digest = running.hexdigest()[:16]
    form.remember(lambda: pack(rows, facts, digest))
    return rows, facts, digest


@functools.cache
def _load(folder: Path) -> Vocabulary:
    if not (folder / "vocabulary.toml").is_file():
        raise PortkitError("no vocabulary.toml in this folder", str(folder))
    return Vocabulary(folder)


def load_vocabulary(path: Path | None = None) -> Vocabulary:
    """Return the vocabulary of folder `path` (default: CUDA's), read once a process.

    Raises PortkitError for a missing folder or a broken table.
    """
    return _load(path if path is not None else mappings_folder() / "cuda")
