# SPDX-License-Identifier: Apache-2.0
"""Several CUDA functions with one target name: where they take other numbers of arguments, they
cannot all be its equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from portkit.vocab.vocabulary import Vocabulary

Arity = tuple[int, float]


def arity(name: str, vocabulary: Vocabulary) -> Arity | None:
    """Return the least and the most arguments of a CUDA function, or None where the vocabulary does
    not say.
    """
    text = next((e.arity for e in vocabulary.get(name) if e.arity), "")
    least, _, most = text.rstrip("+").partition("-")
    if not least.isdigit():
        return None
    return int(least), float("inf") if text.endswith("+") else int(most or least)


def mark_shared(rows: Iterable[dict[str, Any]], vocabulary: Vocabulary) -> None:
    """Set pairs=no on a row that only the prefix pairs, where a better known one has its target and
    another arity.

    Better known: a stronger word for the pairing, or the runtime's function where both are only
    alike (the target name is known from uses in the runtime's way). The note says which.
    """
    sharing: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["status"] == "mapped" and row["kind"] == "function":
            sharing[row["target"]].append(row)
    for group in sharing.values():
        for row in group:
            own = arity(row["name"], vocabulary)
            for other in group:
                there = arity(other["name"], vocabulary)
                better = other["pairs"] in ("usage", "table") or (
                    other["library"] == "runtime" != row["library"] and other["pairs"] != "no"
                )
                if (
                    row["pairs"] != "alike"
                    or other is row
                    or not better
                    or own is None
                    or there is None
                ):
                    continue
                if own[1] != there[1]:  # the least may be less by default arguments
                    row["pairs"] = "no"
                    row["note"] = "; ".join(
                        filter(
                            None,
                            [
                                row["note"],
                                f"{row['target']} is known as {other['name']}'s, with other arguments",
                            ],
                        )
                    )
