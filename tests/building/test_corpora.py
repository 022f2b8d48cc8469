# SPDX-License-Identifier: Apache-2.0
"""No word of CUDA's in the CMake files of real trees without a decision, by an independent search.

PORTKIT_TREES names a folder of trees; without it there is nothing to search.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portkit.languages.cmake.language import CMake
from portkit.vocab.vocabulary import load_vocabulary

TREES = os.environ.get("PORTKIT_TREES", "")
LOOK = re.compile(r"cuda|nvcc|\.cuh?\b", re.I)
# what is written for people: messages, comments, descriptions of options and of cached variables
PROSE = re.compile(
    r"\bmessage\s*\([^()]*(?:\([^()]*\)[^()]*)*\)|#\[\[.*?\]\]|#[^\n]*|"
    r"\boption\s*\(\s*\S+\s+\"[^\"]*\"|\bCACHE\s+\w+\s+\"[^\"]*\"|"
    r"\b(?:COMMENT|DOC|DESCRIPTION)\s+\"[^\"]*\"",
    re.S | re.I,
)


def cmake_files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            if CMake().claims(name):
                yield Path(folder) / name


@pytest.mark.skipif(not TREES, reason="PORTKIT_TREES names no folder")
def test_an_independent_search_finds_nothing_more() -> None:
    vocabulary, language, searched, missed = load_vocabulary(), CMake(), 0, []
    for path in cmake_files(Path(TREES)):
        data = path.read_bytes()
        text = PROSE.sub(lambda m: " " * len(m.group()), data.decode("latin-1"))
        words = [m.start() for m in LOOK.finditer(text)]
        if not words:
            continue
        assert language.wants(data, vocabulary)
        found = language.parse(data, "utf-8", vocabulary).references
        searched += len(words)
        missed += [
            f"{path}:{text.count(chr(10), 0, at) + 1}"
            for at in words
            if not any(r.span.start <= at < r.span.end for r in found)
        ]
    assert searched and missed == []
