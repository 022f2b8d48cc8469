# SPDX-License-Identifier: Apache-2.0
"""PK72x: tests of Python code whose outcome depends on the platform, with what they answer on the
route that the code takes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from portkit.model.plans import Finding
from portkit.model.reading import Gate
from portkit.model.words import Action, Effort, Severity
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget
from portkit.targets.routes import Answer, Route
from portkit.targets.target import Target

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_DIGITS = re.compile(r"\d+(?:\.\d+)*")
_JOINED_FROM = 20  # a number from here on is major * 10 + minor
_NEEDS, _LANGUAGES = ("gates",), ("python",)


def _route(target: RuleTarget) -> Route | None:
    from portkit.targets.ways import route_of  # not for trees of C++

    return route_of(target) if isinstance(target, Target) else None


def _asked(
    view: FileView, target: RuleTarget, asks: str
) -> Iterator[tuple[Gate, Route, Answer | None]]:
    """Yield the tests of a kind, with what they answer; none of a file that is ported."""
    route, facts = _route(target), view.scan.facts.python
    if route is None or facts is None or view.native:
        return
    for gate in facts.gates:
        if gate.asks == asks:
            yield gate, route, route.answer_to(gate)


def _args(
    gate: Gate, view: FileView, target: RuleTarget, route: Route, answer: Answer | None
) -> dict[str, str]:
    written = view.data[gate.span.start : gate.span.end].decode("utf-8", "replace")
    args = {
        "name": gate.name,
        "test": re.sub(r"\s+", " ", written),
        "target": target.id,
        "route": route.id,
    }
    if answer is not None:
        args |= {
            "value": answer.at(target.profile),
            "note": answer.note["en"],
            "note_zh": answer.note["zh"],
        }
    return args


def outcome(gate: Gate, value: str) -> bool | None:
    """Return how a compare with a literal ends where what is asked has a value; None: not known."""
    if not value or not gate.value or gate.operator not in _COMPARE:
        return None
    if value == "None" or gate.value == "None":
        return _COMPARE[gate.operator](value, gate.value) if gate.operator in ("==", "!=") else None
    if not (_DIGITS.fullmatch(value) and _DIGITS.fullmatch(gate.value)):
        return None
    there, asked = (tuple(map(int, text.split("."))) for text in (value, gate.value))
    if len(asked) == 1 and gate.asks == "capability" and asked[0] >= _JOINED_FROM:
        return _COMPARE[gate.operator](there[0] * 10 + there[-1], asked[0])
    if len(asked) == 1:
        there = there[:1]
    return _COMPARE[gate.operator](there, asked)


@rule(
    "PK720",
    "availability-gate",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_NEEDS,
    languages=_LANGUAGES,
    scope="file",
)
def availability(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Tests whether CUDA is available that answer no, or nobody knows what: one finding a file."""
    found = [
        (gate, route, answer)
        for gate, route, answer in _asked(view, target, "available")
        if answer is None or answer.at(target.profile) != "True"
    ]
    if not found:
        return
    gate, route, answer = found[0]
    args = _args(gate, view, target, route, answer) | {"count": str(len(found))}
    args["case"] = "unknown" if answer is None else "false"
    index = view.reference_in(gate.span, gate.name)
    manual = index is not None and view.decisions[index].action is Action.MANUAL
    yield finding("PK720", gate.span, args, severity=Severity.INFO if manual else None)


def _compared(id: str, asks: str, view: FileView, target: RuleTarget) -> Iterator[Finding]:
    for gate, route, answer in _asked(view, target, asks):
        args = _args(gate, view, target, route, answer)
        ends = outcome(gate, answer.at(target.profile)) if answer is not None else None
        args["case"] = "unknown" if ends is None else "true" if ends else "false"
        if ends is None and answer is not None:
            args["case"] = "noted"
        yield finding(id, gate.span, args)


@rule(
    "PK721",
    "device-capability-gate",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_NEEDS,
    languages=_LANGUAGES,
)
def capability(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A compare of the compute capability with a number of NVIDIA's."""
    return _compared("PK721", "capability", view, target)


@rule(
    "PK722",
    "runtime-version-gate",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=_NEEDS,
    languages=_LANGUAGES,
)
def version(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A compare of the version of CUDA that the framework was built for."""
    return _compared("PK722", "version", view, target)


@rule(
    "PK723",
    "presence-gate",
    severity=Severity.INFO,
    effort=Effort.MINUTES,
    needs=_NEEDS,
    languages=_LANGUAGES,
)
def presence(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A test whether the framework has the module at all, which says nothing of the platform."""
    for gate, route, answer in _asked(view, target, "presence"):
        args = _args(gate, view, target, route, answer)
        args["case"] = "unknown" if answer is None or not answer.value else "known"
        yield finding("PK723", gate.span, args)
