# SPDX-License-Identifier: Apache-2.0
"""What a rule sees: one file's scan with the decisions on it, and the few facts that a target must
offer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

import msgspec

from portkit.model.plans import Decision
from portkit.model.reading import FileScan, Reference
from portkit.model.refusals import Refusals
from portkit.model.rows import Row
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof, Reason
from portkit.targets.features import FeatureState
from portkit.targets.recipes import AnyRecipe
from portkit.targets.schema import Facts, Guard
from portkit.vocab.vocabulary import Entity, Vocabulary

T = TypeVar("T")
_PLAIN = frozenset({Context.IMPORT, Context.ARGUMENT, Context.DEFAULT, Context.COMPARE})


class RuleTarget(Protocol):
    """The facts of a target that rules use. `guards` says what a macro becomes there and which
    value it has.
    """

    @property
    def id(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def guards(self) -> Mapping[str, Guard]: ...
    @property
    def vendor_macros(self) -> frozenset[str]: ...
    @property
    def other_vendor_macros(self) -> frozenset[str]: ...
    @property
    def implies_header(self) -> str: ...
    def is_bare_header(self, spelling: str) -> bool: ...
    def is_vendor_header(self, spelling: str) -> bool: ...
    def row(self, name: str, kind: Kind, library: str = "", qualifier: str = "") -> Row | None: ...
    @property
    def features(self) -> Mapping[str, FeatureState]: ...
    @property
    def recipes(self) -> Mapping[str, AnyRecipe]: ...
    @property
    def chinese(self) -> Callable[[str], str]: ...


def noted(note: str, target: RuleTarget) -> dict[str, str]:
    """Return a row's note as arguments of a finding, in Chinese too where it is there."""
    chinese = target.chinese(note) if note else ""
    return {"note": note, "note_zh": chinese} if chinese else {"note": note}


class FileSource:
    """One file, whatever the target: its scan, its bytes as scanned, and what is worked out from
    them.

    It is shared by the views of all targets and lives while the file is planned. Nothing here does
    I/O.
    """

    def __init__(self, scan: FileScan, data: bytes, vocabulary: Vocabulary) -> None:
        self.scan, self.data, self.vocabulary = scan, data, vocabulary
        self.references = scan.references
        self._memo: dict[Callable[[FileSource], Any], Any] = {}

    def once(self, make: Callable[[FileSource], T]) -> T:
        """Return `make(source)`, computed for the first who asks and kept for the others, targets
        and rules alike.
        """
        try:
            return cast(T, self._memo[make])
        except KeyError:
            made = self._memo[make] = make(self)
            return made

    def entity(self, ref: Reference) -> Entity | None:
        """Return the vocabulary's entity that a reference was read as, or None for a name of CUDA's
        shape only.
        """
        for entity in self.vocabulary.get(ref.name):
            if entity.kind is ref.kind and entity.library == ref.library:
                return entity
        return None


class FileView(msgspec.Struct, frozen=True, dict=True):
    """One file under one target: `decisions[i]` belongs to `references[i]`.

    `native` says that the file is the vendor's own code already; `launches` has a path for each
    launch in the tree, by the kernel's name. Views are made by the planner, for one target each.
    """

    source: FileSource
    decisions: tuple[Decision, ...]
    native: bool = False
    launches: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    refused: Refusals = msgspec.field(default_factory=Refusals)

    @cached_property
    def scan(self) -> FileScan:
        """The file's scan."""
        return self.source.scan

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The file's references, sorted by span."""
        return self.source.references

    @cached_property
    def data(self) -> bytes:
        """The file's bytes as scanned."""
        return self.source.data

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """CUDA's names."""
        return self.source.vocabulary

    def once(self, make: Callable[[FileSource], T]) -> T:
        """Return `make(source)`, which is worked out once for all rules and all targets."""
        return self.source.once(make)

    @cached_property
    def _memo(self) -> dict[Callable[[FileView], Any], Any]:
        return {}

    def decided(self, make: Callable[[FileView], T]) -> T:
        """Return `make(view)`, which depends on the decisions and is worked out once for all rules
        of one target.
        """
        if make not in self._memo:
            self._memo[make] = make(self)
        return cast(T, self._memo[make])

    @cached_property
    def by_reason(self) -> dict[Reason, list[int]]:
        """Indexes of the references by the reason of their decision, in the order of the file.

        Constructs of builds are not among them: their plan says what is found of each.
        """
        found: dict[Reason, list[int]] = {}
        mixed = self.scan.language != "cxx"
        for index, decision in enumerate(self.decisions):
            if mixed and self.references[index].context is Context.BUILD:
                continue
            found.setdefault(decision.reason, []).append(index)
        return found

    def because(self, *reasons: Reason) -> list[int]:
        """Return the indexes of the references decided for one of `reasons`, in the order of the
        file.
        """
        lists = [self.by_reason[r] for r in reasons if r in self.by_reason]
        return lists[0] if len(lists) == 1 else sorted(i for some in lists for i in some)

    def reference_in(self, span: Span, name: str) -> int | None:
        """Return the index of the first reference called `name` inside `span`, or None."""
        for index in range(
            bisect_left(self.references, span.start, key=lambda r: r.span.start),
            len(self.references),
        ):
            ref = self.references[index]
            if ref.span.start >= span.end:
                return None
            if ref.name == name:
                return index
        return None

    def names(self, indexes: Sequence[int]) -> dict[str, list[int]]:
        """Group indexes by the full name of their reference; keys come in the order of first use."""
        groups: dict[str, list[int]] = {}
        for index in indexes:
            groups.setdefault(full_name(self.references[index]), []).append(index)
        return groups

    def entity(self, ref: Reference) -> Entity | None:
        """Return the vocabulary's entity that a reference was read as, or None for a name of CUDA's
        shape only.
        """
        return self.source.entity(ref)

    def live(self, index: int) -> bool:
        """Return whether a reference stands in code that is compiled and is at least likely to be
        CUDA's.
        """
        ref = self.references[index]
        return ref.context is not Context.INACTIVE and (ref.proof or Proof.SPELLING) >= Proof.LIKELY

    def ported(self, span: Span, target: RuleTarget) -> bool:
        """Return whether `span` is some vendor's code: a native file, or a branch that a vendor's
        macro switches on.
        """
        if self.native:
            return True
        around = [guard for guard, branch in self.scan.facts.guards if branch.contains(span)]
        return any_needs_vendor(around, target)


def any_needs_vendor(guards: Sequence[str], target: RuleTarget) -> bool:
    """Return whether the code under one of `guards` (see Reference.guard; none is empty) is compiled
    for a vendor only: each alternative asks for a macro of the target's or of another one's.
    """
    if not guards:
        return False
    vendors = target.vendor_macros | target.other_vendor_macros
    return any(
        all(vendors.intersection(part.split("&")) for part in guard.split("|")) for guard in guards
    )


def full_name(ref: Reference) -> str:
    """Return a reference's name with its namespace, as messages and baselines spell it; a field, and
    what Python says, by its own name.
    """
    if ref.context in _PLAIN or ref.kind is Kind.ATTRIBUTE:
        return ref.name
    return (
        f"{ref.qualifier}::{ref.name}" if ref.qualifier and ref.kind is not Kind.FIELD else ref.name
    )
