# SPDX-License-Identifier: Apache-2.0
"""PK702: a file relies on what nvcc includes by itself, and the target's compiler does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portkit.model.plans import Decision, Finding
from portkit.model.reading import Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Kind, Proof, Reason, Severity, Status
from portkit.rules.cxx.kernels import lexed_source
from portkit.rules.registry import finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget

_MARK = b"\xef\xbb\xbf"
_OUT = frozenset({Context.INACTIVE, Context.COMMENT, Context.STRING})
GROUP, IMPLIED = "implied include", "PK702"


def implied_include(
    source: FileSource, decisions: Sequence[Decision], target: RuleTarget
) -> Edit | None:
    """Return the include of the target's header that a file needs in place of what nvcc includes by
    itself; None where it needs none.
    """
    seen, name = source.scan.facts.bare, source.vocabulary.implied_header
    if seen is None or not name or target.facts.as_is or target.implies_header:
        return None
    known = source.vocabulary.header(name)
    row = target.row(name, Kind.HEADER, known.library if known is not None else "")
    if row is None or row.status is not Status.MAPPED or row.target in seen:
        return None
    if _brought(source, seen, target) or _becomes(source, decisions, row.target):
        return None
    libraries = source.vocabulary.base_libraries
    needed = {
        d.action
        for r, d in zip(source.references, decisions, strict=True)
        if r.library in libraries and _needs(r, d)
    }
    ported = Action.EDIT not in needed and any(map(target.is_vendor_header, seen))
    if not (needed or source.scan.facts.leans) or ported:
        return None
    at = source.once(_first_line)
    eol = b"\r\n" if b"\r\n" in source.data else b"\n"
    return Edit(Span(at, at), b"", f"#include <{row.target}>".encode("ascii") + eol, GROUP)


def _brought(source: FileSource, seen: Sequence[str], target: RuleTarget) -> bool:
    """Does a header of CUDA's bring it, and its counterpart on the target too?"""
    for spelling in filter(source.vocabulary.implies, seen):
        known = source.vocabulary.header(spelling)
        row = target.row(spelling, Kind.HEADER, known.library if known is not None else "")
        if row is None or not target.is_bare_header(row.target):
            return True
    return False


def _becomes(source: FileSource, decisions: Sequence[Decision], header: str) -> bool:
    """Does an include of a header that lacks what nvcc includes become that of one that has it?"""
    return any(
        d.action is Action.EDIT
        and d.replacement == header
        and not source.vocabulary.implies(r.name)
        for r, d in zip(source.references, decisions, strict=True)
        if r.kind is Kind.HEADER
    )


def _needs(ref: Reference, decision: Decision) -> bool:
    """Does a name that works on the target stand in compiled code?"""
    works = decision.action is Action.EDIT or decision.reason is Reason.SAME_SPELLING
    live = ref.context not in _OUT and (ref.proof or Proof.SPELLING) >= Proof.LIKELY
    return works and live and ref.kind is not Kind.HEADER


def _first_line(source: FileSource) -> int:
    """Return where the first line with code begins: nvcc includes before all of it."""
    data, code = source.data, source.once(lexed_source).code
    start = len(_MARK) if data.startswith(_MARK) else 0
    first = next((i for i in range(start, len(code)) if not code[i].isspace()), start)
    return max(code.rfind("\n", 0, first) + 1, start)


@rule(IMPLIED, "implied-include", severity=Severity.INFO, needs=("references",), scope="file")
def implied(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The include that nvcc does not need is added."""
    if view.native:
        return
    made = implied_include(view.source, view.decisions, target)
    if made is not None and made.span not in view.refused.edits:
        name = view.vocabulary.implied_header
        row = target.row(name, Kind.HEADER)
        header = row.target if row is not None else ""
        args = {"name": name, "replacement": header, "target": target.id}
        yield finding(IMPLIED, Span(0, 0), args)
