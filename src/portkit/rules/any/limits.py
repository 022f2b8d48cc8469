# SPDX-License-Identifier: Apache-2.0
"""PK9xx: portkit's own limits. What was not read, not proved, not decided, or left alone on
purpose.
"""

from __future__ import annotations

from collections.abc import Iterator

from portkit.model.plans import Finding
from portkit.model.spans import Span
from portkit.model.words import (
    Action,
    Context,
    Effort,
    Exists,
    Kind,
    Parse,
    Proof,
    Reason,
    Severity,
)
from portkit.rules.registry import finding, issue_rule, rule
from portkit.rules.view import FileView, RuleTarget, full_name

_OUTSIDE = frozenset(
    {Context.INACTIVE, Context.MACRO, Context.PASTE, Context.STRING, Context.COMMENT}
)

_HANDED = {Kind.ENVIRONMENT: "environment", Kind.LINK_LIBRARY: "library"}
# libraries: of programs such as a compiler's driver, of variables that the tables lack
_TOLD = {"compiler": "program", "environment": "environment"}
_MOST = 8  # names that a message lists

issue_rule("PK900", "unreadable-file", severity=Severity.ERROR, scope="file")
issue_rule("PK901", "not-parsed", severity=Severity.WARNING, scope="file")
issue_rule("PK910", "over-a-limit", severity=Severity.WARNING, scope="file")
issue_rule("PK911", "unused-suppression", severity=Severity.INFO)
issue_rule("PK913", "read-otherwise", severity=Severity.ERROR, blocking=True)
issue_rule("PK914", "no-language", severity=Severity.WARNING, scope="file")
issue_rule("PK912", "cuda-source-in-python", severity=Severity.WARNING, effort=Effort.HOURS)


@rule(
    "PK902", "low-proof", severity=Severity.INFO, needs=("references",), scope="file", languages=()
)
def low_proof(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Edits in active code that Clang did not prove: one per file that it did read (PK901 covers
    the others).
    """
    if view.scan.parse is not Parse.CLANG:
        return
    edits = [i for i in view.because(Reason.MAPPED) if view.references[i].context not in _OUTSIDE]
    weak = tuple(i for i in edits if (view.references[i].proof or Proof.SPELLING) < Proof.PROVED)
    if weak:
        args = {"count": str(len(weak)), "total": str(len(edits))}
        yield finding("PK902", view.references[weak[0]].span, args, weak)


@rule(
    "PK903",
    "conflicting-edits",
    severity=Severity.ERROR,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
    languages=(),
)
def conflict(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Two edits ask for the same bytes: neither was made."""
    return _named("PK903", view, target, Reason.CONFLICT)


@rule(
    "PK904",
    "token-pasting",
    severity=Severity.WARNING,
    effort=Effort.HOURS,
    needs=("references",),
    blocking=True,
    languages=(),
)
def token_pasting(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A macro joins words with ## so that CUDA names arise that stand nowhere in the file."""
    return _named("PK904", view, target, Reason.PASTE_OPERAND)


@rule(
    "PK905",
    "symbol-in-string",
    severity=Severity.WARNING,
    effort=Effort.MINUTES,
    needs=("references",),
    blocking=True,
    languages=(),
)
def symbol_in_string(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A string handed to a loader names a CUDA symbol or library, or holds source text."""
    sources, within = view.scan.facts.sources, dict[Span, list[int]]()
    for index in view.because(Reason.IN_STRING):
        ref = view.references[index]
        holding = next((s for s in sources if s.contains(ref.span)), None) if sources else None
        if holding is not None:
            within.setdefault(holding, []).append(index)
            continue
        args = _args_of(view, target, index)
        kind = _HANDED.get(ref.kind, _TOLD.get(ref.library, ""))
        known = "equivalent" in args
        if kind or known:
            args["case"] = "-".join([*([kind] if kind else []), *(["known"] if known else [])])
        yield finding("PK905", ref.span, args, (index,))
    for span, indexes in within.items():
        names = list(dict.fromkeys(full_name(view.references[i]) for i in indexes))
        args = {"name": ", ".join(names[:_MOST]), "target": target.id, "case": "source"}
        args |= {"count": str(len(names)), "case": "source" if len(names) <= _MOST else "sources"}
        yield finding("PK905", Span(span.start, span.start + 1), args, tuple(indexes))


@rule(
    "PK909",
    "units-disagree",
    severity=Severity.WARNING,
    needs=("references",),
    scope="name",
)
def two_owners(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """A name is CUDA's in one place of the tree and the project's own in another: one finding a
    name and file. It blocks where the name would be edited otherwise.
    """
    names: dict[tuple[str, str], list[int]] = {}
    left = view.because(Reason.TWO_OWNERS)
    for index in left:
        key = full_name(view.references[index]), view.decisions[index].detail
        names.setdefault(key, []).append(index)
    for (name, why), indexes in names.items():
        case, _, other = why.partition(" ")
        args = {"name": name, "case": case, "other": other, "target": target.id}
        span = view.references[indexes[0]].span
        yield finding("PK909", span, args, tuple(indexes), blocking=True)
    disputed, told = set(view.scan.facts.disputed), set(left)
    for index, ref in enumerate(view.references) if disputed else ():
        if ref.span in disputed and index not in told:
            args = {"name": full_name(ref), "case": "units", "target": target.id}
            yield finding("PK909", ref.span, args, (index,))


def _args_of(view: FileView, target: RuleTarget, index: int) -> dict[str, str]:
    row = view.decisions[index].row
    args = {"name": full_name(view.references[index]), "target": target.id}
    # a name that only the naming rule makes is none that anybody has
    if row is not None and row.target and row.exists > Exists.RULE:
        args["equivalent"] = row.target
    return args


def _named(id: str, view: FileView, target: RuleTarget, reason: Reason) -> Iterator[Finding]:
    for index in view.because(reason):
        ref = view.references[index]
        args = _args_of(view, target, index)
        if id == "PK904" and view.data[ref.span.start : ref.span.end] != ref.name.encode():
            args["case"] = "made-known" if "equivalent" in args else "made"
        yield finding(id, ref.span, args, (index,))


@rule(
    "PK907",
    "vendor-code",
    severity=Severity.INFO,
    needs=("references",),
    scope="file",
    languages=(),
)
def vendor_code(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """Code that is ported already, to this target or another one, was left alone: one finding per
    file, or per file and whose its branches are.
    """
    others = view.because(Reason.OTHER_VENDOR)
    if view.native:
        whole, case = range(len(view.references)), "other-file" if others else "file"
        found = [(case, tuple(whole))]
    else:
        found = [("branch", tuple(view.because(Reason.VENDOR_CODE)))]
        found.append(("other-branch", tuple(others)))
    for case, indexes in found:
        if indexes:
            args = {"case": case, "count": str(len(indexes)), "target": target.id}
            yield finding("PK907", view.references[indexes[0]].span, args, indexes)


@rule(
    "PK908",
    "shadowed-header",
    severity=Severity.INFO,
    needs=("references",),
    scope="name",
    languages=(),
)
def shadowed_header(view: FileView, target: RuleTarget) -> Iterator[Finding]:
    """The project has a header of its own under a CUDA header's name; includes of it were left as
    they are.
    """
    own = [
        i
        for i, d in enumerate(view.decisions)
        if d.action is Action.KEEP and d.reason is Reason.PROJECT_HEADER
    ]
    for name, indexes in view.names(own).items():
        args = {"name": name, "target": target.id}
        yield finding("PK908", view.references[indexes[0]].span, args, tuple(indexes))
