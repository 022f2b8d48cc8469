# SPDX-License-Identifier: Apache-2.0
"""The include that takes the place of what nvcc includes by itself, among the edits of a file."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portkit.model.plans import Decision
from portkit.model.refusals import Refusals
from portkit.model.spans import Edit
from portkit.rules.cxx.implied import implied_include
from portkit.rules.view import FileSource
from portkit.targets.target import Target


def with_implied(
    edits: list[Edit],
    source: FileSource,
    decisions: Sequence[Decision],
    target: Target,
    refused: Refusals,
) -> list[Edit]:
    """Return the edits with the include that the file needs, if it does and nothing refused it."""
    made = implied_include(source, decisions, target)
    if made is None or made.span in refused.edits:
        return edits
    for index, edit in enumerate(edits):
        if edit.span == made.span:  # includes of a recipe are added in the same place
            joined = msgspec.structs.replace(edit, new=made.new + edit.new)
            return [*edits[:index], joined, *edits[index + 1 :]]
    return [*edits, made]
