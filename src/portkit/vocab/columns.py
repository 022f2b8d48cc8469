# SPDX-License-Identifier: Apache-2.0
"""Plain lists of names that are CUDA's: the first column of a table."""

from __future__ import annotations

import csv
import functools

from portkit.vocab.data import mappings_folder


@functools.cache
def first_column(name: str) -> frozenset[str]:
    """Return the first cells of `mappings/cuda/<name>`, without the heading."""
    text = (mappings_folder() / "cuda" / name).read_text(encoding="utf-8")
    return frozenset(row[0] for row in csv.reader(text.splitlines()[1:]))


def libraries() -> frozenset[str]:
    """Return the names of CUDA's libraries as they are linked."""
    return first_column("link.csv")


def environment() -> frozenset[str]:
    """Return the variables of the environment that CUDA and its libraries read."""
    return first_column("environment.csv")
