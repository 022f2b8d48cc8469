# SPDX-License-Identifier: Apache-2.0
"""Programs that one author wrote twice, in CUDA and in HIP, beside each other: which name stands
where the other has one of CUDA's.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from portkit.vocab.vocabulary import Vocabulary

_WORD = re.compile(r"[A-Za-z_]\w*|\S", re.A)
_SUFFIXES = {".cu", ".cuh", ".h", ".hpp", ".cpp", ".cc", ".c"}
_NAME = re.compile(r"[A-Za-z_]\w*", re.A)
_INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^>"]+)[>"]')


def pairs(folder: Path, vocabulary: Vocabulary) -> dict[tuple[str, str], set[str]]:
    """Return for each (CUDA's name, name there) the programs `X` of `folder`/X-cuda and
    `folder`/X-hip that have them in the same place.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cuda in sorted(folder.glob("*-cuda")):
        program = cuda.name.removesuffix("-cuda")
        for before, after in _files(cuda, folder / f"{program}-hip"):
            for pair in _aligned(before, after):
                if pair[0] in vocabulary or vocabulary.header(pair[0]) is not None:
                    found[pair].add(program)
    return found


def _files(cuda: Path, hip: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(p for p in cuda.rglob("*") if p.suffix in _SUFFIXES and p.is_file()):
        other = hip / path.relative_to(cuda)
        if other.is_file():
            yield path.read_text(errors="replace"), other.read_text(errors="replace")


def _aligned(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield names that replace each other, line by line: lines that were changed in equal numbers,
    and in them words in equal numbers.
    """
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "replace" or j - i != m - k:
            continue
        for one, other in zip(old[i:j], new[k:m], strict=True):
            includes = _INCLUDE.match(one), _INCLUDE.match(other)
            if includes[0] and includes[1]:
                yield includes[0][1], includes[1][1]
                continue
            words, others = _WORD.findall(one), _WORD.findall(other)
            if len(words) != len(others):
                continue
            for a, b in zip(words, others, strict=True):
                if a != b and _NAME.fullmatch(a) and _NAME.fullmatch(b):
                    yield a, b
