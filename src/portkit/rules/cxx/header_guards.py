# SPDX-License-Identifier: Apache-2.0
"""PK206: tests of the include guards of CUDA's headers. What another vendor's header is guarded by
only that header says, and a test of a macro that nothing defines hides code in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from portkit.languages.cxx.letters.directives import Directive, read_directives
from portkit.model.plans import Finding
from portkit.model.reading import Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Effort, Kind, Pairs, Reason, Severity, Status
from portkit.rules.cxx.branches import probes
from portkit.rules.cxx.conditions import condition_lines
from portkit.rules.cxx.kernels import lexed_source
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileView, RuleTarget

_DEFINED = re.compile(r"\bdefined\s*(\()?\s*\Z", re.A)
_CLOSED = re.compile(r"\s*\)")
_NEGATED = {"ifndef": "if", "elifndef": "elif"}
_PLAIN = {"ifdef": "if", "elifdef": "elif"}


@rule(
    "PK206",
    "header-guard-test",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
)
def guard_test(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A test of a header's include guard, which no header of the target is known to define."""
    for index in view.because(Reason.HEADER_GUARD):
        ref = view.references[index]
        entity = view.entity(ref)
        header = entity.header if entity is not None else ""
        there = _header_there(header, ref.library, view, target)
        args = {"name": ref.name, "target": target.id, "header": header}
        replacement = view.decisions[index].replacement
        if replacement:
            args |= {"case": "named", "replacement": replacement}
        made = finding("PK206", ref.span, args, (index,), blocking=view.live(index))
        fix = _by_include(index, there, view) if there else ()
        safe = bool(fix) and _is_included(header, ref, view)
        yield msgspec.structs.replace(made, fix=fix, fix_safe=safe) if fix else made


def _header_there(header: str, library: str, view: FileView, target: RuleTarget) -> str:
    """Return the target's header in the place of CUDA's, or "" where it is not known well enough."""
    for ref, decision in zip(view.references, view.decisions, strict=True):
        if ref.context is Context.INCLUDE and ref.name == header and not ref.user:
            if decision.action is Action.MANUAL:
                return ""
            return decision.replacement or ref.name
    if target.facts.as_is:
        return header
    row = target.row(header, Kind.HEADER, library)
    if row is None or row.derived or row.pairs is Pairs.NO:
        return ""
    return row.target if row.status in (Status.MAPPED, Status.SAME) else ""


def _is_included(header: str, test: Reference, view: FileView) -> bool:
    """Does the file include the header before the test, whatever the conditions? Then the test is
    true with CUDA, and so is its portable form where the target's header is there.
    """
    directives = read_directives(view.once(lexed_source))
    depth = 0
    for line in directives.lines:
        if line.start >= test.span.start:
            return False
        if line.keyword in ("if", "ifdef", "ifndef"):
            depth += 1
        elif line.keyword == "endif":
            depth -= 1
        elif line.keyword == "include" and depth == 0:
            span = Span(line.start, line.end)
            index = view.reference_in(span, header)
            if index is not None and not view.references[index].user:
                return True
    return False


def _by_include(index: int, header: str, view: FileView) -> tuple[Edit, ...]:
    """Return the edits that ask for the include itself; none where code would be switched on that
    is left to a person, or a name of the condition is.
    """
    ref = view.references[index]
    line = read_directives(view.once(lexed_source)).at(ref.span.start)
    beside = (i for i in view.once(condition_lines).get(index, ()) if i != index)
    if line is None or any(view.decisions[i].action is Action.MANUAL for i in beside):
        return ()
    for probe in view.once(probes):
        if probe.index == index and any(
            view.decisions[i].action is Action.MANUAL
            and any(s.contains(r.span) for s in probe.guarded)
            for i, r in enumerate(view.references)
        ):
            return ()
    return _edits(ref, line, f"__has_include(<{header}>)", view)


def _edits(ref: Reference, line: Directive, test: str, view: FileView) -> tuple[Edit, ...]:
    data, name = view.data, ref.span
    if line.keyword in _PLAIN or line.keyword in _NEGATED:
        span = Span(line.body - len(line.keyword), line.body)
        negated = line.keyword in _NEGATED
        word = _NEGATED[line.keyword] if negated else _PLAIN[line.keyword]
        new = ("!" if negated else "") + test
        return (
            Edit(span, line.keyword.encode(), word.encode()),
            Edit(name, data[name.start : name.end], new.encode()),
        )
    text = view.once(lexed_source).text
    before = _DEFINED.search(text, line.body, name.start)
    if before is None:
        return ()
    made = [Edit(Span(before.start(), name.start), data[before.start() : name.start], b"")]
    made.append(Edit(name, data[name.start : name.end], test.encode()))
    if before[1]:
        after = _CLOSED.match(text, name.end)
        if after is None:
            return ()
        made.append(Edit(Span(name.end, after.end()), data[name.end : after.end()], b""))
    return tuple(made)
