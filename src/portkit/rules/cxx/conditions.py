# SPDX-License-Identifier: Apache-2.0
"""Tests of macros in conditions and in code: which names share a condition, and what is compared
where no directive says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from portkit.model.reading import Condition, Reference
from portkit.model.spans import Span
from portkit.model.words import Context
from portkit.rules.cxx.kernels import code
from portkit.rules.view import FileSource

_IN_CONDITION = frozenset({Context.CONDITION, Context.DEFINED, Context.INCLUDE})
_NO_CODE = _IN_CONDITION | {Context.STRING, Context.COMMENT, Context.DIRECTIVE, Context.PASTE}
_LINE_END = re.compile(rb"(?<!\\)\r?\n")
_TEST = re.compile(r"\bdefined\b|\b__has_\w+", re.A)
_NOT = re.compile(r"!(?!=)")
_OTHER = re.compile(r"[<>]=|[!=]=|<<|>>|[-+*/%?]|!\s*\((?!\s*defined)")
_OPERATOR = r"(<=|>=|==|!=|<(?!<)|(?<!-)>(?!>))"
_OPERAND = r"((?:0[xX])?\w+(?:'\w+)*)"
# What is compared may not go on behind its first word, nor begin before its last one.
_BEHIND = re.compile(rf"\s*{_OPERATOR}\s*{_OPERAND}(?!\w)(?!\s*(?:[-+*/%(.\[]|<<|::))", re.A)
_BEFORE = re.compile(rf"(?<![\w.])(?<!::){_OPERAND}\s*{_OPERATOR}\s*\Z", re.A)
_JOINED = re.compile(r"(?:[-+*/%~^.]|<<|>>|(?<!&)&|(?<!\|)\||(?<!!)!)\s*\Z")
_GOES_ON = re.compile(r"\s*(?:[-+*/%^.(\[]|<<|>>|&(?!&)|\|(?!\|)|::)")
_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_AROUND = 200  # bytes of code around a macro that may hold its comparison


def condition_lines(source: FileSource) -> Mapping[int, Sequence[int]]:
    """Return, for each reference that shares its condition with another one, all references of that
    condition. Use it through `source.once(condition_lines)`.
    """
    found: dict[int, Sequence[int]] = {}
    line: list[int] = []
    for index, ref in enumerate(source.references):
        if ref.context not in _IN_CONDITION:
            continue
        before = source.references[line[-1]] if line else None
        if before is not None and not _LINE_END.search(
            source.data, before.span.end, ref.span.start
        ):
            line.append(index)
        else:
            line = [index]
        if len(line) > 1:
            found.update(dict.fromkeys(line, line))
    return found


def are_alternatives(source: FileSource, line: Sequence[int]) -> bool:
    """Return whether a condition only asks whether one of several macros is defined, or that none
    is: each name is a test of its own then, and no half of another.
    """
    refs = [source.references[i] for i in line]
    if any(r.context is Context.CONDITION for r in refs):
        return False
    plain, at = source.once(code).plain, refs[0].span.start
    start = plain.rfind("#", 0, at)
    found = _LINE_END.search(source.data, refs[-1].span.end)
    text = plain[start : found.start() if found is not None else len(plain)]
    tests, nots = len(_TEST.findall(text)), len(_NOT.findall(text))
    if _OTHER.search(text) is not None:
        return False
    return ("&&" not in text and nots == 0) or ("||" not in text and nots == tests)


def comparisons_in_code(source: FileSource) -> Mapping[int, Condition]:
    """Return the comparisons of architecture and version macros outside of directives' conditions,
    by the index of the reference. Use it through `source.once(comparisons_in_code)`.

    What a longer expression compares is none: its value is not the macro's.
    """
    vocabulary, found = source.vocabulary, dict[int, Condition]()
    macros = vocabulary.arch_macros | vocabulary.version_macros
    for index, ref in enumerate(source.references):
        if ref.name in macros and not ref.user and ref.context not in _NO_CODE:
            condition = _comparison(source, ref)
            if condition is not None:
                found[index] = condition
    return found


def _comparison(source: FileSource, ref: Reference) -> Condition | None:
    plain, start, end = source.once(code).plain, ref.span.start, ref.span.end
    behind, before = plain[end : end + _AROUND], plain[max(0, start - _AROUND) : start]
    match = _BEHIND.match(behind)
    if match is not None and _JOINED.search(before) is None:
        operator, value = match.groups()
        if _is_clear(operator, value):
            span = Span(start, end + match.end())
            return Condition(span, ref.name, operator, value, "")
    match = _BEFORE.search(before)
    if match is not None and _GOES_ON.match(behind) is None:
        value, operator = match.groups()
        clear = _is_clear(operator, value) and _JOINED.search(before[: match.start()]) is None
        if clear:
            span = Span(start - (len(before) - match.start()), end)
            return Condition(span, ref.name, _MIRROR[operator], value, "")
    return None


def _is_clear(operator: str, value: str) -> bool:
    """Is it a comparison? `<` and `>` beside a name may be the brackets of template arguments."""
    return value[0].isdigit() or operator not in ("<", ">")
