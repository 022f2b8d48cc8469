# SPDX-License-Identifier: Apache-2.0
"""Why portkit says what it says of the words at a place: what was seen, and what each target has."""

from __future__ import annotations

from pathlib import Path

import msgspec

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.files.text import SourceText
from portkit.languages.cxx.clang.libclang import clang_version
from portkit.languages.cxx.language import Cxx
from portkit.languages.cxx.project.why import WordListener, WordSaid
from portkit.languages.cxx.project.workshop import Workshop
from portkit.model.errors import PortkitError
from portkit.model.plans import Decision
from portkit.model.reading import Issue
from portkit.model.words import Rung
from portkit.printable import printable_name


class Place(msgspec.Struct, frozen=True):
    """A place of a file: 1-based line, and column in code points (0: the whole line)."""

    path: Path
    line: int
    column: int = 0


class Why(msgspec.Struct, frozen=True):
    """What was said at a place: each word with its column, and by its byte offset what each target
    (id@profile) decides on it where it is a reference. `issues`: what else the reading said there.
    """

    path: str
    language: str
    line: int
    words: tuple[tuple[int, WordSaid], ...]
    decisions: dict[int, list[tuple[str, Decision]]]
    issues: tuple[Issue, ...]


def parse_place(text: str) -> Place:
    """Return the place that FILE:LINE or FILE:LINE:COLUMN means. Raises PortkitError."""
    parts = text.rsplit(":", 2)
    numbers = [p for p in parts[1:] if p.isdecimal() and p.isascii() and int(p)]
    if len(parts) == 3 and len(numbers) == 2:
        return Place(Path(parts[0]), int(parts[1]), int(parts[2]))
    name, _, line = text.rpartition(":")
    if name and line.isdecimal() and line.isascii() and int(line):
        return Place(Path(name), int(line))
    raise PortkitError("not a place", printable_name(text), "give FILE:LINE or FILE:LINE:COLUMN")


def why(session: Session, place: Place) -> Why:
    """Return what was said of the words at a place of a session's tree, which is read for it.

    The session must take no cache and no saved scan: `heard` makes its options so. Raises
    PortkitError for a file that the tree does not hold, and for a line that it does not have.
    """
    root, wanted, shown = session.root, place.path.resolve(), printable_name(place.path)
    rel = printable_name(wanted.relative_to(root)) if wanted.is_relative_to(root) else ""
    listener = WordListener(rel)
    session.listen = listener.listen
    scan = session.scan()
    file = next((f for f in scan.files if f.path == rel), None)
    if file is None:
        raise PortkitError("not a file that is read here", shown, "give its tree as PATHS")
    text = SourceText(session.read(rel))
    if place.line > text.line_count:
        raise PortkitError(f"has no line {place.line}", shown)
    start, end = text.line_bytes(place.line)
    rung = session.options.rung if clang_version() else min(session.options.rung, Rung.SYNTAX)
    workshop = Workshop(root, rung, session.vocabulary)
    placed = [
        (text.position(word.offset)[1], word)
        for word in listener.explain(workshop, start, end) or ()
    ]
    if file.language != Cxx.NAME:  # its reader says what each word is, and no more
        placed = [
            (
                text.position(r.span.start)[1],
                WordSaid(r.span.start, r.name, file.language, (), (), r),
            )
            for r in file.references
            if start <= r.span.start < end
        ]
    if place.column:
        placed = [(c, w) for c, w in placed if c <= place.column < c + max(len(w.word), 1)]
    issues = tuple(i for i in file.issues if start <= i.span.start < end)
    return Why(rel, file.language, place.line, tuple(placed), _decided(session, rel), issues)


def heard(options: Options) -> Options:
    """Return options for a reading that is listened to: all of it happens, in this process' care."""
    return msgspec.structs.replace(options, cache=False, from_scan=None, executor="")


def _decided(session: Session, rel: str) -> dict[int, list[tuple[str, Decision]]]:
    """Return what each target decides on the references of a file, by their byte offset."""
    found: dict[int, list[tuple[str, Decision]]] = {}
    if not session.targets:
        return found
    for target, plan in zip(session.targets, session.plans(), strict=True):
        file = next(f for f in plan.files if f.scan.path == rel)
        for reference, decision in zip(file.scan.references, file.decisions, strict=True):
            found.setdefault(reference.span.start, []).append((target.spec, decision))
    return found
