# SPDX-License-Identifier: Apache-2.0
"""The routes of a tree's Python code, one advice a target."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portkit.assess.routes import Advice
    from portkit.model.reading import Scan
    from portkit.plan.decide import Policy
    from portkit.targets.target import Target
    from portkit.vocab.vocabulary import Vocabulary


def advice_of(
    scan: Scan, targets: Iterable[Target], vocabulary: Vocabulary, policy: Policy
) -> tuple[Advice, ...]:
    """Return the routes to each target; none where a tree has no Python code to speak of."""
    if not any(file.facts.python is not None for file in scan.files):
        return ()
    from portkit.assess.routes import advise  # not for trees of C++

    found = (advise(scan, target, vocabulary, policy) for target in targets)
    return tuple(one for one in found if one is not None)
