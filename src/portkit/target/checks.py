# SPDX-License-Identifier: Apache-2.0
"""Checks over a target's whole table, for `targets --check` and CI."""

from __future__ import annotations

from portkit.target.target import Target
from portkit.vocab.vocabulary import Vocabulary


def check_target(target: Target, vocabulary: Vocabulary) -> list[str]:
    """Return every fault: rows that do not parse, names that are no CUDA name, a row that only repeats another's target twice."""
    problems = target.table.check()
    for name, (library, where, _) in target.table.cells.items():
        last = name.rpartition("::")[2]
        if last not in vocabulary and vocabulary.shape_of(last) is None and library not in ("headers", "other", "compiler"):
            problems.append(f"{where}: {name} is not in the CUDA vocabulary")
    for guard, facts in target.guards.items():
        if guard not in vocabulary:
            problems.append(f"{target.id}/target.toml: guard {guard} is not in the CUDA vocabulary")
        if "value" not in facts and "fact" not in facts:
            problems.append(f"{target.id}/target.toml: guard {guard} has neither value nor fact")
    return problems
