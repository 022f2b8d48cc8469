# SPDX-License-Identifier: Apache-2.0
"""`--comments`: edits of CUDA names in comments. They are not references, so no total and no
finding counts them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from portkit.languages.cxx.letters.lexer import Lexed, lex, mask
from portkit.model.plans import FilePlan, Plan
from portkit.model.reading import Reference
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Context, Kind, Proof, Rung
from portkit.plan.decide import Policy, decide
from portkit.plan.edit import make_edit
from portkit.plan.ported import is_native
from portkit.plan.suppress import Suppressions
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# before a name they make a path, an address or a part of something else
_JOINERS = frozenset("/\\.-@#:~")
_BLANK = frozenset(" \t\r\n\f\v")


def with_comments(
    plan: Plan, target: Target, vocabulary: Vocabulary, policy: Policy, read: Callable[[str], bytes]
) -> Plan:
    """Return the plan with the edits that comments take added. `read(rel)` gives a file's bytes as
    scanned.
    """
    return msgspec.structs.replace(
        plan, files=tuple(_one(f, target, vocabulary, policy, read) for f in plan.files)
    )


def _one(
    file: FilePlan,
    target: Target,
    vocabulary: Vocabulary,
    policy: Policy,
    read: Callable[[str], bytes],
) -> FilePlan:
    edits = comment_edits(file, read(file.scan.path), target, vocabulary, policy.at(file.scan.path))
    return (
        msgspec.structs.replace(file, edits=tuple(sorted([*file.edits, *edits]))) if edits else file
    )


def comment_edits(
    file: FilePlan, data: bytes, target: Target, vocabulary: Vocabulary, policy: Policy
) -> list[Edit]:
    """Return edits of the distinctive names in the comments of one file.

    Left alone are plain words, fields, macros that guards compare, names in addresses and paths,
    names that the file has for itself, and what lies in ported code or where portkit is switched
    off.
    """
    scan = file.scan
    if target.as_is or is_native(scan, target) or scan.language != "cxx":
        return []
    lexed = lex(mask(data, scan.encoding))
    own = {r.name for r in scan.references if r.user}
    wanted = {
        w for w in lexed.words() - own if w in vocabulary and not vocabulary.is_plain(w)
    } - vocabulary.guard_macros
    vendors = target.vendor_macros | target.other_vendor_macros
    ported = [
        span
        for guard, span in scan.facts.guards
        if vendors.intersection(guard.replace("|", "&").split("&"))
    ]
    found = [
        _reference(offset, word, vocabulary)
        for offset, word in lexed.find(wanted)
        if lexed.comments.holds(offset)
        and not _in_address(lexed, offset, word)
        and not any(span.start <= offset < span.end for span in ported)
    ]
    marks = Suppressions(scan, data if scan.facts.marks else b"")
    references = tuple(
        r for r in found if r.kind is not Kind.FIELD and not _in_mark(r.span, scan.facts.marks)
    )
    decisions = marks.leave(
        references, tuple(decide(r, target, vocabulary, policy, False) for r in references)
    )
    return [
        make_edit(r, d)
        for r, d in zip(references, decisions, strict=True)
        if d.action is Action.EDIT
    ]


def _reference(offset: int, word: str, vocabulary: Vocabulary) -> Reference:
    """Return the word as a reference, in the context that lets `decide` look at its row."""
    entity = vocabulary.get(word)[0]
    span = Span(offset, offset + len(word))
    return Reference(
        span,
        word,
        entity.kind,
        Context.NAME,
        Rung.LEX,
        Proof.LIKELY,
        entity.library,
        entity.qualifier,
    )


def _in_mark(span: Span, marks: tuple[tuple[str, Span], ...]) -> bool:
    return any(mark.contains(span) for _, mark in marks)


def _in_address(lexed: Lexed, offset: int, word: str) -> bool:
    """Return whether the word is part of a path, an address or a file name rather than a name of
    the text.
    """
    text = lexed.text
    start = lexed.comments.starts[lexed.comments.index(offset)]
    end = offset + len(word)
    begin = offset
    while begin > start and text[begin - 1] not in _BLANK:
        begin -= 1
    if begin == start:
        begin += 2  # the comment's own // or /*
    before = text[begin:offset].lstrip("/*!<")
    if "://" in before or before.startswith("www."):
        return True
    if before[-1:] in _JOINERS and not before.endswith("::"):
        return True
    return text[end : end + 1] in ("/", "\\", "@") or (
        text[end : end + 1] == "." and text[end + 1 : end + 2].isalnum()
    )
