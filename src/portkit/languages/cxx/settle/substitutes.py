# SPDX-License-Identifier: Apache-2.0
"""Declarations that take the place of CUDA's in builds without it.

`#ifdef HAS_CUDA / #include <cuda_runtime.h> / #else / typedef void* cudaStream_t; / #endif`: the
name is CUDA's in one build and the project's in the other, and code that both builds share uses it.
Both sides must change together, so such a declaration makes a name no word of the project's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.settle.syntax import SyntaxTree
from portkit.languages.cxx.values.preprocessor import Branch, Include
from portkit.vocab.vocabulary import Vocabulary


class SeenBranches(Protocol):
    """What of a file says which macros switch CUDA on (see summary.Summary)."""

    @property
    def includes(self) -> tuple[Include, ...]: ...
    @property
    def branches(self) -> tuple[Branch, ...]: ...
    @property
    def defined(self) -> tuple[str, ...]: ...


def substituting_branches(
    files: Mapping[str, SeenBranches],
    own_includes: Mapping[str, Iterable[tuple[Include, str]]],
    vocabulary: Vocabulary,
) -> dict[str, list[Branch]]:
    """Return for each file that has any the branches whose declarations take the place of CUDA's.

    A branch counts when it needs the opposite of what CUDA's headers need somewhere in the project:
    the branch without X of an X under which they are included, or the branch of an X without which
    they are.
    """
    needed, refused = _switches(files, own_includes, vocabulary)
    found = {}
    for rel, file in files.items():
        branches = [
            b
            for b in file.branches
            if (b.without and b.without in needed) or (b.guard and b.guard in refused)
        ]
        if branches:
            found[rel] = branches
    return found


def _switches(
    files: Mapping[str, SeenBranches],
    own_includes: Mapping[str, Iterable[tuple[Include, str]]],
    vocabulary: Vocabulary,
) -> tuple[set[str], set[str]]:
    """Return the macros with which, and those without which, CUDA's headers are included."""
    needed: set[str] = set()
    refused: set[str] = set()
    for rel, source in files.items():
        own = {include.span for include, _ in own_includes.get(rel, ())}
        for include in source.includes:
            if include.span in own or (
                vocabulary.header(include.spelling) is None
                and vocabulary.header_library(include.spelling) is None
            ):
                continue
            branch = _innermost(source.branches, include.span.start)
            if branch is None:
                continue
            if branch.guard.isidentifier():
                needed.add(branch.guard)
            elif (
                branch.without and branch.without not in source.defined
            ):  # else it keeps a header from a second reading
                refused.add(branch.without)
    return needed - refused, refused - needed


def _innermost(branches: Iterable[Branch], offset: int) -> Branch | None:
    around = [b for b in branches if b.span.start <= offset < b.span.end]
    return max(around, key=lambda b: b.span.start) if around else None


def declared_in(source: SourceFile, branches: list[Branch], *, own: bool = False) -> dict[int, str]:
    """Return offset -> word of CUDA's names that the branches declare outside of functions and
    classes of their own. `own`: of words that only have CUDA's shape.
    """

    def inside(c: Candidate) -> list[Branch]:
        return [b for b in branches if b.span.start <= c.offset < b.span.end]

    words = [
        c
        for c in source.candidates
        if c.zone is Zone.CODE
        and bool(c.entities) is not own
        and not (c.member or c.weak or c.scope)
        and inside(c)
    ]
    if not words:
        return {}
    tree, found = SyntaxTree(source.code), {}
    for c in words:
        scope = tree.declares(c.offset, c.word)
        if scope is not None and any(
            scope[0] <= b.span.start and b.span.end <= scope[1] for b in inside(c)
        ):
            found[c.offset] = c.word
    return found
