# SPDX-License-Identifier: Apache-2.0
"""Which code is a host's though it stands in a function that is compiled for both sides, and which
is a device's though no name marks it: lambdas.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from portkit.languages.cxx.letters.directives import Directives, read_directives
from portkit.model.spans import Span
from portkit.rules.cxx.kernels import brackets, code, lexed_source
from portkit.rules.view import FileSource

_ORDERS = ("<", "<=", "==", "!=")  # tests that part of the devices fail, beside the host
_HEAD = re.compile(
    r"\s*(?:\([^{};]{0,300}?\)\s*)?(?:mutable\b\s*|noexcept\b\s*)*(?:->\s*[\w:<>&*\s]+?)?\s*\{",
    re.A,
)


def host_branches(source: FileSource) -> tuple[Span, ...]:
    """Return the branches of conditions that are only compiled for the host: those that need a
    macro of the device's architecture not to be there. Use it through `source.once(host_branches)`.
    """
    macros = source.vocabulary.arch_macros
    if not any(macro.encode() in source.data for macro in macros):
        return ()
    directives = read_directives(source.once(lexed_source))
    return tuple(
        branch.span
        for branch in directives.branches
        if branch.without in macros and not _is_partial(source, directives, branch.span)
    )


def _is_partial(source: FileSource, directives: Directives, branch: Span) -> bool:
    """May a device compile what stands behind a test by a number: `#if X < 700 ... #else`?"""
    number = bisect_left(directives.lines, branch.start, key=lambda line: line.end)
    line = directives.lines[number] if number < len(directives.lines) else None
    if line is None or line.keyword != "else":
        return False
    depth = 0
    for before in reversed(directives.lines[:number]):
        if before.keyword == "endif":
            depth += 1
        elif before.keyword in ("if", "ifdef", "ifndef"):
            if not depth:
                return any(
                    c.operator in _ORDERS and before.start <= c.span.start < before.end
                    for c in source.scan.facts.conditions
                )
            depth -= 1
    return False


def in_host_branch(source: FileSource, span: Span) -> bool:
    """Return whether a place is only compiled for the host."""
    return any(branch.contains(span) for branch in source.once(host_branches))


def device_lambdas(source: FileSource) -> list[Span]:
    """Return the bodies of lambdas that are marked as device code: `[=] __device__ (int i) {...}`.
    Use it through `source.once(device_lambdas)`.
    """
    words = [w for w, space in source.vocabulary.execution_space.items() if space == "device"]
    words = [word for word in words if word.encode() in source.data]
    if not words or b"]" not in source.data:
        return []
    plain, pairs, found = source.once(code).plain, source.once(brackets), list[Span]()
    either = "|".join(map(re.escape, words))
    for match in re.finditer(rf"\]\s*(?:__\w+__\s*)*?(?:{either})\b", plain, re.A):
        head = _HEAD.match(plain, match.end())
        if head is not None:
            found.append(Span(head.end() - 1, pairs.statement_end(head.end() - 1)))
    return found
