# SPDX-License-Identifier: Apache-2.0
"""The names that only a target has: where they stand in code, work was done already."""

from __future__ import annotations

from portkit.files.compiled import Form
from portkit.model.words import Kind
from portkit.targets.derived import DerivedVocabulary
from portkit.targets.floors import Floors
from portkit.targets.parts import table_files
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# words of the language, and names that are a project's own as often
_SAY_NOTHING = frozenset({Kind.BUILTIN, Kind.FIELD, Kind.NAMESPACE, Kind.DEVICE_FUNCTION})


def own_names(target: Target, vocabulary: Vocabulary) -> frozenset[str]:
    """Return the names that CUDA's become on a target, by its tables and naming rule, and that CUDA
    has not; empty for a profile that renames nothing.
    """
    return frozenset() if target.as_is else _own_names(target, vocabulary)


_made: dict[tuple[str, str], frozenset[str]] = {}  # by the digests of target and vocabulary


def _own_names(target: Target, vocabulary: Vocabulary) -> frozenset[str]:
    key = target.digest, vocabulary.digest
    if key not in _made:
        _made[key] = _kept_names(target, vocabulary)
    return _made[key]


def _kept_names(target: Target, vocabulary: Vocabulary) -> frozenset[str]:
    sources = [*table_files(target.folder, target.profile), target.folder / "target.toml"]
    form = Form(f"own-{target.profile}-{vocabulary.digest}", target.folder, sources)
    if (known := form.recall(frozenset[str])) is not None:
        return known
    derived = DerivedVocabulary(vocabulary, target, Floors())
    made = frozenset(
        name
        for name in derived.names
        if name not in vocabulary and any(e.kind not in _SAY_NOTHING for e in derived.get(name))
    )
    form.remember(lambda: made)
    return made
