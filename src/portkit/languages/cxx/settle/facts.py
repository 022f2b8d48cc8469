# SPDX-License-Identifier: Apache-2.0
"""What a file says beside its references: conditions, launches, kernels and the like."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from portkit.languages.cxx.letters.assembly import asm_statements
from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.constructs import (
    device_heads,
    kernels,
    launches,
    marked_places,
    marks,
    space_macros,
)
from portkit.languages.cxx.letters.source import SourceFile
from portkit.languages.cxx.letters.strings import source_texts
from portkit.languages.cxx.values.reading import Ownership
from portkit.model.reading import FileFacts
from portkit.model.spans import Span
from portkit.vocab.vocabulary import Vocabulary

_MEETS = frozenset({">=", "==", ">"})  # a number that meets it is told by its other operand
Sight = tuple[Mapping[str, int], Mapping[str, str]]


def facts_of(
    source: SourceFile,
    vocabulary: Vocabulary,
    macros: Mapping[str, str],
    ownership: Ownership,
    disputed: Sequence[Span],
    bare: tuple[tuple[str, ...], bool] | None,
    sight: Sight,
) -> FileFacts:
    """Return the facts of a file that rules look at, for no target. `macros`: those in sight that
    mark an execution space; `disputed`: names of which it is not clear whose they are; `bare` (with
    `leans`), and `sight`, its constants and helpers: see FileFacts.
    """
    watched, brackets = vocabulary.guard_macros, Brackets(source.lexed, source.directives)
    spaces = {**vocabulary.library_spaces, **macros, **vocabulary.execution_space}
    spaces |= space_macros(source, spaces) if macros else {}
    places = marked_places(source, spaces)
    return FileFacts(
        conditions=tuple(c for c in source.directives.conditions if c.macro in watched),
        launches=launches(source),
        asm=asm_statements(source, brackets),
        kernels=kernels(source, spaces, brackets, places),
        macros=tuple(source.directives.macros),
        marks=marks(source),
        guards=tuple(
            (b.guard, b.span) for b in source.directives.branches if b.guard and b.guard != "1"
        ),
        values=_values(source),
        heads=device_heads(source, brackets, places),
        owned=tuple((word, Span(at, at + len(word))) for at, word in ownership.owned),
        joined=ownership.joined,
        redeclared=ownership.groups,
        ported=source.ported,
        disputed=tuple(disputed),
        bare=bare[0] if bare is not None else None,
        leans=bare is not None and bare[1],
        constants=dict(sight[0]),
        helpers={name: traits for name, traits in sight[1].items() if name in source.lexed.code},
        sources=source_texts(source, vocabulary),
        foreign=tuple(
            i.span
            for i in source.directives.includes
            if vocabulary.is_foreign_header(i.spelling)
            and not any(b.never and b.span.contains(i.span) for b in source.directives.branches)
        ),
    )


def _values(source: SourceFile) -> tuple[tuple[int, str, str], ...]:
    """Return what macros must be for branches that comparisons open, see FileFacts."""
    starts = [b.span.start for b in source.directives.branches if b.guard]
    found = list[tuple[int, str, str]]()
    for test in source.directives.conditions if starts else ():
        at = bisect_left(starts, test.span.end)
        if test.operator not in _MEETS or not test.value.isdigit() or at == len(starts):
            continue
        if "\n" not in source.lexed.code[test.span.end : starts[at]]:
            number = str(int(test.value) + (test.operator == ">"))
            found.append((starts[at], test.macro, number))
    return tuple(found)
