# SPDX-License-Identifier: Apache-2.0
"""The edits of one file while recipes change them: names inside of text that moves are renamed on
the way.
"""

from __future__ import annotations

from collections.abc import Iterable

from portkit.model.spans import Edit, Span


class RecipeRefused(Exception):
    """A recipe cannot be carried out; `why` is one of the cases of rule PK110."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Draft:
    """A set of edits of `data` that do not overlap."""

    def __init__(self, data: bytes, edits: Iterable[Edit]) -> None:
        self._data = data
        self.edits = list(edits)
        self._taken: dict[Span, list[Edit]] = {}

    def copy(self) -> Draft:
        """Return a draft to try something on."""
        return Draft(self._data, self.edits)

    def add(self, edit: Edit) -> None:
        """Add an edit."""
        self.edits.append(edit)

    def remove(self, span: Span) -> None:
        """Remove the edit of exactly this span."""
        self.edits = [e for e in self.edits if e.span != span]

    def join(self, span: Span, group: str) -> None:
        """Make the edit of exactly this span part of a group."""
        self.edits = [
            Edit(e.span, e.expect, e.new, group) if e.span == span else e for e in self.edits
        ]

    def replace(self, span: Span, new: bytes, group: str) -> None:
        """Add an edit of a span that no other edit is in."""
        self.edits.append(Edit(span, self._data[span.start : span.end], new, group))

    def insert(self, at: int, new: bytes, group: str) -> None:
        """Add an insertion. Raises Refused where something else is inserted already."""
        if any(not len(e.span) and e.span.start == at for e in self.edits):
            raise RecipeRefused("nested")
        self.edits.append(Edit(Span(at, at), b"", new, group))

    def take(self, span: Span, own: str = "") -> bytes:
        """Remove the edits inside of a span and return its text with them applied.

        `own` is the group of whoever takes. Raises Refused when an edit of another recipe is in or
        across the span.
        """
        inside = [e for e in self.edits if span.contains(e.span)]
        across = [
            e
            for e in self.edits
            if e not in inside and e.span.start < span.end and span.start < e.span.end
        ]
        if across or any(e.group not in ("", own) for e in inside):
            raise RecipeRefused("nested")
        self.edits = [e for e in self.edits if e not in inside]
        self._taken[span] = inside
        return self._apply(span, inside)

    def with_name(self, span: Span, name: Span, new: bytes) -> bytes:
        """Return the text of a taken span with its edits applied and another name at `name`."""
        return self._apply(
            span,
            [
                Edit(e.span, e.expect, new, e.group) if e.span == name else e
                for e in self._taken[span]
            ],
        )

    def _apply(self, span: Span, edits: list[Edit]) -> bytes:
        parts, done = [], span.start
        for edit in sorted(edits):
            parts += [self._data[done : edit.span.start], edit.new]
            done = edit.span.end
        return b"".join([*parts, self._data[done : span.end]])
