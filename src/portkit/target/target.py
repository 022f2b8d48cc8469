# SPDX-License-Identifier: Apache-2.0
"""A target: the folder mappings/<id>/ with one of its profiles laid over it."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portkit.model import Exists, Kind, Pairs, PortkitError, Row, Status
from portkit.target.naming import NamingRule
from portkit.target.rows import RawTable, TableError
from portkit.vocab.data import mappings_folder


def available_targets(mappings: Path | None = None) -> list[str]:
    """Return the ids of all targets: every folder of the mappings with a target.toml."""
    return sorted(p.parent.name for p in (mappings or mappings_folder()).glob("*/target.toml"))


class Target:
    """Facts and rows of one target and profile. `user` rows win over the profile's, these over the base's, these over the rule."""

    def __init__(self, folder: Path, profile: str, facts: dict[str, Any], user: Mapping[str, Row]) -> None:
        self.id: str = facts["id"]
        self.profile = profile
        self._names: dict[str, str] = facts["name"]
        self._user = dict(user)
        self.profiles: dict[str, dict[str, Any]] = facts["profiles"]
        self.facts: dict[str, Any] = self.profiles[profile]
        self.suffixes: tuple[str, ...] = tuple(facts.get("suffixes", ()))
        self.rename_suffixes: dict[str, str] = facts.get("rename_suffixes", {})
        self.own_prefixes: tuple[str, ...] = tuple(facts.get("own_prefixes", ()))
        self.vendor_macros = frozenset(facts.get("vendor_macros", ()))
        self.other_vendor_macros = frozenset(facts.get("other_vendor_macros", ()))
        self._vendor_headers = re.compile("|".join(facts.get("vendor_headers", ())) or r"(?!)", re.A)
        self.guards: dict[str, dict[str, Any]] = facts.get("guards", {})
        naming = facts.get("naming", {})
        self.naming = NamingRule.of(naming.get("rules", []))
        self._unchanged_kinds = frozenset(Kind(k) for k in naming.get("unchanged_kinds", ()))
        self._unchanged_types = frozenset(naming.get("unchanged_types", ()))
        self._unchanged = {n["namespace"]: n["source"] for n in naming.get("unchanged_namespaces", ())}
        path = folder / "sources.toml"
        self.sources: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["sources"] if path.is_file() else {}
        self.table = RawTable(frozenset(self.sources))
        digest = hashlib.sha256((folder / "target.toml").read_bytes())
        for file in sorted(folder.glob("*.csv"), key=lambda p: ("@" in p.stem, p.name)):
            if "@" in file.stem and not file.stem.endswith(f"@{profile}"):
                continue
            digest.update(file.read_bytes())
            self.table.read(file, overlay="@" in file.stem)
        if self.table.problems:
            raise TableError(self.table.problems)
        self.digest = digest.hexdigest()[:16]
        self._cache: dict[tuple[str, str, Kind, str], Row | None] = {}
        self._known: frozenset[str] | None = None

    def name(self, language: str = "en") -> str:
        """Return the target's display name."""
        return self._names.get(language, self._names["en"])

    @property
    def spec(self) -> str:
        """The target and profile as a user writes them: `musa@mp_31`."""
        return f"{self.id}@{self.profile}"

    @property
    def known_names(self) -> frozenset[str]:
        """Every target name that the tables hold."""
        if self._known is None:
            self._known = frozenset(cells[1] for _, _, cells in self.table.cells.values() if cells[1])
        return self._known

    def is_own_name(self, word: str) -> bool:
        """Return whether a word is one of the target's own names, by table or by prefix."""
        return word in self.known_names or word.startswith(self.own_prefixes)

    def is_vendor_header(self, spelling: str) -> bool:
        """Return whether an include spells one of the vendor's headers."""
        return self._vendor_headers.fullmatch(spelling) is not None

    def row(self, name: str, kind: Kind, library: str = "", qualifier: str = "") -> Row | None:
        """Return what the target says of a CUDA name, or None when nothing does (unknown is not unsupported).

        A row that only the naming rule gives has `derived` set, exists=RULE and pairs=ALIKE.
        """
        key = (name, qualifier, kind, library)
        if key not in self._cache:
            self._cache[key] = self._find(name, kind, library, qualifier)
        return self._cache[key]

    def _find(self, name: str, kind: Kind, library: str, qualifier: str) -> Row | None:
        full = f"{qualifier}::{name}" if qualifier else name
        for spelled in (full, name) if not qualifier else (full,):
            if spelled in self._user:
                return self._user[spelled]
            row = self.table.row(spelled)
            if row is not None:
                return row
        root = qualifier.split("::")[0] if qualifier else name
        if root in self._unchanged and (qualifier or kind is Kind.NAMESPACE):
            return Row(name, name, kind, Status.SAME, Exists.USAGE, Pairs.USAGE, library, (self._unchanged[root],))
        if kind is Kind.HEADER and "/" in name and name.split("/")[0] in self._unchanged:
            return Row(name, name, kind, Status.SAME, Exists.USAGE, Pairs.USAGE, library, (self._unchanged[name.split("/")[0]],))
        if kind is Kind.FIELD or kind in self._unchanged_kinds or (kind is Kind.TYPE and library in self._unchanged_types and not qualifier):
            derived = self.naming.derive(name) if kind is not Kind.FIELD else None
            if derived is None:
                return Row(name, name, kind, Status.SAME, Exists.RULE, Pairs.ALIKE, library, derived=True)
        if qualifier or kind in (Kind.HEADER, Kind.NAMESPACE, Kind.LINK_LIBRARY):
            return None
        made = self.naming.derive(name)
        if made is None:
            return None
        return Row(name, made, kind, Status.MAPPED, Exists.RULE, Pairs.ALIKE, library, derived=True)


def load_target(spec: str, mappings: Path | None = None, user: Mapping[str, Row] | None = None) -> Target:
    """Load `id` or `id@profile`. Raises PortkitError for an unknown one, with a suggestion; TableError for broken tables."""
    root = mappings or mappings_folder()
    name, _, profile = spec.partition("@")
    known = available_targets(root)
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"known targets: {', '.join(known)}"
        raise PortkitError(f"unknown target {name!r}", hint=hint)
    path = root / name / "target.toml"
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PortkitError(f"broken target file: {error}", str(path)) from error
    if not profile:
        profile = facts.get("default_profile", "")
        if not profile:
            raise PortkitError(f"{name} has no default profile", hint=facts.get("profile_help", f"choose one of {', '.join(facts['profiles'])}"))
    if profile not in facts["profiles"]:
        raise PortkitError(f"unknown profile {profile!r} of {name}", hint=f"known: {', '.join(facts['profiles'])}")
    return Target(root / name, profile, facts, user or {})
