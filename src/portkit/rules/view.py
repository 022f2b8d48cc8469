# SPDX-License-Identifier: Apache-2.0
"""What a rule sees: one file's scan with the decisions on it, and the few facts that a target must offer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

from portkit.model import Context, Decision, FileScan, Kind, Proof, Reason, Reference, Row, Span
from portkit.target.features import FeatureState
from portkit.target.recipes import AnyRecipe
from portkit.vocab.vocabulary import Entity, Vocabulary

T = TypeVar("T")


class RuleTarget(Protocol):
    """The facts of a target that rules use. `guards` says what a macro becomes there and which value it has."""

    @property
    def id(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def guards(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def vendor_macros(self) -> frozenset[str]: ...
    @property
    def other_vendor_macros(self) -> frozenset[str]: ...
    def row(self, name: str, kind: Kind, library: str = "", qualifier: str = "") -> Row | None: ...
    @property
    def features(self) -> Mapping[str, FeatureState]: ...
    @property
    def recipes(self) -> Mapping[str, AnyRecipe]: ...


@dataclass(frozen=True)
class FileView:
    """One file under one target: `decisions[i]` belongs to `scan.references[i]`; `data` are the bytes as scanned.

    `native` says that the file is the vendor's own code already; `launches` has a path for each launch in the tree, by the
    kernel's name. Views are made by the planner; nothing here does I/O.
    """

    scan: FileScan
    decisions: tuple[Decision, ...]
    data: bytes
    vocabulary: Vocabulary
    native: bool = False
    launches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The file's references, sorted by span."""
        return self.scan.references

    @cached_property
    def by_reason(self) -> dict[Reason, list[int]]:
        """Indexes of the references by the reason of their decision, in the order of the file."""
        found: dict[Reason, list[int]] = {}
        for index, decision in enumerate(self.decisions):
            found.setdefault(decision.reason, []).append(index)
        return found

    def because(self, *reasons: Reason) -> list[int]:
        """Return the indexes of the references decided for one of `reasons`, in the order of the file."""
        lists = [self.by_reason[r] for r in reasons if r in self.by_reason]
        return lists[0] if len(lists) == 1 else sorted(i for some in lists for i in some)

    @cached_property
    def _memo(self) -> dict[Callable[[FileView], Any], Any]:
        return {}

    def once(self, make: Callable[[FileView], T]) -> T:
        """Return `make(view)`, computed by the first rule that asks for it and kept for the others."""
        if make not in self._memo:
            self._memo[make] = make(self)
        return cast(T, self._memo[make])

    @cached_property
    def _starts(self) -> list[int]:
        return [r.span.start for r in self.scan.references]

    def reference_in(self, span: Span, name: str) -> int | None:
        """Return the index of the first reference called `name` inside `span`, or None."""
        for index in range(bisect_left(self._starts, span.start), len(self._starts)):
            ref = self.scan.references[index]
            if ref.span.start >= span.end:
                return None
            if ref.name == name:
                return index
        return None

    def names(self, indexes: Sequence[int]) -> dict[str, list[int]]:
        """Group indexes by the full name of their reference; keys come in the order of first use."""
        groups: dict[str, list[int]] = {}
        for index in indexes:
            groups.setdefault(full_name(self.scan.references[index]), []).append(index)
        return groups

    def entity(self, ref: Reference) -> Entity | None:
        """Return the vocabulary's entity that a reference was read as, or None for a name of CUDA's shape only."""
        for entity in self.vocabulary.get(ref.name):
            if entity.kind is ref.kind and entity.library == ref.library:
                return entity
        return None

    def live(self, index: int) -> bool:
        """Return whether a reference stands in code that is compiled and is at least likely to be CUDA's."""
        ref = self.scan.references[index]
        return ref.context is not Context.INACTIVE and (ref.proof or Proof.SPELLING) >= Proof.LIKELY

    def ported(self, span: Span, target: RuleTarget) -> bool:
        """Return whether `span` is some vendor's code: a native file, or a branch that a vendor's macro switches on."""
        if self.native:
            return True
        vendors = target.vendor_macros | target.other_vendor_macros
        for guard, branch in self.scan.facts.guards:
            if branch.contains(span) and all(vendors.intersection(part.split("&")) for part in guard.split("|")):
                return True
        return False


def full_name(ref: Reference) -> str:
    """Return a reference's name with its namespace, as messages and baselines spell it."""
    return f"{ref.qualifier}::{ref.name}" if ref.qualifier else ref.name
