# SPDX-License-Identifier: Apache-2.0
"""What a saved scan must hold beyond its form: places inside their files, rules that exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import PurePosixPath
from typing import Protocol

from portkit.files.patterns import faults_of
from portkit.languages.registry import LANGUAGES, language_of
from portkit.model.reading import FileFacts, Issue, Skipped
from portkit.model.spans import Span
from portkit.rules.registry import all_rules


class _Reference(Protocol):
    @property
    def span(self) -> Span: ...


class _File(Protocol):
    """What is checked of a file; see scan_json.ScanFile."""

    @property
    def path(self) -> str: ...
    @property
    def path_bytes(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def lines(self) -> int: ...
    @property
    def references(self) -> Sequence[_Reference]: ...
    @property
    def facts(self) -> FileFacts: ...
    @property
    def issues(self) -> Sequence[Issue]: ...


def document_faults(
    files: Sequence[_File],
    skipped: Iterable[Skipped],
    paths: Iterable[str],
    patterns: Iterable[tuple[str, Sequence[str]]],
) -> Iterator[str]:
    """Yield what is wrong with a document, a line each. `patterns`: each key with its list."""
    seen: set[str] = set()
    for file in files:
        shown = repr(file.path)
        if file.path in seen:
            yield f"{shown} is listed twice"
        seen.add(file.path)
        for fault in _file_faults(file):
            yield f"{shown}: {fault}"
    for item in skipped:
        if item.files < 0:
            yield f"{item.path!r}: less than no files were skipped"
    for path in paths:
        if "\0" in path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            yield f"the path {path!r} leaves the root"
    for key, lines in patterns:
        for index, fault in faults_of(lines):
            yield f"{key}: {f'{lines[index]!r} ' if index >= 0 else ''}{fault}"


def _file_faults(file: _File) -> Iterator[str]:
    size = file.size
    if size < 0 or not 0 <= file.lines <= size + 1:
        yield f"no file has {file.lines} lines in {size} bytes"
    try:
        bytes.fromhex(file.path_bytes)
    except ValueError:
        yield f"{file.path_bytes!r} are no bytes of a name"
    if file.language and file.language not in LANGUAGES:
        yield f"there is no language {file.language!r}"
    by_name = language_of(file.path)
    if by_name is not None and file.language not in ("", by_name.NAME):
        yield f"it is no file of the language {file.language!r}"
    before = Span(0, 0)
    for number, reference in enumerate(file.references, 1):
        span = reference.span
        if not 0 <= span.start <= span.end <= size:
            yield f"reference {number} lies outside of its {size} bytes"
        if span < before:
            yield f"reference {number} comes before the one ahead of it"
        before = span
    facts = file.facts
    spans = chain(
        (("condition", c.span) for c in facts.conditions),
        (("launch", launch.span) for launch in facts.launches),
        (("asm statement", a.span) for a in facts.asm),
        (("kernel", k.span) for k in facts.kernels),
        (("head", span) for span in facts.heads),
        (("macro", m.span) for m in facts.macros),
        (("macro", m.body) for m in facts.macros),
        (("mark", span) for _, span in facts.marks),
        (("comment", span) for span in facts.comments),
        (("source text", span) for span in facts.sources),
        (("guard", span) for _, span in facts.guards),
        (("issue", issue.span) for issue in file.issues),
    )
    for what, span in spans:
        if not 0 <= span.start <= span.end <= size:
            yield f"a {what} lies outside of its {size} bytes"
    for issue in file.issues:
        if issue.rule not in all_rules():
            yield f"there is no rule {issue.rule!r}"
