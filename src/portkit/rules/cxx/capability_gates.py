# SPDX-License-Identifier: Apache-2.0
"""PK207: tests of the compute capability that a device reports at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import Effort, Kind, Severity
from portkit.rules.any.features import FEATURE_LEFT, features_of_reference, state_of
from portkit.rules.cxx.kernels import arguments, code
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

_FEATURE = "compute-capability"
_REACH = 3000  # bytes behind an assignment in which the variable is looked for
_COMPARES = r"(?:<=?|>=?|==|!=)(?![<>=])"
# a generation, or a name for one; 9999 is what stands for no device
_NUMBER = r"(?:(?!9999\b)\d+|[A-Z]\w*)"
_BEHIND = re.compile(rf"\s*{_COMPARES}\s*{_NUMBER}", re.A)
_BEFORE = re.compile(
    rf"(?:\d+|\b[A-Z]\w*)\s*{_COMPARES}\s*[A-Za-z_]\w*(?:\[[^\]]*\])?\s*(?:\.|->)\s*\Z", re.A
)
_RECEIVER = re.compile(r"[A-Za-z_][\w\[\].]*\s*(?:\.|->)\s*\Z", re.A)
_ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)\s*=(?!=)(?:[^;=<>{}]|->)*\Z", re.A)
# what goes before the last part of a number that is made of several: `p.major * 10 + p.minor`
_SUMMED = re.compile(r"(?:\d+\s*\*\s*)?[A-Za-z_][\w\[\].>-]*(?:\s*\*\s*\d+)?\s*\+\s*\Z", re.A)
_CHOSEN = re.compile(r"\bswitch\s*\(\s*\Z", re.A)
_FILLED = re.compile(r"\s*&\s*([A-Za-z_]\w*)\s*", re.A)
_GIVING = frozenset({Kind.ENUMERATOR, Kind.FUNCTION})


class Gate(NamedTuple):
    """A test: the reference that it rests on, and its place."""

    reference: int
    span: Span


@rule(
    "PK207",
    "capability-gate",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
)
def capability_gate(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A comparison of the compute capability that a device reports, or of a number made of it."""
    state = state_of(_FEATURE, target)
    gates = view.once(_gates) if state.status != "same" else []
    if not gates:
        return
    left, plain = set(view.because(*FEATURE_LEFT)), view.once(code).plain
    for index, span in gates:
        if index in left or view.ported(span, target):
            continue
        args = {
            "test": re.sub(r"\s+", " ", plain[span.start : span.end]),
            "target": target.id,
            "case": "known" if state.note else "unknown",
            "note": state.note.get("en", ""),
            "note_zh": state.note.get("zh", ""),
        }
        yield finding("PK207", span, args, (index,))


def _gates(source: FileSource) -> list[Gate]:
    """Return the tests of a file, in its order."""
    found, spoken = dict[int, Gate](), dict[str, bool]()
    for index, ref in enumerate(source.references):
        if ref.user or (ref.kind is not Kind.FIELD and ref.kind not in _GIVING):
            continue
        if (told := spoken.get(ref.name)) is None or ref.kind is Kind.FIELD:
            told = spoken[ref.name] = _FEATURE in features_of_reference(source, ref)
        if not told:
            continue
        plain = source.once(code).plain
        tests = _tests if ref.kind is Kind.FIELD else _tests_of_filled
        for span in tests(plain, ref.span):
            found.setdefault(span.start, Gate(index, span))
    return [gate for _, gate in sorted(found.items())]


def _tests(plain: str, name: Span) -> Iterator[Span]:
    before = plain[max(0, name.start - 200) : name.start]
    base = name.start - len(before)
    receiver = _RECEIVER.search(before)
    start = base + receiver.start() if receiver is not None else name.start
    behind = _BEHIND.match(plain, name.end)
    if behind is not None:
        summed = _SUMMED.search(plain, max(0, start - 60), start)
        yield Span(summed.start() if summed is not None else start, behind.end())
        return
    chosen = _CHOSEN.search(plain, max(0, start - 20), start)
    if chosen is not None and plain[name.end : name.end + 20].lstrip()[:1] == ")":
        yield Span(chosen.start(), plain.find(")", name.end) + 1)
        return
    turned = _BEFORE.search(before)
    if turned is not None:
        yield Span(base + turned.start(), name.end)
        return
    assigned = _ASSIGNED.search(before)
    if assigned is None:
        return
    yield from _asked(plain, assigned[1], name.end)


def _tests_of_filled(plain: str, name: Span) -> Iterator[Span]:
    """Yield the tests of the variables that a call fills: `get(&major, NAME, device)`, where the
    name is the function's or one of its arguments.
    """
    position = name.end
    if plain[position : position + 20].lstrip()[:1] != "(":
        start, depth = name.start - 1, 0
        while start > max(0, name.start - 200) and not (plain[start] == "(" and not depth):
            if plain[start] in ";{}":
                return
            depth += (plain[start] == ")") - (plain[start] == "(")
            start -= 1
        position = start
    for given in arguments(plain, position):
        filled = _FILLED.fullmatch(plain, given.start, given.end)
        if filled is not None:
            yield from _asked(plain, filled[1], given.end)


def _asked(plain: str, variable: str, start: int) -> Iterator[Span]:
    """Yield where the function goes on to test a variable."""
    end = plain.find("\n}", start)
    end = min(start + _REACH, end if end >= 0 else len(plain))
    asked = re.compile(
        rf"(?<![\w.>])(?:{variable}\s*{_COMPARES}\s*{_NUMBER}|switch\s*\(\s*{variable}\s*\))",
        re.A,
    )
    for match in asked.finditer(plain, start, end):
        yield Span(match.start(), match.end())
