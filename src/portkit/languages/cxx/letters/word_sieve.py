# SPDX-License-Identifier: Apache-2.0
"""Which words pass a test, over many files: each word is put to it once."""

from __future__ import annotations

from collections.abc import Callable, Set

_MANY = 500_000  # words that are remembered


class WordSieve:
    """The words that pass `test`, kept apart by sets, which cost less than a question each."""

    def __init__(self, test: Callable[[str], object]) -> None:
        """`test`: answers the same for a word each time."""
        self._test = test
        self._asked, self._passed = set[str](), set[str]()

    def of(self, words: Set[str]) -> set[str]:
        """Return those of some words that pass."""
        new = words - self._asked
        if new:
            if len(self._asked) > _MANY:
                self._asked, self._passed = set(), set()
                new = {*words}
            self._asked |= new
            self._passed.update(filter(self._test, new))
        return self._passed.intersection(words)
