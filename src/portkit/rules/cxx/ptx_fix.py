# SPDX-License-Identifier: Apache-2.0
"""Inline PTX with one instruction that a CUDA C++ function does exactly: the edit that replaces the
statement.
"""

from __future__ import annotations

import itertools
import re

from portkit.languages.ptx.catalogue import meaning
from portkit.languages.ptx.parser import Assembly
from portkit.model.spans import Edit, Span
from portkit.model.words import Kind
from portkit.rules.cxx.fix_names import name_there
from portkit.rules.cxx.kernels import code
from portkit.rules.view import FileView, RuleTarget

_NUMBERED = re.compile(r"%(\d+)", re.A)
_NAME = re.compile(r"\b[A-Za-z_]\w*(?=\s*\()", re.A)
_SIMPLE = re.compile(r"[A-Za-z_]\w*(?:(?:\.|->)[A-Za-z_]\w*|\[\w+\])*", re.A)


def exact_fix(
    view: FileView, span: Span, assembly: Assembly, target: RuleTarget
) -> tuple[Edit, ...]:
    """Return the edit that writes a statement as a call, or nothing when it is not exactly the
    same.

    `span` is the asm statement from its keyword to its closing parenthesis. The function must be
    known on the target.
    """
    if len(assembly.instructions) != 1 or assembly.directives or assembly.unread:
        return ()
    (instruction,) = assembly.instructions
    template = meaning(instruction).fix
    if not template or instruction.predicate:
        return ()
    expressions = operand_expressions(view, span)
    words = []
    for operand in instruction.operands:
        number = _NUMBERED.fullmatch(operand)
        if number is not None and int(number.group(1)) >= len(expressions):
            return ()
        words.append(expressions[int(number.group(1))] if number else operand)
    needed = {int(n) for n in re.findall(r"\{(\d+)\}", template)}
    if needed and (
        max(needed) >= len(words)
        or not all(_NUMBERED.fullmatch(instruction.operands[n]) for n in needed)
    ):
        return ()
    call = _on_target(template, view, target)
    if call is None:
        return ()
    new = re.sub(r"\{(\d+)\}", lambda m: words[int(m.group(1))], call)
    return (Edit(span, view.data[span.start : span.end], new.encode("latin-1")),)


def operand_expressions(view: FileView, span: Span) -> list[str]:
    """Return the C++ expressions of an asm statement's operands, outputs first, as text (one
    character a byte).
    """
    both = view.once(code)
    depth, colons = 0, []
    for match in re.compile(r"[()\[\]{}]|::|:|\?").finditer(both.plain, span.start, span.end):
        char = match.group()
        depth += (char in "([{") - (char in ")]}")
        if depth == 1 and char in (":", "::"):
            colons += [match.end()] * len(char)
    found = []
    # outputs and inputs; what is clobbered comes third
    for start, end in itertools.pairwise([*colons[:3], span.end - 1][:3]):
        found += [
            _parenthesised(both.text[m.start(1) : m.end(1)].strip())
            for m in _operands(both.plain, start, end)
        ]
    return found


def _operands(plain: str, start: int, end: int) -> list[re.Match[str]]:
    return list(
        re.compile(r"\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)").finditer(plain, start, end)
    )


def _parenthesised(expression: str) -> str:
    return expression if _SIMPLE.fullmatch(expression) else f"({expression})"


def _on_target(template: str, view: FileView, target: RuleTarget) -> str | None:
    """Return the template in the target's spelling, or None when a function of it is not known to
    be there.
    """
    result = template
    for name in _NAME.findall(template):
        there = name_there(name, (Kind.DEVICE_FUNCTION, Kind.FUNCTION), view, target)
        if not there:
            return None
        result = re.sub(rf"\b{re.escape(name)}\b", there, result)
    return result
