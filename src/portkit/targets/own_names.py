# SPDX-License-Identifier: Apache-2.0
"""The names that only a target has: where they stand in code, work was done already."""

from __future__ import annotations

from collections.abc import Iterator, Set

from portkit.model.words import Kind
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# words of the language, and names that are a project's own as often
_SAY_NOTHING = frozenset({Kind.BUILTIN, Kind.FIELD, Kind.NAMESPACE, Kind.DEVICE_FUNCTION})


def own_among(words: Set[str], target: Target, vocabulary: Vocabulary) -> set[str]:
    """Return those of `words`, includes as spelt among them, that CUDA's names become on a target by
    its tables or its naming rule, and that CUDA has not; none for a profile that renames nothing.
    """
    if target.as_is:
        return set()
    left = {w for w in words if target.is_own_name(w) or target.is_vendor_header(w)}
    left = {w for w in left if w not in vocabulary}
    if not left:
        return left
    found = left.intersection(_listed(target))
    if left - found:  # the naming rule is tried on every name that it may speak of
        found |= (left - found) & _ruled(target, vocabulary)
    return found


def _listed(target: Target) -> Iterator[str]:
    """Yield the target names of a target's tables, without their namespaces."""
    for _, _, line in target.table.lines.values():
        _, name, kind, _ = line.split(",", 3)
        if name and kind not in _SAY_NOTHING:
            yield name.rpartition("::")[2]


_made: dict[tuple[str, str], frozenset[str]] = {}  # by the digests of target and vocabulary


def _ruled(target: Target, vocabulary: Vocabulary) -> frozenset[str]:
    """Return what the naming rule makes of every name that there is."""
    key = target.digest, vocabulary.digest
    if key not in _made:
        names = (n for some in (vocabulary.names, target.table.bulk) for n in some)
        _made[key] = frozenset(new for n in names if (new := target.naming.derive(n)) is not None)
    return _made[key]
