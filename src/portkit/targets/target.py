# SPDX-License-Identifier: Apache-2.0
"""A target: the folder mappings/<id>/ with one of its profiles laid over it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.arity import Arity, ArityTable
from portkit.targets.features import FeatureState, load_features
from portkit.targets.known import available_targets, default_specs, load_file
from portkit.targets.lazy_set import LazySet
from portkit.targets.naming import NamingRule, naming_of, of_scope
from portkit.targets.notes import translator
from portkit.targets.parts import (
    FILE,
    Parts,
    build_files,
    describe_source,
    form_of,
    other_files,
    remember,
    table_files,
)
from portkit.targets.proved import settled
from portkit.targets.recipes import AnyRecipe, load_recipes
from portkit.targets.rows import APART, RawTable, TableError, key_of
from portkit.targets.schema import Facts, Guard, HeaderPrefix, Naming, Profile, TargetFile, overlaid
from portkit.targets.suggest import suggest
from portkit.targets.vendors import vendors
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from portkit.targets.build import Build
    from portkit.targets.other_rows import OtherTable

__all__ = ["Target", "available_targets", "default_specs", "load_file", "load_target"]
_EXISTS = {e.name.lower(): e for e in Exists}
_PAIRS = {p.name.lower(): p for p in Pairs}


class Target:
    """Facts and rows of one target and profile. The user's rows win over the profile's, then the
    base's, then the rule.

    `facts` holds what all profiles share, overlaid by the profile's own. `others` has the tables of
    other languages (build files, Python, frameworks). `as_is`: a wrapper of the vendor compiles
    CUDA under this profile, so nothing is renamed; a row's target is what it makes of the name.
    """

    way = ""  # the route of Python code that was asked for: see targets.ways

    def __init__(
        self,
        folder: Path,
        profile: str,
        file: TargetFile,
        user: Mapping[str, Row] | None = None,
        parts: Parts | None = None,
    ) -> None:
        """Read a target's folder, or take its `parts`. Raises ValueError where these do not fit."""
        self.folder = folder
        self.id, self.profile, self._file = file.id, profile, file
        self._user = dict(user or {})
        self._proved, self.sdk = frozenset[str](), ""  # `sdk` names that which proves some names
        self.profiles: Mapping[str, Profile] = file.profiles
        self.facts: Facts = overlaid(file.facts, own := file.profiles[profile])
        self._vendors = vendors(folder.parent) if parts is None else parts.vendors
        self.suffixes = file.suffixes
        self.other_suffixes = self._vendors.suffixes.difference(self.suffixes)  # of their sources
        self.as_is = self.facts.as_is is True
        self.irreversible = file.irreversible  # why its names do not lead back to CUDA
        self.rename_suffixes: dict[str, str] = {} if self.as_is else file.rename_suffixes
        self.own_prefixes = file.own_prefixes
        self._own = re.compile("|".join(file.own_patterns) or r"(?!)", re.A)
        self.vendor_switches = file.vendor_switches
        self.vendor_macros = frozenset([*file.vendor_macros, *self.vendor_switches])
        self.implies_header = file.implies_header
        self.identity_macros = frozenset(file.identity_macros)
        self.other_vendor_macros = self._vendors.macros - self.vendor_macros
        self._bare_headers = re.compile("|".join(file.bare_headers) or r"(?!)", re.A)
        self._vendor_headers = re.compile("|".join(file.vendor_headers) or r"(?!)", re.A)
        self.guards: dict[str, Guard] = file.guards | own.guards
        self.missing = tuple(m for m in file.missing if not m.profiles or profile in m.profiles)
        self.assumed = tuple(a for a in file.assumed if not a.profiles or profile in a.profiles)
        self._read_naming(naming_of(file, profile))
        ids = LazySet(lambda: frozenset(self.sources))
        self.table = RawTable(ids, LazySet(lambda: frozenset(self.recipes)))
        self._cache: dict[tuple[str, str, Kind, str], Row | None] = {}
        self.features: Mapping[str, FeatureState]
        if parts is not None:
            self.features, self.digest = parts.features, parts.digest
            self.sources, self.recipes = parts.sources, parts.recipes
            self.arities: Mapping[str, Arity] = parts.arities
            self.table.unpack(parts.table, folder)
            return
        self.features = load_features(folder / "features.toml", profile, self.profiles)
        self.digest = self._read_tables(folder, profile)

    def _read_naming(self, naming: Naming) -> None:
        self.naming = NamingRule.of(naming.rules or ())
        self._unchanged_kinds = frozenset(naming.unchanged_kinds or ())
        self._unchanged_types = frozenset(naming.unchanged_types or ())
        self._structs = naming.known_structs or {}
        self._libraries = naming.unchanged_libraries or {}
        self._namespaces = naming.unchanged_namespaces or {}
        self._inside = naming.renamed_namespaces or {}
        self._headers: tuple[HeaderPrefix, ...] = naming.header_prefixes or ()
        prefixes = {f"{h.prefix}*": h.source for h in self._headers}
        self.unchanged: dict[str, str] = (
            self._libraries | self._namespaces | self._inside | prefixes | self._structs
        )

    def _read_tables(self, folder: Path, profile: str) -> str:
        """Read the rows; return the digest of all that the target is made of."""
        digest = hashlib.sha256((folder / FILE).read_bytes())
        digest.update(profile.encode())
        for file in table_files(folder, profile):
            data = file.read_bytes()
            digest.update(file.name.encode() + data)
            if file.suffix == ".csv":
                self.table.read(file, data.decode("utf-8"), overlay="@" in file.stem)
            elif file.suffix == ".names":
                self.table.read_names(file, data.decode("utf-8"))
        for file in dict.fromkeys([*other_files(folder, profile), *build_files(folder, profile)]):
            digest.update(file.name.encode() + file.read_bytes())
        arities = ArityTable(LazySet(lambda: frozenset(self.sources)))
        arities.read_all(folder, profile, digest)
        self.arities = arities.found
        if problems := self.table.problems + self.others.problems + arities.problems:
            raise TableError(problems)
        return digest.hexdigest()[:16]

    def parts(self) -> Parts:
        """Return what was read, without what an SDK proved. Raises PortkitError for a faulty source
        or recipe.
        """
        fresh = Target(self.folder, self.profile, self._file) if self.sdk else self
        return Parts(
            self.profile,
            self._file,
            self._vendors,
            dict(fresh.features),
            fresh.digest,
            fresh.table.pack(),
            fresh.sources,
            fresh.recipes,
            dict(fresh.arities),
        )

    def name(self, language: str = "en") -> str:
        """Return the target's display name, with the SDK on this machine that proves names of it."""
        name = (self._file.name.zh if language == "zh" else "") or self._file.name.en
        return f"{name} + SDK {self.sdk}" if self.sdk else name

    @property
    def spec(self) -> str:
        """The target and profile as a user writes them: `musa@mp_31`."""
        return f"{self.id}@{self.profile}"

    @property
    def user_rows(self) -> Mapping[str, Row]:
        """The user's own rows, which win over all others."""
        return self._user

    @functools.cached_property
    def sources(self) -> dict[str, str]:
        """What each short source id stands for: `owner/name@commit:path`, or what the source is."""
        path = self.folder / "sources.toml"
        if not path.is_file():
            return {}
        tables: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
        return {i: describe_source(t) for i, t in tables.items()}

    @functools.cached_property
    def recipes(self) -> dict[str, AnyRecipe]:
        """The recipes that rows name."""
        return load_recipes(self.folder / "recipes.toml", frozenset(self.sources))

    @functools.cached_property
    def chinese(self) -> Callable[[str], str]:
        """Gives a row's note in Chinese; an empty string where it is in English only."""
        return translator(self.folder, [*self._file.missing, *self._file.assumed], self.recipes)

    @functools.cached_property
    def others(self) -> OtherTable:
        """The rows of the tables of other languages. What is malformed stands in its `problems`."""
        from portkit.targets.other_rows import OtherTable  # no C++ code needs them

        table = OtherTable(
            LazySet(lambda: frozenset(self.sources)), LazySet(lambda: frozenset(self.recipes))
        )
        for file in other_files(self.folder, self.profile):
            table.read(file, overlay="@" in file.stem)
        return table

    @functools.cached_property
    def build(self) -> Build:
        """What is known of builds: facts, rows and options. Raises PortkitError for faulty ones."""
        from portkit.targets.build import load_build  # no C++ code needs it

        folder, facts = self.folder, self.facts
        return load_build(folder, self.profile, self.profiles, self.others, self.sources, facts)

    @functools.cached_property
    def _irregular(self) -> frozenset[str]:
        """The target names that the CSV tables hold."""
        return frozenset(line.split(",", 2)[1] for _, _, line in self.table.lines.values()) - {""}

    def is_own_name(self, word: str) -> bool:
        """Return whether a word is one of the target's own names, by prefix, by pattern or by a CSV
        table.

        A name that CUDA and the target share is not the target's own.
        """
        if word.startswith(self.own_prefixes) or self._own.fullmatch(word) is not None:
            return True
        return word in self._irregular and word not in self.table.lines

    def is_bare_header(self, spelling: str) -> bool:
        """Return whether the target's header lacks the runtime that CUDA's brings with it."""
        return self._bare_headers.fullmatch(spelling) is not None

    def is_vendor_header(self, spelling: str) -> bool:
        """Return whether an include spells one of the vendor's headers."""
        return self._vendor_headers.fullmatch(spelling) is not None

    def row(self, name: str, kind: Kind, library: str = "", qualifier: str = "") -> Row | None:
        """Return what the target says of a CUDA name, or None when nothing does (unknown is not
        unsupported).

        `name` is the last component, `qualifier` its namespace (for a field: its struct) as the
        vocabulary has it. A row that only the naming rule gives has `derived` set, exists=RULE and
        pairs=ALIKE; a name that the vocabulary lacks (kind UNKNOWN) gets none of these. Raises
        TableError when the row asked for is broken.
        """
        if (key := (name, qualifier, kind, library)) not in self._cache:
            row = self._find(name, kind, library, qualifier)
            if self._proved and (row is None or self.can_be_proved(row)):
                has = self._proved
                row = settled(row, name, kind, library, qualifier, has, self.as_is)
            self._cache[key] = row
        return self._cache[key]

    def can_be_proved(self, row: Row) -> bool:
        """Return whether a header with the row's target can prove it."""
        # not a function that the tables give to another name, and the naming rule to this one
        taken = row.derived and row.kind is Kind.FUNCTION and row.target in self._irregular
        return row.exists < Exists.HEADER and not taken

    def prove(
        self, names: Iterable[str], digest: str, label: str, arities: Mapping[str, Arity]
    ) -> None:
        """Take it that an SDK on this machine, `label` in reports, has these names and arities."""
        self._proved, self.sdk = frozenset(names), label
        self.arities = {**self.arities, **arities}
        self.digest = hashlib.sha256(f"{self.digest} {digest}".encode()).hexdigest()[:16]
        self._cache.clear()
        self.sources["sdk"] = f"the SDK on this machine: {label}"

    def _find(self, name: str, kind: Kind, library: str, qualifier: str) -> Row | None:
        spellings = []
        if qualifier:
            spellings.append(f"{qualifier}::{name}")
            if other := load_vocabulary().same_names.get(qualifier):
                spellings.append(f"{other}::{name}")
        if not qualifier or kind is Kind.FIELD:
            spellings.append(name)
        for spelled in spellings:
            row = self._user.get(spelled) or self._listed(spelled, kind, library)
            if row is not None:
                return row
        full = f"{qualifier}::{name}" if qualifier else name
        for entry in self.missing:
            if entry.holds(full, library):
                return entry.row(name, kind, library)
        said = self.build.rows.variable(name) if kind is Kind.ENVIRONMENT else None
        if said is not None and said.exists > Exists.RULE and " " not in said.target:
            return said
        if kind is Kind.FIELD and qualifier in self._structs:
            ids = tuple(self._structs[qualifier].split())
            return Row(name, "", kind, Status.NONE, Exists.HEADER, Pairs.NO, library, ids)
        held = (a.row(name, kind, library) for a in self.assumed if a.holds(full, kind, library))
        scope = "" if kind is Kind.FIELD else qualifier
        way = self._header if kind is Kind.HEADER else self._derived
        return way(name, kind, library, scope) or next(held, None)

    def _listed(self, name: str, kind: Kind, library: str) -> Row | None:
        """Return the row that a table has for a name as spelt."""
        row = self.table.row(key_of(name, kind.value))
        if row is not None and kind is Kind.FIELD and row.kind is not kind:
            return None  # of a word that is spelt alike, and no member
        if row is None and kind is Kind.UNKNOWN:
            row = next(
                filter(None, (self.table.row(key_of(name, k.value)) for k in sorted(APART))), None
            )
        if row is not None or kind in APART:
            return row
        group = self.table.bulk.get(name)
        if group is None or name in self.table.removed:
            return None
        target = self.naming.derive(name)
        if target is None:
            return None
        library = library or group.library
        return Row(
            name, target, kind, Status.MAPPED, group.exists, group.pairs, library, group.sources
        )

    def _header(self, name: str, _kind: Kind, library: str, _scope: str) -> Row | None:
        for rule in self._headers:
            if name.startswith(rule.prefix):
                before = rule.prefix if rule.target is None else rule.target
                target = before + name.removeprefix(rule.prefix)
                status = Status.SAME if target == name else Status.MAPPED
                axes = _EXISTS[rule.exists], _PAIRS[rule.pairs]
                return Row(
                    name, target, Kind.HEADER, status, *axes, library, tuple(rule.source.split())
                )
        return None

    def _derived(self, name: str, kind: Kind, library: str, qualifier: str) -> Row | None:
        """Return a row for a name that no table lists: unchanged by its library or namespace, or by
        the naming rule.
        """
        scope = f"{qualifier}::{name}" if kind is Kind.NAMESPACE or qualifier else ""
        source = of_scope(self._namespaces, scope) or self._libraries.get(library, "")
        if source:
            ids = tuple(source.split())
            return Row(name, name, kind, Status.SAME, Exists.USAGE, Pairs.USAGE, library, ids)
        source = of_scope(self._inside, scope if kind is Kind.NAMESPACE else qualifier)
        if source:
            ids = tuple(source.split())
            return Row(
                name, name, kind, Status.SAME, Exists.RULE, Pairs.ALIKE, library, ids, derived=True
            )
        if qualifier or kind in (Kind.NAMESPACE, Kind.LINK_LIBRARY, Kind.UNKNOWN):
            return None
        if kind is Kind.MACRO and load_vocabulary().is_header_guard(name):
            return None
        made = None if kind is Kind.FIELD else self.naming.derive(name)
        unchanged = kind is Kind.FIELD and not load_vocabulary().is_called(library, name)
        unchanged = unchanged or kind in self._unchanged_kinds
        unchanged = unchanged or (kind is Kind.TYPE and library in self._unchanged_types)
        if made is None and not unchanged:
            return None
        status = Status.SAME if made is None else Status.MAPPED
        return Row(
            name, made or name, kind, status, Exists.RULE, Pairs.ALIKE, library, derived=True
        )


def load_target(
    spec: str, mappings: Path | None = None, user: Mapping[str, Row] | None = None
) -> Target:
    """Load `id` or `id@profile`; without a profile the target's default one. `mappings`: another
    folder of targets.

    Raises PortkitError for an unknown target or profile, with a suggestion; TableError for
    malformed tables.
    """
    root = mappings or mappings_folder()
    name, _, profile = spec.partition("@")
    known = available_targets(root)
    if name not in known:
        raise PortkitError(f"unknown target {name!r}", hint=suggest(name, known, "known targets"))
    form = form_of(spec, root / name)
    parts = form.recall(Parts)
    if parts is not None:
        with contextlib.suppress(ValueError, KeyError):
            return Target(root / name, parts.profile, parts.file, user, parts)
    file = load_file(name, root)
    profile = profile or file.default_profile
    if not profile:
        choices = f"choose one of {', '.join(f'{name}@{p}' for p in file.profiles)}"
        raise PortkitError(f"{name} has no default profile", hint=file.profile_help or choices)
    if profile not in file.profiles:
        hint = suggest(profile, list(file.profiles), "known profiles")
        raise PortkitError(f"unknown profile {profile!r} of {name}", hint=hint)
    target = Target(root / name, profile, file, user)
    remember(form, target.parts)
    return target
