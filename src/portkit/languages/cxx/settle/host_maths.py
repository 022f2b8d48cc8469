# SPDX-License-Identifier: Apache-2.0
"""Calls of C's mathematics in host code: `sqrtf` is CUDA's in a kernel, and <cmath>'s elsewhere."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.source import SourceFile
from portkit.model.reading import Reference
from portkit.model.words import Context, Kind
from portkit.vocab.vocabulary import Vocabulary

_CODE = frozenset({Context.CALL, Context.NAME})
_OPENS = re.compile(r"\bnamespace\b|\bextern\b\s*\Z", re.A)
_CLASS = re.compile(r"\b(?:class|struct|union)\b[^()]*\Z", re.A)
# What may be a macro that makes device code of a function: before its name, or behind a lambda's []
_MACRO = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b", re.A)
_LAMBDA = re.compile(r"\]\s*(?:\([^()]*\)\s*)?[A-Z][A-Z0-9_]{2,}\b", re.A)
_WORD = re.compile(r"[A-Za-z_]\w*+", re.A)


def without_host_maths(
    source: SourceFile,
    references: Sequence[Reference],
    spaces: Iterable[str],
    vocabulary: Vocabulary,
) -> Sequence[Reference]:
    """Return the references without C's mathematics in functions that are the host's for sure.

    `spaces`: words and macros in sight that mark an execution space. What may be device code, since
    a macro or `constexpr` stands there, keeps its references.
    """
    maths = [r for r in references if _is_maths(r, vocabulary)]
    if not maths:
        return references
    blocks = _host_blocks(source, frozenset(spaces))
    starts = [start for start, _ in blocks]

    def is_hosts(ref: Reference) -> bool:
        number = bisect_right(starts, ref.span.start) - 1
        return number >= 0 and ref.span.end <= blocks[number][1]

    left = {id(ref) for ref in maths if is_hosts(ref)}
    return [ref for ref in references if id(ref) not in left] if left else references


def _is_maths(ref: Reference, vocabulary: Vocabulary) -> bool:
    return (
        ref.kind is Kind.DEVICE_FUNCTION
        and ref.context in _CODE
        and not ref.qualifier
        and not ref.user
        and ref.name in vocabulary.host_maths
    )


def _host_blocks(source: SourceFile, spaces: frozenset[str]) -> list[tuple[int, int]]:
    """Return the outermost blocks of functions and classes that are the host's, in file order."""
    brackets, found, behind = Brackets(source.lexed, source.directives), list[tuple[int, int]](), 0
    plain = brackets.plain
    for opened, closed in brackets.blocks():
        if opened < behind:
            continue
        begin = max(plain.rfind(sign, 0, opened) for sign in ";{}") + 1
        head = plain[begin:opened]
        if _OPENS.search(head):
            continue
        behind = closed
        if _is_host(head, plain[opened:closed], spaces):
            found.append((opened, closed))
    return found


def _is_host(head: str, body: str, spaces: frozenset[str]) -> bool:
    is_class = _CLASS.search(head) is not None
    if (")" not in head and not is_class) or _MACRO.search(head.partition("(")[0]):
        return False
    if is_class and _MACRO.search(body):
        return False
    words = {*_WORD.findall(head), *_WORD.findall(body)}
    if "constexpr" in words or not spaces.isdisjoint(words):
        return False
    return _LAMBDA.search(body) is None
