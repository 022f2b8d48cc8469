# SPDX-License-Identifier: Apache-2.0
"""Files that only an include makes C++: `#include "kernels.def"`, whatever a file's name ends in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import msgspec

from portkit.files.discovery import Discovery, FoundFile
from portkit.files.include_index import IncludeIndex
from portkit.languages.registry import Reads
from portkit.run.contents import Contents

# By the letters: one too many, out of a comment, costs the reading of a file.
_INCLUDE = re.compile(
    rb"#[ \t]*+(?:include(?:_next)?|import)[ \t]*+(?:/\*[^\n]*?\*/[ \t]*+)?([<\"])([^>\"\r\n]++)[>\"]"
)


def with_included(found: Discovery, contents: Contents, reads: Reads) -> Discovery:
    """Return what was found with the files among `others` that it includes, directly or not.

    They are C++ then, and held to be read by `contents`.
    """
    others = {file.rel: file for file in found.others}
    if not others:
        return found
    lasts = {rel.rpartition("/")[2] for rel in others}
    taken = dict[str, FoundFile]()
    index: IncludeIndex | None = None
    waiting = [f for f in found.files if reads.includes(f.rel)]
    while waiting:
        file = waiting.pop()
        for spelling, angled in _includes(file.rel, contents, lasts):
            index = index or IncludeIndex(found.tree, dict(found.links))
            rel = index.resolve(spelling, file.rel, angled=angled)
            if rel in others and rel not in taken:
                taken[rel] = msgspec.structs.replace(others[rel], included=True)
                contents.add(taken[rel])
                waiting.append(taken[rel])
    if not taken:
        return found
    files = sorted([*found.files, *taken.values()], key=lambda f: f.fs_rel.encode(errors="replace"))
    left = tuple(file for file in found.others if file.rel not in taken)
    return msgspec.structs.replace(found, files=tuple(files), others=left)


def _includes(rel: str, contents: Contents, lasts: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Yield what a file includes of files with these last names: as spelt, and whether in <>."""
    try:
        data = contents.raw(rel)
    except OSError:
        return
    for match in _INCLUDE.finditer(data):
        spelling = match[2].decode("utf-8", "replace").strip()
        if spelling.replace("\\", "/").rpartition("/")[2] in lasts:
            yield spelling, match[1] == b"<"
