# SPDX-License-Identifier: Apache-2.0
"""Decisions that were taken before: most references of a tree differ from an earlier one only in
where they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

from portkit.model.plans import Decision
from portkit.model.reading import Reference
from portkit.plan.decide import Policy, decide
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

Judge = Callable[[Reference, Target, Vocabulary, Policy, bool], Decision]

# All of a reference that `decide` looks at.
_SHAPE = attrgetter("name", "kind", "context", "proof", "library", "qualifier", "user", "project")


class Shapes:
    """Numbers for the references of a tree: two have one number when no decision can tell them
    apart.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self.samples: list[Reference] = []  # one reference for each number

    def of(self, references: Sequence[Reference]) -> list[int]:
        """Return the number of each reference."""
        found, numbers = [], self._numbers
        for ref, shape in zip(references, map(_SHAPE, references), strict=True):
            number = numbers.get(shape)
            if number is None:
                number = numbers[shape] = len(self.samples)
                self.samples.append(ref)
            found.append(number)
        return found


class DecisionMemo(dict[int, Decision]):
    """The decisions of one target under one policy by the number of a reference's shape; a missing
    one is taken.
    """

    def __init__(
        self,
        shapes: Shapes,
        target: Target,
        vocabulary: Vocabulary,
        policy: Policy,
        *,
        ported: bool,
        judge: Judge = decide,
    ) -> None:
        super().__init__()
        self._judge = judge
        self._samples, self._with, self._ported = (
            shapes.samples,
            (target, vocabulary, policy),
            ported,
        )

    def __missing__(self, number: int) -> Decision:
        made = self[number] = self._judge(self._samples[number], *self._with, self._ported)
        return made
