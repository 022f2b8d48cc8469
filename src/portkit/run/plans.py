# SPDX-License-Identifier: Apache-2.0
"""Plans of files by content: a file whose scan, target and policy are known from an earlier run is
not planned again.

The key of a plan holds the key of the file's scan, the digests of the target and the vocabulary,
the policy and a digest of portkit's code; tables, rules and policy are in no key of a scan. What a
file's plan asked of the whole tree (who launches its kernels, which macros hide arguments) is kept
with the answers, and an entry counts only while they are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from portkit.files.code import code_digest
from portkit.languages.jobs import Store, encode
from portkit.languages.keys import content_key
from portkit.model.plans import Decision, FilePlan, Finding
from portkit.model.reading import FileScan
from portkit.model.refusals import Refusals
from portkit.model.spans import Edit
from portkit.plan.decide import Policy
from portkit.plan.macros import TreeMacros
from portkit.targets.target import Target
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary

Launches = Mapping[str, tuple[str, ...]]
# what makes plans: all that these import, and these
_PLANNERS = ("portkit.plan", "portkit.rules", "portkit.run.plans")


class StoredPlan(msgspec.Struct, array_like=True):
    """The plan of one file without its scan: its different decisions, and for each reference which
    of them it is.
    """

    different: list[Decision]
    decisions: list[int]
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    launches: dict[str, tuple[str, ...]]
    macros: dict[bytes, bool]


_decoder = msgspec.msgpack.Decoder(StoredPlan)


class _Launches(Mapping[str, tuple[str, ...]]):
    """The tree's launches, with what was asked of them."""

    def __init__(self, whole: Launches) -> None:
        self._whole = whole
        self.asked: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> tuple[str, ...]:
        self.asked[name] = self._whole.get(name, ())
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        for name in self._whole:
            self.asked[name] = self._whole[name]
            yield name

    def __len__(self) -> int:
        return len(self._whole)


class _Macros(TreeMacros):
    """The tree's macros, with what was asked of them."""

    def __init__(self, whole: TreeMacros) -> None:
        self._whole = whole
        self.asked: dict[bytes, bool] = {}

    def hides_arguments(self, text: bytes) -> bool:
        found = self.asked[text] = self._whole.hides_arguments(text)
        return found


class Plans:
    """The plans of a tree's files for one target. Use `plan` for each file, `keep` at the end."""

    def __init__(
        self,
        store: Store,
        paths: Iterable[str],
        keys: Mapping[str, bytes],
        target: Target,
        vocabulary: Vocabulary,
        policy: Policy,
        stamp: bytes,
        refused: Mapping[str, Refusals] = MappingProxyType({}),
    ) -> None:
        """`paths`: the files; `keys`: those of their scans (files without one are planned anew);
        `stamp`: see `plan_stamp`; `refused`: what is not written, by file.
        """
        self._fresh = dict[bytes, bytes]()
        self._scans = keys  # of a scan that fell to a limit the key is taken back
        facts_of_all = policy.selection, policy.build, policy.rename
        general = content_key(stamp, target_facts(target), vocabulary.digest, facts_of_all)
        policies: dict[Policy, object] = {}
        self._keys: dict[str, bytes] = {}
        if policy.selection.per_path:
            return  # which of these were needed is found out while planning
        for path in paths:
            if path in keys:
                own = policy.at(path)
                facts = policies.setdefault(own, (own.floors, sorted(own.only), sorted(own.skip)))
                less = [encode(refused[path])] if path in refused else []
                self._keys[path] = content_key(general, facts, keys[path], *less)
        self._known = store.get(list(self._keys.values()))

    def plan(
        self,
        file: FileScan,
        launches: Launches,
        macros: TreeMacros,
        make: Callable[[Launches, TreeMacros], FilePlan],
    ) -> FilePlan:
        """Return the plan of a file: the kept one, or what `make` returns for these launches and
        macros.
        """
        key = self._keys.get(file.path)
        if key is None or file.path not in self._scans:
            return make(launches, macros)
        kept = _recall(self._known.pop(key, b""), file, launches, macros)
        if kept is not None:
            return kept
        asked_launches, asked_macros = _Launches(launches), _Macros(macros)
        made = make(asked_launches, asked_macros)
        self._fresh[key] = _entry(made, asked_launches.asked, asked_macros.asked)
        return made

    def keep(self, store: Store) -> None:
        """Keep the plans that were made."""
        store.put(self._fresh)
        self._fresh = {}


def _entry(
    plan: FilePlan, launches: dict[str, tuple[str, ...]], macros: dict[bytes, bool]
) -> bytes:
    numbers: dict[tuple[object, ...], int] = {}
    different: list[Decision] = []
    indexes: list[int] = []
    for d in plan.decisions:
        key = d.action, d.reason, d.replacement, id(d.row), d.detail
        number = numbers.setdefault(key, len(different))
        if number == len(different):
            different.append(d)
        indexes.append(number)
    return encode(StoredPlan(different, indexes, plan.edits, plan.findings, launches, macros))


def _recall(
    entry: bytes, file: FileScan, launches: Launches, macros: TreeMacros
) -> FilePlan | None:
    try:
        kept = _decoder.decode(entry)
        decisions = tuple([kept.different[i] for i in kept.decisions])
    except (msgspec.MsgspecError, ValueError, IndexError, RecursionError):
        return None
    if len(decisions) != len(file.references) or any(
        launches.get(name, ()) != paths for name, paths in kept.launches.items()
    ):
        return None
    if any(macros.hides_arguments(text) != hides for text, hides in kept.macros.items()):
        return None
    return FilePlan(file, decisions, kept.edits, kept.findings)


def target_facts(target: Target) -> tuple[object, ...]:
    """Return what a plan depends on of a target, as plain values."""
    user = sorted(target.user_rows.items())
    return (
        target.spec,
        target.digest,
        sorted(target.other_suffixes),
        sorted(target.other_vendor_macros),
        user,
    )


def plan_stamp() -> bytes:
    """Return the stamp of all that every plan depends on: portkit's own code, and what the mappings
    say of CUDA.
    """
    import portkit.rules

    rules, cuda = Path(portkit.rules.__path__[0]), mappings_folder() / "cuda"
    grammar = sorted(cuda.glob("nvcc/*.csv"))
    beside = (*sorted(rules.glob("*.toml")), *sorted(cuda.glob("*.toml")), *grammar)
    return code_digest(*_PLANNERS, beside=beside)
