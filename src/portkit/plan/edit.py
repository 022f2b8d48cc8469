# SPDX-License-Identifier: Apache-2.0
"""The edit that a decision on one name makes."""

from __future__ import annotations

from collections.abc import Callable

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.model.spans import Edit


def make_edit(
    ref: Reference,
    decision: Decision,
    data: bytes = b"",
    spell: Callable[[Reference, str], bytes] | None = None,
) -> Edit:
    """Return the span edit of an `edit` decision. `data`: the file's; a continued line may cut the
    name in two there.

    `spell`: how the file's language writes a name; None: as it is.
    """
    name, to = ref.name.encode("ascii"), decision.replacement
    new = spell(ref, to) if spell is not None else to.encode("ascii")
    if len(ref.span) == len(name):
        return Edit(ref.span, name, new)
    from portkit.languages.cxx.letters.lines import cut_alike

    written = data[ref.span.start : ref.span.end]
    return Edit(ref.span, written, cut_alike(written, new))
