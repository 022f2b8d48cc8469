# SPDX-License-Identifier: Apache-2.0
"""What a vocabulary's tables must not hold in cells that reading takes on trust."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from portkit.model.words import Kind
from portkit.vocab.facts import VocabularyFacts, read_facts
from portkit.vocab.tables import read_tables, split_row

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_ARITY = re.compile(r"\d+(-\d+|\+)?")


def vocabulary_faults(folder: Path) -> list[str]:
    """Check every cell of every row; return what is wrong as `library.csv: name: reason`."""
    facts = read_facts(folder / "vocabulary.toml", hashlib.sha256())
    rows, _ = read_tables(folder)
    found = []
    for name in rows.names():
        for library, line in rows.get(name):
            found += _row_faults(library, line, facts)
    return sorted(found)


def _row_faults(library: str, line: str, facts: VocabularyFacts) -> list[str]:
    name, kind, qualifier, header, since, deprecated, removed, arity, flags, _ = split_row(line)
    found = [
        f"bad version {v!r}"
        for v in (since, deprecated, removed)
        if v and not _VERSION.fullmatch(v)
    ]
    found += [f"unknown flag {f!r}" for f in flags.split() if f not in facts.flags]
    if arity and not _ARITY.fullmatch(arity):
        found.append(f"bad arity {arity!r}")
    if kind == Kind.FIELD and not qualifier:
        found.append("a field without its struct")
    if kind == Kind.HEADER and header != name:
        found.append("a header whose header is not itself")
    if library not in facts.libraries:
        found.append(f"{library} is not among the libraries of vocabulary.toml")
    return [f"{library}.csv: {name}: {reason}" for reason in found]
