# SPDX-License-Identifier: Apache-2.0
"""Files that no language reads and that hold CUDA: Cython, templates, PTX, libraries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from portkit.files.discovery import FoundFile
from portkit.files.regular import SOURCE_BYTES, TooLargeError, open_regular, read_open
from portkit.languages.registry import Reads
from portkit.model.reading import Unread
from portkit.vocab.facts import UnreadKind
from portkit.vocab.vocabulary import Vocabulary

_NAMED = 5  # files of a kind that are named
_TAIL = 1 << 20  # bytes at the end of a large binary, where its sections are named
_HEAD = 1 << 10  # bytes in which a binary shows itself
_VERSIONED = ".so."


def unread_cuda(
    others: Sequence[FoundFile], vocabulary: Vocabulary, reads: Reads
) -> tuple[Unread, ...]:
    """Return the kinds of unread files that hold CUDA, sorted, each with how many there are."""
    kinds = {suffix: kind for kind in reversed(vocabulary.unread) for suffix in kind.suffixes}
    found = dict[str, list[tuple[str, int]]]()
    for file in others:
        last = file.rel.rpartition("/")[2].lower()
        suffix = ".so" if _VERSIONED in last else PurePosixPath(last).suffix
        kind = kinds.get(suffix) or kinds.get("*")
        if kind is not None and kind.but & {suffix, last}:
            continue
        words = _words(file.path, kind, reads) if kind is not None else None
        if kind is not None and words is not None:
            found.setdefault(kind.kind, []).append((file.rel, words))
    return tuple(
        Unread(
            kind,
            len(files),
            sum(words for _, words in files),
            tuple(sorted(rel for rel, _ in files)[:_NAMED]),
        )
        for kind, files in sorted(found.items())
    )


def _words(path: Path, kind: UnreadKind, reads: Reads) -> int | None:
    """Return how many words of CUDA's a file holds; None where nothing says that CUDA is in it."""
    if kind.tells == "name":
        return 0
    try:
        data = _bytes(path)
    except OSError:
        return None
    if "*" in kind.suffixes and b"\0" in data[:_HEAD]:
        return None  # no text, and no kind of binary that carries device code
    if kind.tells == "marks":
        return 0 if any(mark.encode() in data for mark in kind.marks) else None
    return reads.cuda_words(data) or None


def _bytes(path: Path) -> bytes:
    """Return a file's bytes; of one beyond the limit its end. Raises OSError."""
    handle = open_regular(path, follow=False)
    try:
        return read_open(handle, path, SOURCE_BYTES)
    except TooLargeError as error:
        return os.pread(handle, _TAIL, max(0, error.size - _TAIL))
    finally:
        os.close(handle)
