# SPDX-License-Identifier: Apache-2.0
"""Launches whose brackets are cut: `k<< <grid, block>> >(p)`, as formatters leave them. nvcc takes
them, Clang does not.
"""

from __future__ import annotations

import re

from portkit.languages.cxx.letters.lexer import Lexed, code_before

_OPEN = re.compile(r"<<(?<!<<<)\s++<(?![<=])|<<<(?<!<<<<)(?![<=])", re.A)
_CLOSE = re.compile(r">>\s*+>(?!>)(?=\s*+\()|>\s++>>(?!>)(?=\s*+\()|[;{}]", re.A)
_ANY = re.compile(r"<<\s++<|>>\s++>\s*+\(|>\s++>>\s*+\(", re.A)
_OPERATOR = re.compile(r"(?<![\w$])operator\Z", re.A)
_WHOLE = 3  # characters of a bracket that nothing cuts

Cut = tuple[tuple[int, int], tuple[int, int]]


def spaced_launches(lexed: Lexed) -> tuple[Cut, ...]:
    """Return start and end of both brackets of each launch one of whose brackets is cut."""
    code, found, behind = lexed.code, list[Cut](), 0
    if "<<" not in code or _ANY.search(code) is None:
        return ()
    for opened in _OPEN.finditer(code):
        start, end = opened.span()
        if start < behind or not lexed.is_code(start) or _names_operator(code, start):
            continue
        closed = _closing(lexed, end)
        if closed is None:
            continue
        behind = closed[1]
        if end - start > _WHOLE or closed[1] - closed[0] > _WHOLE:
            found.append((opened.span(), closed))
    return tuple(found)


def joined(data: bytes, cuts: tuple[Cut, ...]) -> bytes:
    """Return the bytes with each bracket in one piece and what cut it behind; of the same length."""
    for bracket in (bracket for cut in cuts for bracket in cut):
        start, end = bracket
        sign = data[start : start + 1]
        piece = data[start:end]
        first = len(piece) - len(piece.lstrip(sign))
        gap = piece[first : len(piece) - (_WHOLE - first)]
        data = data[:start] + sign * _WHOLE + gap + data[end:]
    return data


def _closing(lexed: Lexed, start: int) -> tuple[int, int] | None:
    for match in _CLOSE.finditer(lexed.code, start):
        if lexed.is_code(match.start()):
            return None if match.group() in ";{}" else match.span()
    return None


def _names_operator(code: str, start: int) -> bool:
    """Is it `operator<< <T>`?"""
    end = code_before(code, start)
    return _OPERATOR.search(code, max(0, end - 10), end) is not None
