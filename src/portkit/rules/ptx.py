# SPDX-License-Identifier: Apache-2.0
"""PK4xx: inline PTX. Which words are PTX instructions stands in ptx.toml."""

from __future__ import annotations

import functools
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from portkit.model import AsmStatement, Effort, Finding, Severity
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_LABEL = re.compile(r"\A(?:[A-Za-z_$%][\w$%]*\s*:\s*)+", re.A)
_PREDICATE = re.compile(r"\A@!?%{0,2}\w+\s+", re.A)
_WORD = re.compile(r"[a-z][\w.:]*", re.A)
_DIRECTIVE = re.compile(r"(?:\A|[\s{;])\.(?:reg|local|shared|param|pragma)\b", re.A)
SHOWN = 8


@functools.cache
def opcodes() -> frozenset[str]:
    """Return the first words of PTX instructions."""
    text = (Path(__file__).parent / "ptx.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["opcodes"])


def mnemonics(text: str) -> list[str]:
    """Return the instructions of an assembly template with their suffixes, each once, in order of appearance."""
    found: dict[str, None] = {}
    for statement in re.split(r"[;\n{}]", _COMMENT.sub(" ", text)):
        body = _PREDICATE.sub("", _LABEL.sub("", statement.strip()))
        match = _WORD.match(body)
        if match is not None:
            found[match.group().rstrip(".:")] = None
    return list(found)


def is_ptx(text: str, words: list[str]) -> bool:
    """Return whether a template is PTX by itself: a dotted PTX instruction, or a PTX declaration."""
    known = opcodes()
    return any("." in w and w.split(".")[0] in known for w in words) or _DIRECTIVE.search(text) is not None


@rule("PK401", "inline-ptx", severity=Severity.ERROR, effort=Effort.HOURS, needs=("asm",), blocking=True)
def inline_ptx(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Inline assembly that is PTX or stands in device code; the host's own assembly is not CUDA's business."""
    bodies = sorted(k.span for k in view.scan.facts.kernels)
    starts = [b.start for b in bodies]
    for statement in view.scan.facts.asm:
        words = mnemonics(statement.text)
        before = bisect_right(starts, statement.span.start) - 1
        device = before >= 0 and bodies[before].contains(statement.span)
        virtual = is_ptx(statement.text, words)
        if not (device or virtual) or view.ported(statement.span, target):
            continue
        yield _finding(statement, words, virtual, target)


def _finding(statement: AsmStatement, words: list[str], virtual: bool, target: RuleTarget) -> Finding:
    if not words:
        args = {"case": "empty", "target": target.id, "mnemonics": "", "count": "0"}
        return finding("PK401", statement.span, args, severity=Severity.INFO, blocking=False, effort=Effort.MINUTES)
    shown = ", ".join(words[:SHOWN]) + (", ..." if len(words) > SHOWN else "")
    args = {"mnemonics": shown, "count": str(len(words)), "target": target.id}
    if not virtual and any(w.split(".")[0] not in opcodes() for w in words):
        args["case"] = "other"
    return finding("PK401", statement.span, args)
