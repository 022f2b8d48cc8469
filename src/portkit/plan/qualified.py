# SPDX-License-Identifier: Apache-2.0
"""Qualified names: a name and the namespaces in front of it are edited as one span, from the full
name that the row has. They move together or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Kind, Reason, Status
from portkit.plan.written import Written, is_joint, written_scope
from portkit.rules.view import FileSource
from portkit.targets.target import Target
from portkit.vocab.renamed import moved_scope

JOINED = "joined"  # detail of a namespace's decision: it is written with the name behind it
_ALONE = frozenset({Kind.FIELD, Kind.HEADER, Kind.LINK_LIBRARY, Kind.ENVIRONMENT})
_ASIDE = frozenset({Context.STRING, Context.COMMENT, Context.PASTE, Context.INCLUDE})
# what keeps a name where it stands, whatever its row says
_LEFT = frozenset({Reason.NOT_SELECTED, Reason.SUPPRESSED, Reason.VENDOR_CODE})
_STAYS = _LEFT | {Reason.USER_DECLARED}  # and what is the project's, in a namespace of CUDA's


class Whole(NamedTuple):
    """The edits of a qualified name, by which the references from `first` to `last` are made."""

    first: int
    last: int
    edits: tuple[Edit, ...]


def join_names(
    source: FileSource, decisions: tuple[Decision, ...], target: Target
) -> tuple[tuple[Decision, ...], dict[int, Whole]]:
    """Return the decisions with a name and its namespaces decided as one, and what is written of
    each whole name, by the number of its last reference.
    """
    joined = source.once(_joined)
    scoped = [i for i in source.once(_scoped) if decisions[i].action is Action.EDIT]
    if not joined and not scoped:
        return decisions, {}
    result, wholes = list(decisions), dict[int, Whole]()
    taken = len(result)
    for i in sorted({*joined, *scoped}, reverse=True):
        if i >= taken:
            continue  # a part of the whole name behind it
        if i in joined:
            _follow(source.references, result, i)
        if result[i].action is Action.EDIT and i in scoped:
            whole = _whole(source, result, i, target)
            if whole is not None:
                wholes[i] = whole
                taken = whole.first
    return tuple(result), wholes


def _scoped(source: FileSource) -> list[int]:
    """Return the references to names that a scope has."""
    return [
        i
        for i, ref in enumerate(source.references)
        if ref.qualifier and ref.kind not in _ALONE and ref.context not in _ASIDE
    ]


def _joined(source: FileSource) -> frozenset[int]:
    """Return the namespaces that stand in front of the next reference."""
    return frozenset(
        i
        for i, (ref, after) in enumerate(pairwise(source.references))
        if ref.kind is Kind.NAMESPACE and is_joint(source.data, ref.span.end, after.span.start)
    )


def _follow(references: Sequence[Reference], result: list[Decision], i: int) -> None:
    """Have a namespace stay where the name behind it does: also one that no row speaks of, where
    the name's own row has it in that namespace.
    """
    space, name = result[i], result[i + 1]
    if space.action is Action.MANUAL and space.reason is Reason.UNKNOWN:
        row, full = name.row, _full(references[i + 1])
        same = row is not None and f"{row.target}::".startswith(f"{full}::")
        if same and name.reason is Reason.SAME_SPELLING:
            result[i] = Decision(Action.KEEP, Reason.SAME_SPELLING, row=row)
        return
    if space.action is not Action.EDIT:
        return
    if name.action is Action.MANUAL:
        result[i] = Decision(Action.MANUAL, name.reason, space.replacement, space.row)
    elif name.action is Action.KEEP:
        row = name.row
        stays = row is not None and "::" in row.target and row.target == _full(references[i + 1])
        if name.reason in _STAYS or (stays and name.reason is Reason.SAME_SPELLING):
            result[i] = Decision(Action.KEEP, name.reason, row=space.row)


def _full(ref: Reference) -> str:
    return f"{ref.qualifier}::{ref.name}"


def _whole(source: FileSource, result: list[Decision], i: int, target: Target) -> Whole | None:
    """Return what is written of a name with its scope; None: its last part alone is renamed."""
    ref, row = source.references[i], result[i].row
    if row is None or row.recipe or "::" not in row.name:
        return None
    scope = written_scope(source, ref.span.start)
    parts, new = ref.qualifier.split("::"), row.target.split("::")
    said = row.name.rpartition("::")[0]
    if source.vocabulary.shows.get(said) == ref.qualifier and _moves(target, said, new, ref):
        # the row is of the namespace that shows the name; this one has it
        new = [*moved(target, ref.qualifier, ref.library).split("::"), new[-1]]
        row = replace(row, target="::".join(new))
        result[i] = replace(result[i], row=row)
    words = [part.word for part in scope.parts]
    if words and parts[-len(words) :] == words:
        outer = parts[: -len(words)]
        if len(new) > len(outer) and new[: len(outer)] == outer:
            new = new[len(outer) :]  # what is not written, as in `namespace a { b::name }`
        return _replaced(source, result, i, scope, new)
    if words and words[0] in source.vocabulary.namespaces:
        return _replaced(source, result, i, scope, new)
    if _moves(
        target, ref.qualifier, new, ref
    ):  # by an alias, a using-directive or a using-declaration, which move themselves
        if new[-1] == ref.name:
            result[i] = Decision(Action.KEEP, Reason.SAME_SPELLING, row=row)
        return None
    return _replaced(source, result, i, scope, new)


def _moves(target: Target, scope: str, new: Sequence[str], ref: Reference) -> bool:
    """Does a namespace itself become the one of the new name?"""
    return moved(target, scope, ref.library).split("::") == new[:-1]


def _replaced(
    source: FileSource, result: list[Decision], i: int, scope: Written, new: list[str]
) -> Whole | None:
    """Write `new` in the place of a name and of its scope as written; decide its references."""
    references, ref = source.references, source.references[i]
    start = scope.parts[0].start if scope.parts else ref.span.start
    first = i
    while first and references[first - 1].span.start >= start:
        first -= 1
    members = range(first, i + 1)
    stays = next((result[n] for n in members if result[n].reason in _LEFT), None)
    if stays is None and any(references[n].user for n in members):
        stays = Decision(Action.MANUAL, Reason.DIFFERS, row=result[i].row)
    spans = [Span(part.start, part.end) for part in scope.parts] + [ref.span]
    alike = len(spans) == len(new)
    if stays is None and not (alike or scope.plain):
        stays = Decision(Action.MANUAL, Reason.DIFFERS, row=result[i].row)
    if stays is not None:
        for n in members:
            if references[n].user:
                continue
            result[n] = Decision(stays.action, stays.reason, row=result[n].row)
        return Whole(first, i, ())
    edits = _edits(source.data, spans, new, scope.plain and len(ref.span) == len(ref.name))
    same = not edits
    for n in members:
        at = next(k for k, span in enumerate(spans) if span.start == references[n].span.start)
        word = new[at] if alike else "::".join(new if n == i else new[:-1] or new)
        if same:
            result[n] = Decision(Action.KEEP, Reason.SAME_SPELLING, row=result[n].row)
        elif n != i and alike and word == references[n].name:
            if result[n].action is not Action.KEEP:  # this part of the whole stays as it is
                result[n] = Decision(Action.KEEP, Reason.SAME_SPELLING, row=result[n].row)
        elif n == i:
            result[n] = Decision(Action.EDIT, Reason.MAPPED, word, result[n].row)
        else:
            row = _shown(result[n].row, result[i].row)
            result[n] = Decision(Action.EDIT, Reason.MAPPED, word, row, JOINED)
    return Whole(first, i, edits)


def _shown(own: Row | None, row: Row | None) -> Row | None:
    """Return the row that speaks for a namespace that moves with a name: its own if it moves."""
    return own if own is not None and own.status is Status.MAPPED else row


def _edits(data: bytes, spans: Sequence[Span], new: Sequence[str], plain: bool) -> tuple[Edit, ...]:
    if plain:
        span = Span(spans[0].start, spans[-1].end)
        old, text = data[span.start : span.end], "::".join(new).encode("ascii")
        if len(spans) == len(new) and b"".join(old.split()) != old:
            text = _spaced(data, spans, new)
        return (Edit(span, old, text),) if old != text else ()
    from portkit.languages.cxx.letters.lines import cut_alike

    edits, group = list[Edit](), f"name {spans[-1].start}"
    for span, word in zip(spans, new, strict=True):
        old = data[span.start : span.end]
        text = cut_alike(old, word.encode("ascii"))
        if old != text:
            edits.append(Edit(span, old, text, group))
    return tuple(edits)


def _spaced(data: bytes, spans: Sequence[Span], new: Sequence[str]) -> bytes:
    """Write the new parts with the blanks that stood between the old ones."""
    text = new[0].encode("ascii")
    for (one, other), word in zip(pairwise(spans), new[1:], strict=True):
        text += data[one.end : other.start] + word.encode("ascii")
    return text


def moved(target: Target, scope: str, library: str) -> str:
    """Return what a namespace of CUDA's is called on a target, by the longest part of it that a row
    speaks of.
    """

    def becomes(name: str) -> str:
        outer, _, last = name.rpartition("::")
        row = target.row(last, Kind.NAMESPACE, library, outer)
        return row.target if row is not None and row.status is Status.MAPPED else ""

    return moved_scope(scope, becomes)
