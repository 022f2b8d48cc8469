# SPDX-License-Identifier: Apache-2.0
"""Include guards of CUDA's headers: programs test them to know which header was included before."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from vocabulary.names import GUARD_FLAG, Name, Table, add
from vocabulary.places import SKIP, library_of, shown

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_CONTINUED = re.compile(r"\\\r?\n")
_TEST = re.compile(r"\s*#\s*(?:ifndef\s+(\w+)|if\s*!\s*defined\s*\(?\s*(\w+)\s*\)?)\s*", re.A)
_DEFINE = re.compile(r"\s*#\s*define\s+(\w+)\s*(?:1\s*)?", re.A)
_GUARD = re.compile(r"\w+_(?:h|hpp|cuh|header)_{0,2}", re.A | re.I)
# What a header defines for its own declarations: programs test it likewise.
_OWN_MARK = re.compile(r"^\s*#\s*define\s+([A-Z]+(?<!WIN)API)(?![\w(])", re.A | re.M)
_HEADERS = (".h", ".hpp", ".cuh")
# Headers that come along and are not CUDA's, or that no program includes.
_OTHERS = re.compile(r"(^|/)(CL|gpunetio|non_abi|common)/|(^|/)efa_|_stub\.h$")


def guards_of(text: str) -> Iterator[str]:
    """Yield the include guard of a header, and the marks that programs test in its place."""
    plain = _CONTINUED.sub(" ", _COMMENT.sub(" ", text))
    lines = [line for line in plain.splitlines() if line.strip()]
    begins = True
    for line, following in itertools.pairwise(lines):
        test, made = _TEST.fullmatch(line), _DEFINE.fullmatch(following)
        if begins and test is not None and made is not None and made[1] in test.groups():
            begins = False
            if _GUARD.fullmatch(made[1]):
                yield made[1]
        begins = begins and line.lstrip().startswith("#")
    yield from dict.fromkeys(_OWN_MARK.findall(plain))


def read_guards(root: Path, table: Table) -> dict[str, set[str]]:
    """Add the guards of every header that programs include, the newest release first; return which
    releases each library was read from.

    Those of CCCL are left out: its headers say `#pragma once`.
    """
    covered: dict[str, set[str]] = defaultdict(set)
    for folder in sorted(root.iterdir(), key=lambda p: (-int(p.name.rpartition("-")[2]), p.name)):
        label, _, release = folder.name.rpartition("-")
        if label == "cccl":
            continue
        for path in sorted(folder.rglob("*")):
            header = path.relative_to(folder).as_posix()
            if path.suffix not in _HEADERS or SKIP.search(header) or _OTHERS.search(header):
                continue
            library = library_of(label, header)
            covered[library].add(release)
            for name in guards_of(path.read_text(encoding="utf-8", errors="replace")):
                where = shown(header) if "/details/" in header else header
                made = Name(name, "macro", library, header=where, type="empty")
                made.flags.add(GUARD_FLAG)
                add(table, made, release)
    return covered
