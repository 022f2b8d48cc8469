# SPDX-License-Identifier: Apache-2.0
"""The keys of a target.toml. What they mean to whom writes one: docs/target-file.md; the reader:
`target_file`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status

ExistsWord = Literal["rule", "table", "doc", "usage", "linked", "header"]
PairsWord = Literal["no", "alike", "table", "usage"]
# judged by `patterns.fault_of`
Pattern = Annotated[str, msgspec.Meta(extra_json_schema={"format": "regex"})]
Count = Annotated[int, msgspec.Meta(gt=0)]
Macro = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Suffix = Annotated[str, msgspec.Meta(pattern=r"^\.[A-Za-z0-9_.+-]+$")]

T = TypeVar("T", bound=msgspec.Struct)


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The display name, by language of reports."""

    en: str
    zh: str = ""


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of hardware and tool chain. None: the file does not say."""

    source: str | None = None
    as_is: bool | None = None
    cards: str | None = None
    arch: str | None = None
    arch_flag: str | None = None
    arch_value: Count | None = None
    warp_size: Count | None = None
    mask_bits: Count | None = None
    full_mask: str | None = None
    shared_bytes: Count | None = None
    constant_bytes: Count | None = None
    block_threads: Count | None = None
    simt: bool | None = None
    ptx: bool | None = None
    fp64: bool | None = None
    fp8: bool | None = None

    def number(self, name: str) -> int | None:
        """Return the fact of that name where it is a number that the file gives."""
        value = getattr(self, name, None)
        return value if type(value) is int else None


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an architecture or version macro becomes; `target` is "" where the target has none like
    it.
    """

    target: Annotated[str, msgspec.Meta(pattern=r"^(?:[A-Za-z_][A-Za-z0-9_]*)?$")]
    fact: str = ""
    value: int | None = None
    values: tuple[int, ...] = ()
    thresholds: dict[Annotated[str, msgspec.Meta(pattern="^[0-9]+$")], int] = {}
    scale: str = ""
    note: str = ""
    source: str = ""

    def value_in(self, facts: Facts) -> int | None:
        """Return the macro's value on a target with these facts; None where it is not known."""
        return self.value if self.value is not None else facts.number(self.fact)


class HeaderPrefix(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Headers below a folder that keep their names, but for `target` in place of `prefix` where it
    is given.
    """

    prefix: str
    target: str | None = None
    exists: ExistsWord = "usage"
    pairs: PairsWord = "usage"
    source: str = ""


class Naming(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a name without a row becomes. None: not said, so that a profile's table takes the shared
    one's.
    """

    rules: tuple[tuple[Pattern, str], ...] | None = None
    unchanged_kinds: tuple[Kind, ...] | None = None
    unchanged_types: tuple[str, ...] | None = None
    known_structs: dict[str, str] | None = None
    unchanged_libraries: dict[str, str] | None = None
    unchanged_namespaces: dict[str, str] | None = None
    renamed_namespaces: dict[str, str] | None = None
    header_prefixes: tuple[HeaderPrefix, ...] | None = None


class Profile(Facts, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One profile: its own facts, which win over [facts], and a naming rule and guards of its own."""

    naming: Naming = Naming()
    guards: dict[Macro, Guard] = {}


class Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names that have no equivalent: those of `libraries`, of these only the ones that `names`
    matches whole, if given.

    `names` is matched against the full name (namespace::name); without `libraries` it speaks of
    every library. `profiles`: only there; empty: everywhere. `source` are short ids of
    sources.toml, `note` says what ports do instead, `note_zh` the same in Chinese. `sought`: they
    were looked for and not found, and no source denies them; so a person looks once more.
    """

    source: str
    note: str
    note_zh: str = ""
    libraries: tuple[str, ...] = ()
    names: Pattern = ""
    profiles: tuple[str, ...] = ()
    sought: bool = False

    def holds(self, name: str, library: str) -> bool:
        """Return whether the full name of a library is one of those that the target lacks."""
        if self.libraries and library not in self.libraries:
            return False  # asked first: it costs less than a pattern
        return not self.names or re.fullmatch(self.names, name, re.A) is not None

    def row(self, name: str, kind: Kind, library: str) -> Row:
        """Return the row that says so."""
        return Row(
            name,
            "",
            kind,
            Status.MANUAL if self.sought else Status.NONE,
            Exists.DOC,
            Pairs.NO,
            library,
            tuple(self.source.split()),
            note=self.note,
            derived=self.sought,
        )


class Assumed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names without a row that are taken to be the same: kept, with a reason of its own. Those of
    `libraries` and `kinds` that `names` matches whole, as far as each is given.

    `profiles`: only there; empty: everywhere. `source` are short ids of sources.toml, `note` says
    why it may be assumed, `note_zh` the same in Chinese.
    """

    source: str
    note: str
    note_zh: str = ""
    libraries: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    names: Pattern = ""
    profiles: tuple[str, ...] = ()

    def holds(self, name: str, kind: Kind, library: str) -> bool:
        """Return whether the full name of a library is one of those that are assumed."""
        named = not self.names or re.fullmatch(self.names, name, re.A) is not None
        of_kind = not self.kinds or kind in self.kinds
        return named and of_kind and (not self.libraries or library in self.libraries)

    def row(self, name: str, kind: Kind, library: str) -> Row:
        """Return the row that says so."""
        ids, note = tuple(self.source.split()), self.note
        return Row(
            name, name, kind, Status.SAME, Exists.RULE, Pairs.ALIKE, library, ids, note=note,
            derived=True,
        )  # fmt: skip


class TargetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole of a target.toml."""

    id: str
    name: Names
    profiles: Annotated[dict[str, Profile], msgspec.Meta(min_length=1)]
    vendor: str = ""
    default_profile: str = ""
    profile_help: str = ""
    irreversible: str = ""
    suffixes: tuple[Suffix, ...] = ()
    rename_suffixes: dict[Suffix, Suffix] = {}
    own_prefixes: tuple[str, ...] = ()
    own_patterns: tuple[Pattern, ...] = ()
    identity_macros: tuple[Macro, ...] = ()
    vendor_macros: tuple[Macro, ...] = ()
    vendor_switches: dict[Macro, str] = {}
    vendor_headers: tuple[Pattern, ...] = ()
    implies_header: str = ""
    facts: Facts = Facts()
    guards: dict[Macro, Guard] = {}
    naming: Naming = Naming()
    missing: tuple[Missing, ...] = ()
    assumed: tuple[Assumed, ...] = ()


def overlaid(base: T, own: msgspec.Struct) -> T:
    """Return `base` with what `own` says over it; `own` has the same fields, and maybe more."""
    said: dict[str, Any] = {}
    for name in base.__struct_fields__:
        value = getattr(own, name)
        if value is not None:
            said[name] = value
    return msgspec.structs.replace(base, **said) if said else base
