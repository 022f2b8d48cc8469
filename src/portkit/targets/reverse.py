# SPDX-License-Identifier: Apache-2.0
"""The way back: CUDA as the target of a tree that was migrated. Rows are those of the other target,
turned round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from portkit.model.errors import PortkitError
from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.targets.derived import DerivedVocabulary, Origin, key_of_origin
from portkit.targets.floors import Floors
from portkit.targets.recipes import AnyRecipe
from portkit.targets.schema import Facts, Guard, Missing
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

ID = "cuda"
# what CUDA's headers put behind another name of the same thing
_VERSIONED = re.compile(r"(?:_v\d+|_ptsz|_ptds|_t)$")


class ReverseTarget(Target):
    """CUDA, for code of `source`. Use `vocabulary` to read the code; the user's rows win.

    A spelling that several CUDA names share is told by the library that a reference was read as
    (see plan.origins); where they are other names of one thing the regular one is taken; else the
    row is ambiguous and names them. What a recipe made is for a person.
    """

    def __init__(
        self,
        source: Target,
        base: Vocabulary,
        floors: Floors,
        user: Mapping[str, Row] | None = None,
    ) -> None:
        """Turn `source` round. Raises PortkitError for a profile that renames nothing or whose
        names do not lead back.
        """
        if source.as_is:
            raise PortkitError(
                f"{source.spec} compiles CUDA as it is: nothing was renamed, so nothing leads back"
            )
        if source.irreversible:
            raise PortkitError(f"{source.id} does not lead back to CUDA: {source.irreversible}")
        self.source, self._floors, self._user, self.sdk = source, floors, dict(user or {}), ""
        self._base = base
        self.vocabulary = DerivedVocabulary(base, source, floors)
        self.id, self.profile, self.folder = ID, f"from-{source.id}-{source.profile}", source.folder
        self.digest = source.digest
        self.facts = Facts(warp_size=32, ptx=True)
        self.suffixes: tuple[str, ...] = ()
        self.other_suffixes = source.other_suffixes
        self.rename_suffixes = {new: old for old, new in source.rename_suffixes.items()}
        self.as_is, self.irreversible = False, ""
        made_of_cuda = {
            w
            for group in ("arch", "version", "compiler", "feature")
            for w in getattr(self.vocabulary, f"{group}_macros")
        }
        self.vendor_macros = (source.vendor_macros - made_of_cuda) | source.identity_macros
        self.other_vendor_macros = source.other_vendor_macros
        self.guards: dict[str, Guard] = {}
        self.implies_header = ID  # nvcc
        self.features, self.arities = {}, {}  # CUDA's functions take what the others leave out
        self.missing: tuple[Missing, ...] = ()
        self._found: dict[tuple[str, Kind, str, str], Row | None] = {}

    @property
    def recipes(self) -> dict[str, AnyRecipe]:
        """None: a recipe is not turned round."""
        return {}

    def chinese(self, note: str) -> str:
        return self.source.chinese(note)

    def name(self, language: str = "en") -> str:
        return f"CUDA < {self.source.name(language)}"

    def is_own_name(self, word: str) -> bool:
        """Return whether a word is a name of the platform that the code was migrated for: what a
        compat header defines CUDA's as.
        """
        return self.source.is_own_name(word)

    def is_bare_header(self, spelling: str) -> bool:
        return False

    def is_vendor_header(self, spelling: str) -> bool:
        return False

    def row(self, name: str, kind: Kind, library: str = "", qualifier: str = "") -> Row | None:
        """Return what CUDA calls a name of the other platform, or None when no row leads to it."""
        key = (name, kind, library, qualifier)
        if key not in self._found:
            full = f"{qualifier}::{name}" if qualifier else name
            self._found[key] = self._user.get(full) or self._turned(
                full, kind, library, self.origins(name, kind, qualifier)
            )
        return self._found[key]

    def origins(self, name: str, kind: Kind, qualifier: str = "") -> tuple[Origin, ...]:
        """Return the CUDA names that a spelling may stand for: of those by an accepted row, else
        all; alike ones once.
        """
        found = self.vocabulary.origins.get(key_of_origin(name, kind, qualifier), ())
        good = [
            o for o in found if o.row is None or (self._floors.accepts(o.row) and not o.row.recipe)
        ] or found
        return tuple({o.name.rpartition("::")[2]: o for o in reversed(good)}.values())[::-1]

    def _turned(
        self, spelled: str, kind: Kind, library: str, origins: tuple[Origin, ...]
    ) -> Row | None:
        if not origins:
            return None
        if spelled in self.source.identity_macros:
            return Row(
                spelled,
                spelled,
                kind,
                Status.SAME,
                Exists.HEADER,
                Pairs.NO,
                library,
                note="asks for the platform itself",
            )
        taken = [o for o in origins if o.library == library] or list(origins)
        if len(taken) > 1:
            taken = self._same_thing(taken, spelled)
        others = tuple(sorted({o.name for o in origins} - {taken[0].name}))
        if len(taken) > 1 or (not library and len({o.library for o in origins}) > 1):
            return Row(
                spelled,
                "",
                kind,
                Status.MANUAL,
                Exists.HEADER,
                Pairs.NO,
                library,
                ambiguous=tuple(sorted({taken[0].name, *others})),
            )
        origin, last = taken[0], kind is Kind.FIELD
        if origin.row is None:
            return Row(
                spelled, spelled, kind, Status.SAME, Exists.HEADER, Pairs.USAGE, origin.library
            )
        row = msgspec.structs.replace(
            origin.row,
            name=spelled,
            target=origin.name.rpartition("::")[2] if last else origin.name,
            kind=kind,
            recipe="",
            ambiguous=others,
        )
        if origin.row.recipe:
            return msgspec.structs.replace(row, status=Status.MANUAL, ambiguous=())
        return row

    def _same_thing(self, origins: list[Origin], spelled: str) -> list[Origin]:
        """Return one origin where the others are CUDA's other names of it: versions of a symbol,
        the tag of a type, old names.
        """
        for origin in origins:
            if origin.row is None:
                return [origin]  # the platform took CUDA's spelling for the others
        stems = {_VERSIONED.sub("", o.name) for o in origins}
        regular = [
            o
            for o in origins
            if self.source.naming.derive(o.name.rpartition("::")[2]) == spelled.rpartition("::")[2]
        ]
        current = [o for o in origins if not self._is_old(o.name)]
        return regular if len(regular) == 1 and (len(stems) == 1 or current == regular) else origins

    def _is_old(self, name: str) -> bool:
        """Has CUDA itself deprecated the name?"""
        return any(e.deprecated or e.removed for e in self._base.get(name.rpartition("::")[2]))
