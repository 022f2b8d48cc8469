# SPDX-License-Identifier: Apache-2.0
"""Which units are looked at first: those that show what there is to see of the files that many
share. What is taken back there is known before the others are read, which else were read twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence

from portkit.languages.cxx.project.jobs import UnitJob
from portkit.languages.cxx.values.reading import FileSummary
from portkit.vocab.vocabulary import Vocabulary

_MANY = 8  # units that share a file
_WORD = re.compile(r"[A-Za-z_]\w*", re.A)


def first_looks(
    units: Sequence[UnitJob],
    outputs: Container[str],
    summaries: Mapping[str, FileSummary],
    vocabulary: Vocabulary,
) -> set[str]:
    """Return the main files of as few units as show each shared file of `outputs` once, and once
    behind each header of CUDA's and each macro of the project's that may open a branch of it.
    """
    shares = Counter(f.rel for unit in units for f in unit.files if f.rel in outputs)
    shared = {
        rel: {word for branch in summaries[rel].branches for word in _WORD.findall(branch.guard)}
        for rel, count in shares.items()
        if count >= _MANY
    }
    found, shown = set[str](), set[tuple[str, str]]()
    for unit in units:
        pairs = {*_sights(unit, shared, summaries, vocabulary)} if shared else set()
        if not pairs <= shown:
            shown |= pairs
            found.add(unit.plan.main)
    return found


def _sights(
    unit: UnitJob,
    shared: Mapping[str, set[str]],
    summaries: Mapping[str, FileSummary],
    vocabulary: Vocabulary,
) -> Iterator[tuple[str, str]]:
    """Yield each shared file of a unit, with each thing there that may open a branch of it."""
    here = [f.rel for f in unit.files]
    outside = {spelling for some in unit.unresolved.values() for _, spelling in some}
    headers = [h for h in outside if vocabulary.header_library(h) is not None]
    macros = {name for rel in here for name, _, _ in summaries[rel].bodies}
    for rel in here:
        if rel in shared:
            yield rel, ""
            for opening in (*headers, *(macros & shared[rel])):
                yield rel, opening
